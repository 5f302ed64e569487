import Foundation
import Imputation
import Study
import Tabular

/// A variable of the study, ready to be counted and drawn.
package struct StudyVariable: Sendable {
  /// Distinct values up to which a variable is shown value by value.
  static let mostValues = 24
  let name: String
  /// As axes call it.
  let label: String
  /// A number for each row: the value, or of text the position in `levels`; NaN is missing.
  private(set) var cells: [Double]
  /// The distinct values in order with what they are called; nil: continuous.
  let levels: [(value: Double, label: String)]?
  /// Text with too many levels to be drawn.
  let isUnordered: Bool

  /// Whether means make sense: numbers that are not codes of categories.
  var isNumber: Bool

  var isDiscrete: Bool { levels != nil }

  /// - Parameters:
  ///   - levelOrder: of a text column, positions among its levels in their order.
  package init(_ column: Column, label: String, levelOrder: [Double] = []) {
    name = column.name
    self.label = label
    switch column.values {
    case .numeric(let numbers):
      cells = numbers
      isUnordered = false
      isNumber = true
      var seen = Set<Double>()
      for number in numbers where !number.isNaN {
        seen.insert(number)
        if seen.count > Self.mostValues { break }
      }
      guard seen.count <= Self.mostValues else {
        levels = nil
        return
      }
      levels = seen.sorted().map { value in
        let own = column.valueLabels.first { $0.value == value }?.label
        let number = shortestDecimal(value)
        let text = own.flatMap { $0 == number ? nil : $0 }
        return (value, text.map { "\(number) \(figureLabel($0, most: 24))" } ?? number)
      }
    case .text(let codes, let names):
      cells = codes.map { $0 < 0 ? .nan : Double($0) }
      isNumber = false
      var used = [Bool](repeating: false, count: names.count)
      for code in codes where code >= 0 { used[Int(code)] = true }
      let ordered =
        levelOrder.isEmpty
        ? names.indices.map { $0 }
        : levelOrder.map { Int($0) }.filter { names.indices.contains($0) }
      let present = ordered.filter { used[$0] }
      isUnordered = present.count > Self.mostValues
      levels =
        isUnordered ? nil : present.map { (Double($0), figureLabel(names[$0], most: 24)) }
    }
  }

  /// The variable with other cells of the same levels, such as completed ones.
  package func with(cells: [Double]) -> StudyVariable {
    var result = self
    result.cells = cells
    return result
  }

  /// Counts of each level among `rows`, in the order of `levels`; nil: all rows.
  func counts(where isIn: (Int) -> Bool = { _ in true }) -> [Int] {
    guard let levels else { return [] }
    let positions = Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1.value, $0) })
    var counts = [Int](repeating: 0, count: levels.count)
    for (row, cell) in cells.enumerated() where !cell.isNaN && isIn(row) {
      if let position = positions[cell] { counts[position] += 1 }
    }
    return counts
  }
}

/// Rows in named groups.
package struct RowGrouping: Sendable {
  /// What makes the groups: its name, and what axes call it.
  let name: String
  let label: String
  package let names: [String]
  /// The group of each row; −1: none.
  package let codes: [Int32]

  /// The groups of a discrete variable's values, or the quarters of a continuous one; nil when
  /// there are more than `most`, or fewer than two.
  package init?(_ variable: StudyVariable, most: Int = FigureStyle.mostGroups) {
    name = figureLabel(variable.name, most: 24)
    label = variable.label
    if let levels = variable.levels, levels.count <= most {
      names = levels.map(\.label)
      let positions = Dictionary(
        uniqueKeysWithValues: levels.enumerated().map { ($1.value, Int32($0)) })
      codes = variable.cells.map { $0.isNaN ? -1 : positions[$0] ?? -1 }
    } else {
      guard !variable.isUnordered else { return nil }
      let sorted = variable.cells.filter { !$0.isNaN }.sorted()
      guard let first = sorted.first, let last = sorted.last else { return nil }
      var cuts: [Double] = []
      for p in [0.25, 0.5, 0.75] {
        let cut = ColumnSummary.quantile(ofSorted: sorted, p)
        if cut < last, cut >= first, cuts.last != cut { cuts.append(cut) }
      }
      let shown = cuts.map { FigureTable.shortened($0, digits: 4) }
      names = (0...cuts.count).map { index in
        if index == 0 { return shown.isEmpty ? "all" : "up to \(shown[0])" }
        return index == cuts.count
          ? "above \(shown[index - 1])" : "above \(shown[index - 1]) to \(shown[index])"
      }
      codes = variable.cells.map { cell in
        cell.isNaN ? -1 : Int32(cuts.firstIndex { cell <= $0 } ?? cuts.count)
      }
    }
    guard names.count > 1 else { return nil }
  }

  /// Every row in one group.
  init(all rowCount: Int) {
    name = ""
    label = ""
    names = ["all"]
    codes = [Int32](repeating: 0, count: rowCount)
  }
}

/// The clusters of a data set.
package struct ClusterIndex: Sendable {
  /// Clusters in order of first appearance.
  let names: [String]
  let codes: [Int32]
  let sizes: [Int]

  package init(_ column: Column) {
    var names: [String] = []
    var codes = [Int32](repeating: -1, count: column.count)
    var sizes: [Int] = []
    var known: [Double: Int32] = [:]
    let cells: [Double]
    var texts: [String] = []
    switch column.values {
    case .numeric(let numbers): cells = numbers
    case .text(let positions, let levels):
      cells = positions.map { $0 < 0 ? .nan : Double($0) }
      texts = levels
    }
    for (row, cell) in cells.enumerated() where !cell.isNaN {
      if let code = known[cell] {
        codes[row] = code
        sizes[Int(code)] += 1
      } else {
        codes[row] = Int32(names.count)
        known[cell] = Int32(names.count)
        let own = column.valueLabels.first { $0.value == cell }?.label
        names.append(texts.isEmpty ? own ?? shortestDecimal(cell) : texts[Int(cell)])
        sizes.append(1)
      }
    }
    self.names = names
    self.codes = codes
    self.sizes = sizes
  }

  var count: Int { names.count }

  /// For each row the mean of its cluster's finite `cells`; 0 where there is none.
  package func means(_ cells: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    var counts = sums
    for (row, cell) in cells.enumerated() where cell.isFinite && codes[row] >= 0 {
      sums[Int(codes[row])] += cell
      counts[Int(codes[row])] += 1
    }
    return codes.map { $0 >= 0 && counts[Int($0)] > 0 ? sums[Int($0)] / counts[Int($0)] : 0 }
  }

  /// The group of each cluster, where all its rows have the same; −1 otherwise.
  func groups(_ grouping: RowGrouping) -> [Int32] {
    var result = [Int32](repeating: -2, count: count)
    for (row, code) in codes.enumerated() where code >= 0 {
      let group = grouping.codes[row]
      if result[Int(code)] == -2 {
        result[Int(code)] = group
      } else if result[Int(code)] != group {
        result[Int(code)] = -1
      }
    }
    return result.map { max($0, -1) }
  }
}

/// The study's variables in the roles that they have in its report.
struct StudyVariables: Sendable {
  let variables: [StudyVariable]
  let arm: RowGrouping?
  let armName: String?
  let clusters: ClusterIndex?
  /// Names of the variables of the analyses, without clusters and arm.
  let analysed: [String]
  let targets: [String]

  init(_ loaded: LoadedStudy, label: (String) -> String) {
    let specification = loaded.study.imputation
    let cluster = specification.cluster
    let types = Dictionary(
      uniqueKeysWithValues: specification.variables.map { ($0.name, $0) })
    variables = loaded.dataset.columns.filter { $0.name != cluster }.map { column in
      let type = types[column.name]
      var variable = StudyVariable(
        column, label: label(column.name), levelOrder: type?.levels ?? [])
      if type?.type == .categorical { variable.isNumber = false }
      return variable
    }
    armName = loaded.resolved.arm
    let named = armName
    arm = variables.first { $0.name == named }.flatMap { RowGrouping($0) }
    clusters = cluster.flatMap { loaded.dataset[$0] }.map(ClusterIndex.init)
    var names: [String] = []
    for analysis in loaded.analyses {
      for name in analysis.specification.formula.variables
      where !names.contains(name) && name != cluster && name != named { names.append(name) }
    }
    analysed = names
    targets = loaded.plan.targetNames
  }

  subscript(name: String) -> StudyVariable? { variables.first { $0.name == name } }

  /// Variables in the order in which readers look for them: analysed, imputed, others; without the
  /// arm.
  var ordered: [StudyVariable] {
    let first = analysed + targets.filter { !analysed.contains($0) }
    return first.compactMap { self[$0] }
      + variables.filter { !first.contains($0.name) && $0.name != armName }
  }
}
