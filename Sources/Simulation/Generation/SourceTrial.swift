import Tabular

/// A real trial as a population of clusters: its clusters are drawn with replacement, each with
/// all its rows.
public struct SourceTrial: Sendable, Equatable {
  /// Every column but cluster and arm; rows sorted by cluster.
  public let columns: [Column]
  /// Where each cluster's rows begin, and the number of rows.
  public let starts: [Int]
  /// Each cluster's arm, 0 or 1, if clusters are to be drawn from their own arm; nil if arms are
  /// randomised anew.
  public let arms: [Int]?
  /// The column that is the outcome when no variable is generated.
  public let outcome: String?
  /// Fingerprint of all of this.
  public let digest: String
  /// Rows left out because a cell was missing.
  let incompleteRows: Int

  public var clusterCount: Int { starts.count - 1 }

  func size(_ cluster: Int) -> Int { starts[cluster + 1] - starts[cluster] }

  /// The complete rows of `dataset`.
  ///
  /// - Parameters:
  ///   - dataset: with the columns that are wanted; any order of rows.
  ///   - path: the file, for messages.
  ///   - cluster: the column that tells clusters apart.
  ///   - arm: a numeric column of 0 and 1, constant within clusters, or nil.
  ///   - keepingArms: whether clusters are drawn from their own arm. If not, the arm is left out.
  /// - Throws: ``SimulationError``: a column isn't there or holds something else, fewer than two
  ///   clusters (in an arm, if they are drawn by arm) have complete rows.
  init(
    _ dataset: Dataset, path: String, cluster: String, arm: String?, keepingArms: Bool,
    outcome: String?
  ) throws(SimulationError) {
    for name in [cluster] + (arm.map { [$0] } ?? []) + (outcome.map { [$0] } ?? [])
    where dataset[name] == nil {
      throw .unknownColumn(
        name, source: path, nearest: nearestNames(to: name, in: dataset.names).first)
    }
    let complete = (0..<dataset.rowCount).filter { row in
      !dataset.columns.contains { $0.isMissing(row) }
    }
    incompleteRows = dataset.rowCount - complete.count
    guard let ids = ClusterIndex(dataset, column: cluster, rows: complete), ids.count >= 2 else {
      throw .sourceClusters(path: path, arm: nil)
    }
    let order = complete.indices.sorted { (ids.index[$0], $0) < (ids.index[$1], $1) }
    var starts = [0]
    for g in 0..<ids.count { starts.append(starts[g] + ids.sizes[g]) }
    self.starts = starts
    let rows = order.map { complete[$0] }
    columns = dataset.columns.filter { $0.name != cluster && $0.name != arm }.map {
      $0.selecting(rows)
    }
    arms =
      if keepingArms, let arm {
        try Self.arms(dataset, arm: arm, rows: rows, starts: starts, path: path)
      } else { nil }
    self.outcome = outcome
    var text = "\(starts) \(arms ?? []) \(outcome ?? "")\n"
    text += Dataset(columns: columns, rowCount: rows.count).digest(of: columns.map(\.name))
    digest = sha256(of: Array(text.utf8))
  }

  private static func arms(
    _ dataset: Dataset, arm: String, rows: [Int], starts: [Int], path: String
  ) throws(SimulationError) -> [Int] {
    guard case .numeric(let cells)? = dataset[arm]?.values else {
      throw .sourceArm(arm, path: path)
    }
    var arms: [Int] = []
    for g in 0..<(starts.count - 1) {
      let values = rows[starts[g]..<starts[g + 1]].map { cells[$0] }
      guard let first = values.first, first == 0 || first == 1,
        values.allSatisfy({ $0 == first })
      else { throw .sourceArm(arm, path: path) }
      arms.append(Int(first))
    }
    for side in 0...1 where arms.count(where: { $0 == side }) < 2 {
      throw .sourceClusters(path: path, arm: side)
    }
    return arms
  }
}

/// The clusters of some rows, numbered in order of first appearance.
struct ClusterIndex {
  /// One entry a row.
  var index: [Int] = []
  /// Number of rows of each cluster.
  var sizes: [Int] = []

  var count: Int { sizes.count }

  /// - Returns: nil if there is no such column or a cell of it is missing.
  init?(_ dataset: Dataset, column: String, rows: [Int]? = nil) {
    let rows = rows ?? Array(0..<dataset.rowCount)
    index.reserveCapacity(rows.count)
    switch dataset[column]?.values {
    case nil: return nil
    case .numeric(let cells):
      var positions: [Double: Int] = [:]
      var last = Double.nan
      var lastPosition = 0
      for row in rows {
        let cell = cells[row]
        if cell.isNaN { return nil }
        if cell != last {
          lastPosition = position(of: cell, in: &positions)
          last = cell
        }
        append(lastPosition)
      }
    case .text(let codes, _):
      var positions: [Int32: Int] = [:]
      for row in rows {
        if codes[row] < 0 { return nil }
        append(position(of: codes[row], in: &positions))
      }
    }
  }

  private mutating func position<Key: Hashable>(
    of key: Key, in positions: inout [Key: Int]
  ) -> Int {
    if let known = positions[key] { return known }
    positions[key] = sizes.count
    sizes.append(0)
    return sizes.count - 1
  }

  private mutating func append(_ position: Int) {
    index.append(position)
    sizes[position] += 1
  }
}

extension Column {
  /// The column with the cells of `rows` only, in that order.
  func selecting(_ rows: [Int]) -> Column {
    var result = self
    switch values {
    case .numeric(let cells): result.values = .numeric(rows.map { cells[$0] })
    case .text(let codes, let levels):
      result.values = .text(codes: rows.map { codes[$0] }, levels: levels)
    }
    return result
  }
}
