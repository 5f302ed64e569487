import Numerics

/// How many rows each cluster of a generated trial has.
public enum ClusterSizeDesign: Sendable, Equatable {
  case fixed(Int)
  /// Each drawn by itself, by ``ClusterSizes``.
  case varying(ClusterSizes)
  /// Exactly these, one for each cluster, in random order.
  case listed([Int])
  /// Drawn from these with replacement.
  case sampled([Int])
  /// Those of the source trial's clusters.
  case source

  /// Sizes of `clusters` clusters.
  ///
  /// - Precondition: not ``source``; a list has as many entries as there are clusters.
  func draw(clusters: Int, using random: inout RandomStream) -> [Int] {
    switch self {
    case .fixed(let size): return [Int](repeating: size, count: clusters)
    case .varying(let sizes): return sizes.draw(clusters: clusters, using: &random)
    case .listed(let sizes):
      precondition(sizes.count == clusters)
      var order = sizes
      order.shuffle(by: &random)
      return order
    case .sampled(let sizes):
      return (0..<clusters).map { _ in sizes[random.index(below: sizes.count)] }
    case .source: preconditionFailure("sizes come from the source's clusters")
    }
  }
}

extension Array {
  /// Puts the elements in random order (Fisher–Yates; the standard library's shuffle may change
  /// its use of the generator).
  mutating func shuffle(by random: inout RandomStream) {
    for i in stride(from: count - 1, to: 0, by: -1) { swapAt(i, random.index(below: i + 1)) }
  }
}
