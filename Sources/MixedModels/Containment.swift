import Numerics

/// Degrees of freedom of fixed effects by containment.
public struct ContainmentDegreesOfFreedom: Sendable, Equatable {
  /// One per column of X.
  public var coefficients: [Double]
  /// One per term of the formula, in the order in which terms first appear among the columns.
  public var terms: [Double]
}

/// How degrees of freedom are counted.
public enum ContainmentRule: String, Sendable, Codable {
  /// The intercept is estimated between groups, like any column that is constant within them, and
  /// a column with a random slope between the groups of its slope.
  case containment
  /// As nlme::lme: the intercept gets the largest count of all levels.
  case nlme
}

/// The containment rule: a coefficient has the degrees of freedom of the level at which its
/// column varies (Pinheiro & Bates 2000, Mixed-effects models in S and S-PLUS, section 2.4.2).
///
/// **Nested grouping factors.** Level i = 1…Q has mᵢ groups, level Q + 1 is the rows, m₀ = 0. A
/// column belongs to the innermost level at which it still varies: to level i + 1 if it varies
/// within a group of level i. Level i has mᵢ − mᵢ₋₁ − pᵢ degrees of freedom, pᵢ the number of its
/// columns. A constant column belongs to level 1 (and, by nlme's rule, is given the largest count
/// of all levels instead; without a constant column nlme adds 1 to every level but the first).
/// So 25 schools with an intercept and a treatment arm leave 23 to both, by nlme's rule 23 to the
/// arm and N − 25 − (level-1 columns) to the intercept.
///
/// **Random slopes** (`.containment` only). A column that lies, within every group of a factor, in
/// the span of one of the factor's random slopes (and of its random intercept) is estimated between
/// these groups: it has levels(f) less the number of such columns. As SAS's containment, which gives
/// it the rank that the slope's effects add. Every slope takes its levels(f) from the rows.
///
/// **Crossed grouping factors** (`.containment` only). A column that is constant within the levels of
/// some factors has the smallest of levels(f) − p(f) over these f, p(f) the number of columns
/// constant within f's levels; one that varies within the levels of every factor has
/// N − 1 − Σ(levels(f) − 1) − p, p the number of such columns.
///
/// Counts are not cut off: 0 or less says that nothing is left to estimate the variance by.
public enum Containment {
  /// - Parameters:
  ///   - fixed: n × p, linearly independent columns.
  ///   - terms: the term of each column, 0 for the intercept; one per column when nil. A term
  ///     belongs to the innermost level of its columns.
  ///   - groupings: the groups of each row for each grouping factor, in any order. Factors with
  ///     the same groups count once.
  ///   - slopes: the random-effects columns that are not constant.
  /// - Throws: `notNested` for `.nlme` with factors that are not nested.
  /// - Complexity: O(n · p · factors).
  public static func degreesOfFreedom(
    fixed: Matrix, terms: [Int]? = nil, groupings: [[Int32]], rule: ContainmentRule
  ) throws(MixedModelError) -> ContainmentDegreesOfFreedom {
    try degreesOfFreedom(
      fixed: fixed, terms: terms, factors: distinct(groupings), slopes: [], rule: rule)
  }

  /// - Parameter factors: distinct factors in any order.
  static func degreesOfFreedom(
    fixed: Matrix, terms: [Int]?, factors unordered: [Factor], slopes: [RandomSlope],
    rule: ContainmentRule
  ) throws(MixedModelError) -> ContainmentDegreesOfFreedom {
    precondition(terms == nil || terms!.count == fixed.columns)
    let factors = unordered.sorted { $0.levels < $1.levels }
    var columns = (0..<fixed.columns).map { Columns(fixed, [$0], factors) }
    let slopes = rule == .containment ? slopes : []
    for slope in slopes {
      let contained = columns.indices.filter {
        !columns[$0].isConstant && slope.contains(fixed, column: $0)
      }
      let own = Double(slope.levels - contained.count)
      for j in contained { columns[j].slope = min(columns[j].slope ?? own, own) }
    }
    let taken = slopes.reduce(0) { $0 + $1.levels }
    let assign = terms ?? Array(0..<fixed.columns)
    var order: [Int] = []
    for term in assign where !order.contains(term) { order.append(term) }
    let items = order.map { term in
      Columns(columns.indices.filter { assign[$0] == term }.map { columns[$0] })
    }
    guard areNested(factors) else {
      if rule == .nlme { throw .notNested }
      return ContainmentDegreesOfFreedom(
        coefficients: crossed(columns, factors, rows: fixed.rows - taken),
        terms: crossed(items, factors, rows: fixed.rows - taken))
    }
    return ContainmentDegreesOfFreedom(
      coefficients: nested(columns, factors, rows: fixed.rows - taken, rule: rule),
      terms: nested(items, factors, rows: fixed.rows - taken, rule: rule))
  }

  /// A grouping factor with levels numbered by first appearance.
  struct Factor {
    var levelOfRow: [Int32]
    var levels: Int
  }

  /// A column, or a term's columns together.
  private struct Columns {
    var count: Int
    var isConstant: Bool
    /// For each factor, whether the columns are constant within its levels.
    var constantWithin: [Bool]
    /// The degrees of freedom of the random slope that contains the columns.
    var slope: Double?

    init(_ fixed: Matrix, _ column: [Int], _ factors: [Factor]) {
      count = 1
      let values = fixed.storage[(column[0] * fixed.rows)..<((column[0] + 1) * fixed.rows)]
      let start = values.startIndex
      isConstant = values.allSatisfy { $0 == values.first! }
      constantWithin = factors.map { factor in
        var first = [Double?](repeating: nil, count: factor.levels)
        for (row, level) in factor.levelOfRow.enumerated() {
          let value = values[start + row]
          if let seen = first[Int(level)] {
            if seen != value { return false }
          } else {
            first[Int(level)] = value
          }
        }
        return true
      }
    }

    init(_ parts: [Columns]) {
      count = parts.count
      // nlme takes a term for an intercept only if none of its columns varies.
      isConstant = parts.allSatisfy(\.isConstant)
      constantWithin = parts[0].constantWithin.indices.map { factor in
        parts.allSatisfy { $0.constantWithin[factor] }
      }
      if parts.allSatisfy({ $0.slope != nil }) { slope = parts.compactMap(\.slope).min() }
    }
  }

  /// The factors without duplicates.
  private static func distinct(_ groupings: [[Int32]]) -> [Factor] {
    var factors: [Factor] = []
    for groups in groupings {
      var levelOf: [Int32: Int32] = [:]
      var levelOfRow: [Int32] = []
      levelOfRow.reserveCapacity(groups.count)
      for group in groups {
        if let level = levelOf[group] {
          levelOfRow.append(level)
        } else {
          levelOfRow.append(Int32(levelOf.count))
          levelOf[group] = Int32(levelOf.count)
        }
      }
      if !factors.contains(where: { $0.levelOfRow == levelOfRow }) {
        factors.append(Factor(levelOfRow: levelOfRow, levels: levelOf.count))
      }
    }
    return factors
  }

  /// Whether every factor's levels lie within single levels of the one before.
  private static func areNested(_ factors: [Factor]) -> Bool {
    zip(factors, factors.dropFirst()).allSatisfy { outer, inner in
      var outerOf = [Int32](repeating: -1, count: inner.levels)
      for (row, code) in inner.levelOfRow.enumerated() {
        let level = Int(code)
        if outerOf[level] < 0 { outerOf[level] = outer.levelOfRow[row] }
        if outerOf[level] != outer.levelOfRow[row] { return false }
      }
      return true
    }
  }

  private static func nested(
    _ items: [Columns], _ factors: [Factor], rows: Int, rule: ContainmentRule
  ) -> [Double] {
    var counts: [Double] = []
    var outer = 0
    for size in factors.map(\.levels) + [rows] {
      counts.append(Double(size - outer))
      outer = size
    }
    // Factors run from the outermost: the level after the last one that the item varies within.
    let levels = items.map { item in
      item.isConstant ? 0 : (item.constantWithin.lastIndex(of: false).map { $0 + 1 } ?? 0)
    }
    let hasIntercept = items.contains { $0.isConstant }
    if rule == .containment || items.contains(where: { !$0.isConstant }) {
      for (item, level) in zip(items, levels) where !item.isConstant && item.slope == nil {
        counts[level] -= Double(item.count)
      }
      if hasIntercept {
        counts[0] -= 1
      } else if rule == .nlme {
        for level in 1..<counts.count { counts[level] += 1 }
      }
    }
    return zip(items, levels).map { item, level in
      item.isConstant && rule == .nlme ? counts.max()! : item.slope ?? counts[level]
    }
  }

  private static func crossed(_ items: [Columns], _ factors: [Factor], rows: Int) -> [Double] {
    let within = factors.indices.map { factor in
      items.reduce(0) { $0 + ($1.constantWithin[factor] ? $1.count : 0) }
    }
    let varying = items.reduce(0) {
      $0 + ($1.constantWithin.contains(true) || $1.slope != nil ? 0 : $1.count)
    }
    let residual = rows - 1 - factors.reduce(0) { $0 + $1.levels - 1 } - varying
    return items.map { item in
      let counts = factors.indices.filter { item.constantWithin[$0] }.map {
        factors[$0].levels - within[$0]
      }
      return item.slope ?? Double(counts.min() ?? residual)
    }
  }
}
