import Numerics

/// Chains with known behaviour, the same in every run of the tests.
struct ConvergenceChains {
  private var stream: RandomStream

  init(_ number: UInt32) {
    stream = RandomStream(StreamAddress(seed: 20_261_122, task: number, iteration: 0, target: 0))
  }

  mutating func normal() -> Double { stream.standardNormal() }

  /// Stationary chains with autocorrelation ρ^t and standard normal values, begun at `start`, or
  /// at a draw of the stationary distribution.
  mutating func autoregressive(
    chains: Int, iterations: Int, correlation: Double, start: Double? = nil
  ) -> [[Double]] {
    (0..<chains).map { _ in
      var value = start ?? stream.standardNormal()
      return (0..<iterations).map { _ in
        value =
          correlation * value + (1 - correlation * correlation).squareRoot()
          * stream.standardNormal()
        return value
      }
    }
  }

  mutating func independent(chains: Int, iterations: Int) -> [[Double]] {
    autoregressive(chains: chains, iterations: iterations, correlation: 0)
  }
}
