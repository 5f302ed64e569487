import Analyses
import ArgumentParser
import MixedModels

extension DegreesOfFreedomRule: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
  public var defaultValueDescription: String { description }
}

extension Estimation: ExpressibleByArgument {
  public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
  public var defaultValueDescription: String { rawValue }
  public static var allValueStrings: [String] { [Estimation.reml, .ml].map(\.rawValue) }
}
