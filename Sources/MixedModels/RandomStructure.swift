import Numerics

/// A set of groups shared by one or more random-effects terms.
struct GroupingFactor {
  /// The name, from the first term that uses it.
  var name: String
  /// The level of each row. Levels are numbered by first appearance, so that a fit does not
  /// depend, to the last bit, on how the groups are labelled.
  var levelOfRow: [Int32]
  /// Number of levels that have rows.
  var levels: Int
  /// Columns per level, over all its terms.
  var width = 0
  /// Indices of its terms.
  var terms: [Int] = []
}

/// A term's place in the model and its working scale.
///
/// Effects are estimated for scaled columns: a correlated term with a constant column has its
/// other columns centred, and all columns have root mean square 1. With b the effects of the raw
/// columns and b* those of the working ones, b = T b*.
struct ScaledTerm {
  var factor: Int
  /// First column within the factor's block.
  var offset: Int
  var width: Int
  var correlated: Bool
  /// Position of the constant column, if any.
  var constant: Int?
  /// Working column j = (raw column − `centre[j]`) · `scale[j]`.
  var centre: [Double]
  var scale: [Double]
  /// T, q × q.
  var transform: Matrix
  /// Row `order[i]` of Λ is row i of the triangle of parameters. The search puts effects that
  /// vary most first, so that a singular Λ has its zeros in the last columns: elsewhere a zero on
  /// the diagonal is a saddle point that holds a search.
  var order: [Int]
  /// For each group of the term, the factor's level, or −1 for a group without rows.
  var levelOfGroup: [Int32]

  /// Number of covariance parameters: the lower triangle, or the diagonal.
  var parameterCount: Int { correlated ? width * (width + 1) / 2 : width }

  /// (row, column) of each parameter in Λ, column by column, as lme4 orders θ.
  var parameterPositions: [(row: Int, column: Int)] {
    var positions: [(row: Int, column: Int)] = []
    for j in 0..<width {
      for i in j..<(correlated ? width : j + 1) { positions.append((i, j)) }
    }
    return positions
  }

  /// Λ on the working scale.
  func factor(_ parameters: ArraySlice<Double>) -> Matrix {
    var result = Matrix(rows: width, columns: width)
    for (position, value) in zip(parameterPositions, parameters) {
      result[order[position.row], position.column] = value
    }
    return result
  }

  /// Orders the effects by pivoted Cholesky factorisation of ΛΛᵀ and returns the parameters of
  /// the same ΛΛᵀ in that order.
  mutating func reorder(_ parameters: ArraySlice<Double>) -> [Double] {
    guard correlated, width > 1 else { return Array(parameters) }
    let lambda = factor(parameters)
    var rest = lambda * lambda.transposed
    order = Array(0..<width)
    for k in 0..<width {
      let largest = (k..<width).max { rest[order[$0], order[$0]] < rest[order[$1], order[$1]] }!
      order.swapAt(k, largest)
      let pivot = rest[order[k], order[k]]
      guard pivot > 0 else { break }
      let column = rest.column(order[k])
      for i in 0..<width {
        for j in 0..<width { rest[i, j] -= column[i] * column[j] / pivot }
      }
    }
    var permuted = Matrix(rows: width, columns: width)
    for i in 0..<width { for j in 0..<width { permuted[i, j] = lambda[order[i], j] } }
    let lower = permuted.lowerTriangular
    return parameterPositions.map { lower[$0.row, $0.column] }
  }
}

/// The random part: grouping factors and scaled terms.
struct RandomStructure {
  var factors: [GroupingFactor]
  var terms: [ScaledTerm]

  /// - Throws: what is wrong with the random part.
  /// - Complexity: O(n · total width²).
  init(_ data: MixedModelData) throws(MixedModelError) {
    factors = []
    terms = []
    let n = data.response.count
    for (index, term) in data.random.enumerated() {
      var (factor, levelOfGroup) = try Self.number(term)
      factor.terms = [index]
      var position = factors.firstIndex { $0.levelOfRow == factor.levelOfRow }
      if position == nil {
        factors.append(factor)
        position = factors.count - 1
      } else {
        factors[position!].terms.append(index)
      }
      let width = term.design.columns
      // Uncorrelated effects are terms of their own, (x || g) = (1 | g) + (0 + x | g).
      let effects = factor.levels * (term.correlated ? width : 1)
      guard effects < n else {
        throw .tooManyRandomEffects(term: term.displayName, effects: effects, rows: n)
      }
      try Self.checkRank(term)
      terms.append(
        Self.scale(
          term, factor: position!, offset: factors[position!].width, levelOfGroup: levelOfGroup))
      factors[position!].width += width
    }
    for factor in factors { try Self.checkDistinct(factor.terms.map { data.random[$0] }) }
  }

  var parameterCount: Int { terms.reduce(0) { $0 + $1.parameterCount } }

  /// Where each term's parameters start.
  var parameterOffsets: [Int] {
    var offsets: [Int] = []
    var next = 0
    for term in terms {
      offsets.append(next)
      next += term.parameterCount
    }
    return offsets
  }

  private static func number(
    _ term: RandomEffectsTerm
  ) throws(MixedModelError) -> (GroupingFactor, levelOfGroup: [Int32]) {
    var levelOfGroup = [Int32](repeating: -1, count: term.groupLabels.count)
    var levelOfRow = [Int32](repeating: 0, count: term.groups.count)
    var levels: Int32 = 0
    for (row, group) in term.groups.enumerated() {
      guard group >= 0, Int(group) < levelOfGroup.count else {
        throw .groupOutOfRange(grouping: term.grouping, row: row + 1)
      }
      if levelOfGroup[Int(group)] < 0 {
        levelOfGroup[Int(group)] = levels
        levels += 1
      }
      levelOfRow[row] = levelOfGroup[Int(group)]
    }
    guard levels > 1 else { throw .oneGroup(grouping: term.grouping) }
    let factor = GroupingFactor(
      name: term.grouping, levelOfRow: levelOfRow, levels: Int(levels))
    return (factor, levelOfGroup)
  }

  private static func checkRank(_ term: RandomEffectsTerm) throws(MixedModelError) {
    for j in 0..<term.design.columns {
      let range = (j * term.design.rows)..<((j + 1) * term.design.rows)
      if !term.design.storage[range].contains(where: { $0 != 0 }) {
        throw .collinearRandomEffects(
          term: term.displayName, column: term.columnNames[j])
      }
    }
    guard term.correlated, term.design.columns > 1 else { return }
    let design = OrthonormalDesign(
      fixed: term.design, response: [Double](repeating: 0, count: term.design.rows))
    if let j = design.dropped.first {
      throw .collinearRandomEffects(term: term.displayName, column: term.columnNames[j])
    }
  }

  /// No column may be a multiple of a column of another term, or of its own uncorrelated term.
  private static func checkDistinct(_ terms: [RandomEffectsTerm]) throws(MixedModelError) {
    var columns: [(term: Int, values: [Double])] = []
    for (index, term) in terms.enumerated() {
      for j in 0..<term.design.columns {
        let values = term.design.column(j)
        for other in columns where other.term != index || !term.correlated {
          let pair = Matrix(
            rows: values.count, columns: 2, storage: other.values + values)
          let design = OrthonormalDesign(
            fixed: pair, response: [Double](repeating: 0, count: values.count))
          if !design.dropped.isEmpty {
            throw .duplicateRandomEffects(term: term.displayName, column: term.columnNames[j])
          }
        }
        if terms.count > 1 || !term.correlated { columns.append((index, values)) }
      }
    }
  }

  private static func scale(
    _ term: RandomEffectsTerm, factor: Int, offset: Int, levelOfGroup: [Int32]
  ) -> ScaledTerm {
    let n = term.design.rows
    let width = term.design.columns
    var centre = [Double](repeating: 0, count: width)
    var scale = [Double](repeating: 1, count: width)
    var constant: Int?
    for j in 0..<width where constant == nil {
      let column = term.design.storage[(j * n)..<((j + 1) * n)]
      if column.allSatisfy({ $0 == column.first! }) { constant = j }
    }
    for j in 0..<width {
      var column = term.design.column(j)
      if let constant, term.correlated, j != constant {
        var mean = 0.0
        for value in column { mean += value / Double(n) }
        centre[j] = mean
        for i in 0..<n { column[i] -= mean }
      }
      scale[j] =
        j == constant
        ? 1 / column[0] : Double(n).squareRoot() / OrthonormalDesign.norm(column)
    }
    var transform = Matrix(rows: width, columns: width)
    for j in 0..<width {
      transform[j, j] = scale[j]
      if let constant, j != constant {
        transform[constant, j] = -centre[j] * scale[j] * scale[constant]
      }
    }
    return ScaledTerm(
      factor: factor, offset: offset, width: width, correlated: term.correlated,
      constant: constant, centre: centre, scale: scale, transform: transform,
      order: Array(0..<width), levelOfGroup: levelOfGroup)
  }
}

extension RandomEffectsTerm {
  /// The term as a formula writes it: `(1 + x | school)`.
  var displayName: String {
    let columns = columnNames.map { $0 == "(Intercept)" ? "1" : $0 }
    let lead = columnNames.contains("(Intercept)") ? columns : ["0"] + columns
    return "(\(lead.joined(separator: " + ")) \(correlated ? "|" : "||") \(grouping))"
  }
}
