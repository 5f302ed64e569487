import Numerics

/// A random-effects column that is not constant, with its grouping factor.
struct RandomSlope {
  var levelOfRow: [Int32]
  var levels: Int
  /// The raw column.
  var column: [Double]
  /// Whether the factor has a random intercept too.
  var hasIntercept: Bool

  /// Every such column of the model.
  static func all(_ data: MixedModelData, structure: RandomStructure) -> [RandomSlope] {
    let constant = structure.factors.map { factor in
      factor.terms.contains { structure.terms[$0].constant != nil }
    }
    return structure.terms.enumerated().flatMap { index, term in
      (0..<term.width).filter { $0 != term.constant }.map { j in
        RandomSlope(
          levelOfRow: structure.factors[term.factor].levelOfRow,
          levels: structure.factors[term.factor].levels,
          column: data.random[index].design.column(j), hasIntercept: constant[term.factor])
      }
    }
  }

  /// Whether a column of X lies, within every level, in the span of this one and, with a random
  /// intercept, of a constant, and does not vary between levels alone.
  func contains(_ fixed: Matrix, column index: Int) -> Bool {
    let other = fixed.column(index)
    var sizes = [Double](repeating: 0, count: levels)
    var means = [(z: Double, x: Double)](repeating: (0, 0), count: levels)
    if hasIntercept {
      for row in other.indices {
        let level = Int(levelOfRow[row])
        sizes[level] += 1
        means[level].z += column[row]
        means[level].x += other[row]
      }
      for level in 0..<levels where sizes[level] > 0 {
        means[level] = (means[level].z / sizes[level], means[level].x / sizes[level])
      }
    }
    var squares = [(zz: Double, zx: Double, xx: Double, size: Double)](
      repeating: (0, 0, 0, 0), count: levels)
    for row in other.indices {
      let level = Int(levelOfRow[row])
      let z = column[row] - means[level].z
      let x = other[row] - means[level].x
      squares[level].zz += z * z
      squares[level].zx += z * x
      squares[level].xx += x * x
      squares[level].size += other[row] * other[row]
    }
    // Rounding leaves of a combination 1e-16 of the column; 1e-9 is none that data have.
    let total = squares.reduce(0) { $0 + $1.size }
    let varies = squares.contains { $0.xx > 1e-18 * total }
    return varies
      && squares.allSatisfy {
        let explained = $0.zz > 0 ? $0.zx * $0.zx / $0.zz : 0
        return $0.xx - explained <= 1e-18 * total + 1e-12 * $0.xx
      }
  }
}

/// A column of X that is constant within the groups of a factor but for a few rows: most often a
/// mistake in the data, which moves the column from the groups to the rows.
public struct NearlyGroupLevelColumn: Sendable, Equatable, Codable {
  public var column: String
  /// The grouping factor.
  public var grouping: String
  /// Rows that have another value than most of their group.
  public var rows: Int

  public init(column: String, grouping: String, rows: Int) {
    self.column = column
    self.grouping = grouping
    self.rows = rows
  }

  /// The largest share of rows that counts as few: of those in groups with another row, since a
  /// row by itself has what its group has whatever the column is.
  static let fewRows = 0.05

  /// All of a model's. Most of what differs must differ between groups: a rare exposure, 0 in most
  /// rows of nearly every group, belongs to the rows.
  ///
  /// - Complexity: O(n · columns · factors).
  static func all(
    _ data: MixedModelData, kept: [Int], structure: RandomStructure
  ) -> [NearlyGroupLevelColumn] {
    structure.factors.flatMap { factor in
      kept.compactMap { j in
        rowsThatDiffer(data.fixed, column: j, factor: factor).map {
          NearlyGroupLevelColumn(column: data.fixedNames[j], grouping: factor.name, rows: $0)
        }
      }
    }
  }

  private static func rowsThatDiffer(
    _ fixed: Matrix, column: Int, factor: GroupingFactor
  ) -> Int? {
    let n = fixed.rows
    let values = fixed.storage[(column * n)..<((column + 1) * n)]
    let start = values.startIndex
    // The value of more than half of a group's rows, if there is one (Boyer & Moore 1981).
    var most = [Double](repeating: 0, count: factor.levels)
    var votes = [Int](repeating: 0, count: factor.levels)
    var sizes = [Int](repeating: 0, count: factor.levels)
    for row in 0..<n {
      let level = Int(factor.levelOfRow[row])
      sizes[level] += 1
      if votes[level] == 0 {
        most[level] = values[start + row]
        votes[level] = 1
      } else {
        votes[level] += most[level] == values[start + row] ? 1 : -1
      }
    }
    let together = sizes.reduce(0) { $0 + ($1 > 1 ? $1 : 0) }
    let limit = Int(fewRows * Double(together))
    var differ = 0
    // The same for all groups together, of whose values one may be the commonest.
    var (overall, overallVotes) = (0.0, 0)
    for row in 0..<n {
      let level = Int(factor.levelOfRow[row])
      guard sizes[level] > 1 else { continue }
      let value = values[start + row]
      if value != most[level] {
        differ += 1
        if differ > limit { return nil }
      }
      if overallVotes == 0 { overall = value }
      overallVotes += value == overall ? 1 : -1
    }
    guard differ > 0 else { return nil }
    let differInAll = (0..<n).count {
      sizes[Int(factor.levelOfRow[$0])] > 1 && values[start + $0] != overall
    }
    return 2 * differ <= differInAll ? differ : nil
  }
}
