import MixedModels
import Numerics

/// What keeps a method from imputing; the chain then fails and says so.
public protocol MethodFailure: Error, Sendable, CustomStringConvertible {
  /// What helps, if something does: "give it fewer predictors".
  var remedy: String? { get }
}

extension MethodFailure {
  public var remedy: String? { nil }
}

/// The failure of a method that has none.
public enum NeverFails: MethodFailure {
  public var description: String { switch self {} }
}

/// What a method remembers from one iteration to the next.
public protocol SamplerState: Codable, Sendable {
  /// As numbers, for the log of a chain that is looked into.
  var figures: [Double] { get }
}

/// The state of a method that starts anew in every iteration.
public struct NoState: SamplerState {
  public var figures: [Double] { [] }
}

/// A model that imputes one target: given the target's view of the data and a random stream, the
/// imputed values.
///
/// A new method is one file in `Methods/`, its test, and one line in ``MethodRegistry/standard``.
public protocol ImputationMethod: Sendable {
  associatedtype State: SamplerState = NoState
  associatedtype Failure: MethodFailure = TwoLevelError

  static var description: MethodDescription { get }

  /// - Parameter options: with every option of the description.
  init(options: MethodOptions)

  /// Draws values for the missing units of `target`.
  ///
  /// All randomness comes from `stream`; nothing but `target`, `state` and `stream` decides the
  /// values.
  ///
  /// - Parameters:
  ///   - target: the data; traces, remarks and donors go to its ``TargetView/log``.
  ///   - state: what the method left there in the iteration before; nil in the first.
  /// - Returns: one value per missing unit, ``TargetView/missingCount`` of them, in their order: a
  ///   number, or for a variable with levels one of its levels as ``TargetView/observed`` has them.
  func impute(
    _ target: inout TargetView, state: inout State?, using stream: inout RandomStream
  ) throws(Failure) -> [Double]
}

extension ImputationMethod {
  public static var name: String { description.name }
}

/// Methods by name.
public struct MethodRegistry: Sendable {
  let types: [any ImputationMethod.Type]

  /// Every method of the program.
  public static let standard = MethodRegistry([
    TwoLevelPMM.self,
    TwoLevelContinuous.self,
    PredictiveMeanMatching.self,
    BayesianNormal.self,
    RandomSample.self,
    MeanImputation.self,
  ])

  public init(_ types: [any ImputationMethod.Type]) { self.types = types }

  /// These methods and others.
  public func adding(_ more: any ImputationMethod.Type...) -> MethodRegistry {
    MethodRegistry(types + more)
  }

  public var all: [MethodDescription] { types.map { $0.description } }

  func type(named name: String) -> (any ImputationMethod.Type)? {
    types.first { $0.description.name == name }
  }

  /// Descriptions of the program's methods.
  public static var all: [MethodDescription] { standard.all }
  public static var names: [String] { all.map(\.name) }

  public static func method(named name: String) -> MethodDescription? {
    all.first { $0.name == name }
  }

  /// Every option of the program's methods once, in order of first appearance; of options with words
  /// those of all methods.
  public static let options: [MethodOption] = {
    var result: [MethodOption] = []
    for option in all.flatMap(\.options) {
      guard let place = result.firstIndex(where: { $0.key == option.key }) else {
        result.append(option)
        continue
      }
      if case .word(let known) = result[place].form, case .word(let words) = option.form {
        result[place].form = .word(known + words.filter { !known.contains($0) })
      }
    }
    return result
  }()
}
