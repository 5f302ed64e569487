import Numerics
import Tabular

/// A variable of a formula, evaluated in every row of a data set.
enum FrameVariable: Sendable {
  /// NaN is missing.
  case numeric([Double])
  /// Positions in `labels`; −1 is missing.
  case factor(codes: [Int32], labels: [String])

  func isMissing(_ row: Int) -> Bool {
    switch self {
    case .numeric(let values): values[row].isNaN
    case .factor(let codes, _): codes[row] < 0
    }
  }

  /// The values in `rows`; levels that do not occur there are dropped, the others keep their
  /// order.
  func selecting(_ rows: [Int]) -> FrameVariable {
    switch self {
    case .numeric(let values): return .numeric(rows.map { values[$0] })
    case .factor(let codes, let labels):
      var used = [Bool](repeating: false, count: labels.count)
      for row in rows { used[Int(codes[row])] = true }
      var position = [Int32](repeating: -1, count: labels.count)
      var kept: [String] = []
      for (level, label) in labels.enumerated() where used[level] {
        position[level] = Int32(kept.count)
        kept.append(label)
      }
      return .factor(codes: rows.map { position[Int(codes[$0])] }, labels: kept)
    }
  }
}

/// Evaluates the variables of one formula on one data set.
struct VariableEvaluator {
  let formula: String
  let data: Dataset
  let encodings: [String: VariableEncoding]

  private func at(_ column: Int) -> FormulaPosition {
    FormulaPosition(formula: formula, column: column)
  }

  func column(_ name: String, at column: Int) throws(ModelFrameError) -> Column {
    if let found = data[name] { return found }
    throw .unknownVariable(
      name: name, nearest: nearestNames(to: name, in: data.names), at: at(column))
  }

  /// The variable's values: numeric, or a factor if it is text, declared so, or `factor( )`.
  func variable(_ expression: FormulaExpression) throws(ModelFrameError) -> FrameVariable {
    switch expression.kind {
    case .variable(let name):
      let column = try column(name, at: expression.column)
      if case .factor(let levels) = encodings[name] {
        return try factor(column, levels: levels)
      }
      if case .text = column.values, encodings[name] == nil {
        return try factor(column, levels: [])
      }
    case .parenthesis(let inner): return try variable(inner)
    case .call("factor", let argument):
      guard case .variable(let name) = argument.unwrapped.kind else {
        return factor(numbers: try numeric(argument))
      }
      var levels: [FactorLevel] = []
      if case .factor(let declared) = encodings[name] { levels = declared }
      return try factor(try column(name, at: argument.column), levels: levels)
    default: break
    }
    return .numeric(try numeric(expression))
  }

  /// The value of an arithmetic expression in every row; NaN where a variable is missing.
  ///
  /// - Throws: ``ModelFrameError/notFinite(expression:row:at:)`` where the value is infinite or
  ///   undefined although no variable is missing.
  func numeric(_ expression: FormulaExpression) throws(ModelFrameError) -> [Double] {
    let values = try evaluate(expression, within: expression)
    let sources = expression.variables
    for row in values.indices where !values[row].isFinite {
      var missing = false
      for (name, _) in sources where data[name]?.isMissing(row) == true { missing = true }
      if !missing {
        throw .notFinite(expression: expression.label, row: row + 1, at: at(expression.column))
      }
    }
    return values
  }

  private func evaluate(
    _ expression: FormulaExpression, within whole: FormulaExpression
  ) throws(ModelFrameError) -> [Double] {
    switch expression.kind {
    case .number(let value): return Array(repeating: value, count: data.rowCount)
    case .variable(let name):
      let column = try column(name, at: expression.column)
      if case .numeric(let values) = column.values {
        if case .factor = encodings[name] {} else { return values }
      }
      throw .notNumeric(variable: name, expression: whole.label, at: at(expression.column))
    case .parenthesis(let inner): return try evaluate(inner, within: whole)
    case .unary(let symbol, let operand):
      let values = try evaluate(operand, within: whole)
      return symbol == "-" ? values.map { -$0 } : values
    case .call(let name, let argument):
      if name == "factor" {
        throw .notNumeric(
          variable: expression.label, expression: whole.label, at: at(expression.column))
      }
      return Self.apply(name, to: try evaluate(argument, within: whole))
    case .binary(let symbol, let left, let right):
      let a = try evaluate(left, within: whole)
      let b = try evaluate(right, within: whole)
      return Self.combine(symbol, a, b)
    }
  }

  private static func apply(_ name: String, to values: [Double]) -> [Double] {
    switch name {
    case "abs": values.map { abs($0) }
    case "exp": values.map { Elementary.exp($0) }
    case "log": values.map { Elementary.log($0) }
    case "log10": values.map { Elementary.log($0) / Elementary.log(10) }
    case "log1p": values.map { Elementary.log1p($0) }
    case "log2": values.map { Elementary.log($0) / Elementary.log(2) }
    case "sqrt": values.map { $0.squareRoot() }
    default: values  // I( )
    }
  }

  private static func combine(_ symbol: String, _ a: [Double], _ b: [Double]) -> [Double] {
    switch symbol {
    case "+": zip(a, b).map { $0 + $1 }
    case "-": zip(a, b).map { $0 - $1 }
    case "*": zip(a, b).map { $0 * $1 }
    case "/": zip(a, b).map { $0 / $1 }
    default: zip(a, b).map { power($0, $1) }
    }
  }

  /// xʸ; by repeated squaring for whole y, so that x^2 is x·x to the last bit.
  /// Missing where x is, even for y = 0.
  static func power(_ x: Double, _ y: Double) -> Double {
    guard !x.isNaN, !y.isNaN else { return .nan }
    guard y == y.rounded(), abs(y) <= 1024 else {
      return x == 0 ? (y > 0 ? 0 : .infinity) : Elementary.exp(y * Elementary.log(x))
    }
    var result = 1.0
    var square = x
    var exponent = Int(abs(y))
    while exponent > 0 {
      if exponent & 1 == 1 { result *= square }
      square *= square
      exponent >>= 1
    }
    return y < 0 ? 1 / result : result
  }
}

// MARK: - Factors

extension VariableEvaluator {
  private func factor(numbers: [Double]) -> FrameVariable {
    let levels = Set(numbers.filter { !$0.isNaN }).sorted()
    var position: [Double: Int32] = [:]
    for (i, level) in levels.enumerated() { position[level] = Int32(i) }
    return .factor(
      codes: numbers.map { position[$0] ?? -1 }, labels: levels.map(RText.number))
  }

  /// The column as a factor with the given levels, or with its own when there are none.
  private func factor(
    _ column: Column, levels: [FactorLevel]
  ) throws(ModelFrameError) -> FrameVariable {
    var declared: [FactorLevel.Value: Int32] = [:]
    for (i, level) in levels.enumerated() { declared[level.value] = Int32(i) }
    let codes: [Int32]
    switch column.values {
    case .numeric(let values):
      if levels.isEmpty { return factor(numbers: values) }
      codes = values.map { $0.isNaN ? -1 : declared[.number($0)] ?? -2 }
    case .text(let own, let texts):
      if levels.isEmpty {
        let order = texts.indices.sorted {
          texts[$0].unicodeScalars.lexicographicallyPrecedes(texts[$1].unicodeScalars)
        }
        var rank = [Int32](repeating: 0, count: texts.count)
        for (position, level) in order.enumerated() { rank[level] = Int32(position) }
        return .factor(
          codes: own.map { $0 < 0 ? -1 : rank[Int($0)] }, labels: order.map { texts[$0] })
      }
      let translated = texts.map { declared[.text($0)] ?? -2 }
      codes = own.map { $0 < 0 ? -1 : translated[Int($0)] }
    }
    if let row = codes.firstIndex(of: -2) {
      throw .undeclaredLevel(variable: column.name, row: row + 1)
    }
    return .factor(codes: codes, labels: levels.map(\.label))
  }

  /// Groups: the combinations of the variables' values that occur, labelled `a:b`.
  ///
  /// Numbered by first appearance, so that renaming the groups changes no bit of any result.
  func groups(_ grouping: [FormulaExpression]) throws(ModelFrameError) -> FrameVariable {
    var result = try singleGroup(grouping[0])
    for expression in grouping.dropFirst() {
      let next = try singleGroup(expression)
      result = Self.crossing(result, next)
    }
    return .factor(codes: result.codes, labels: result.labels)
  }

  private func singleGroup(
    _ expression: FormulaExpression
  ) throws(ModelFrameError) -> (codes: [Int32], labels: [String]) {
    guard case .variable(let name) = expression.kind else { return ([], []) }
    let column = try column(name, at: expression.column)
    var levels: [FactorLevel] = []
    if case .factor(let declared) = encodings[name] { levels = declared }
    guard case .factor(let codes, let labels) = try factor(column, levels: levels) else {
      return ([], [])
    }
    return (codes, labels)
  }

  private static func crossing(
    _ a: (codes: [Int32], labels: [String]), _ b: (codes: [Int32], labels: [String])
  ) -> (codes: [Int32], labels: [String]) {
    var position: [Int64: Int32] = [:]
    var labels: [String] = []
    var codes = [Int32](repeating: -1, count: a.codes.count)
    for row in codes.indices where a.codes[row] >= 0 && b.codes[row] >= 0 {
      let key = Int64(a.codes[row]) << 32 | Int64(b.codes[row])
      if let found = position[key] {
        codes[row] = found
      } else {
        codes[row] = Int32(labels.count)
        position[key] = codes[row]
        labels.append("\(a.labels[Int(a.codes[row])]):\(b.labels[Int(b.codes[row])])")
      }
    }
    return (codes, labels)
  }
}
