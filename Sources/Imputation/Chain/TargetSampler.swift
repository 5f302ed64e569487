import Foundation
import Numerics

/// A target's method with what it remembers.
protocol TargetSampler: Sendable {
  /// Draws the target's missing values.
  ///
  /// - Throws: the method's ``MethodFailure``.
  mutating func impute(
    _ target: inout TargetView, using stream: inout RandomStream
  ) throws -> [Double]
  /// What is remembered, to be kept; empty for nothing.
  var state: [UInt8] { get }
  /// The same as numbers, for people.
  var figures: [Double] { get }
  /// - Throws: when `state` is not what this method has written.
  mutating func restore(_ state: [UInt8]) throws
}

private struct MethodSampler<Method: ImputationMethod>: TargetSampler {
  let method: Method
  var remembered: Method.State?

  mutating func impute(
    _ target: inout TargetView, using stream: inout RandomStream
  ) throws -> [Double] {
    try method.impute(&target, state: &remembered, using: &stream)
  }

  var figures: [Double] { remembered?.figures ?? [] }

  var state: [UInt8] {
    guard let remembered else { return [] }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Inf", negativeInfinity: "-Inf", nan: "NaN")
    // A method's state is plain values; one that can't be encoded is begun anew.
    return (try? encoder.encode(remembered)).map { [UInt8]($0) } ?? []
  }

  mutating func restore(_ state: [UInt8]) throws {
    guard !state.isEmpty else {
      remembered = nil
      return
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Inf", negativeInfinity: "-Inf", nan: "NaN")
    remembered = try decoder.decode(Method.State.self, from: Data(state))
  }
}

extension ImputationMethod {
  /// This method at the start of a chain.
  var sampler: any TargetSampler { MethodSampler(method: self, remembered: nil) }
}
