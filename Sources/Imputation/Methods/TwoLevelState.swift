/// What a Markov step of a two-level model goes on from.
public struct TwoLevelState: SamplerState, Equatable {
  /// Λ, lower triangular, packed by rows, q (q + 1) / 2.
  public var lambda: [Double]
  public var figures: [Double] { lambda }
}
