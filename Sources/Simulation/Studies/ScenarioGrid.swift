import Study
import Yams

/// The combinations of the factors' values that a study computes.
struct ScenarioGrid {
  struct Cell {
    /// Factors in the order of the file with the node of their value.
    var settings: [(factor: Located<String>, value: Node)]
  }

  /// More scenarios than this are a mistake.
  static let most = 100_000

  /// The crossed factors, the last varying fastest, without what the filters leave out.
  ///
  /// A scenario stays if it meets any condition of `only` (or there is none) and no condition of
  /// `except`; a condition is met by scenarios that have, of every factor it names, one of the
  /// values it lists.
  static func cells(_ file: SimulationFile, problems: ProblemList) -> [Cell] {
    for condition in file.only + file.except { check(condition, file, problems: problems) }
    var count = 1
    for factor in file.factors {
      count = count.multipliedReportingOverflow(by: factor.values.count).partialValue
      guard count <= most else {
        problems.add(
          .other("the factors make more than \(most) scenarios; give fewer values"),
          at: file.scenariosPosition)
        return []
      }
    }
    var cells = [Cell(settings: [])]
    for factor in file.factors {
      cells = cells.flatMap { cell in
        factor.values.map { Cell(settings: cell.settings + [(factor.name, $0)]) }
      }
    }
    let kept = cells.filter { cell in
      (file.only.isEmpty || file.only.contains { meets(cell, $0) })
        && !file.except.contains { meets(cell, $0) }
    }
    if kept.isEmpty, problems.problems.isEmpty {
      problems.add(
        .other("the filters leave no scenario: 'only' and 'except' rule out all \(cells.count)"),
        at: (file.only + file.except).first?.position ?? file.scenariosPosition)
    }
    return kept
  }

  private static func meets(_ cell: Cell, _ condition: SimulationFile.Condition) -> Bool {
    condition.parts.allSatisfy { part in
      guard let value = cell.settings.first(where: { $0.factor.value == part.factor.value })?.value
      else { return false }
      return part.values.contains { $0.canonical == value.canonical }
    }
  }

  /// A condition's value that its factor does not take is a mistake.
  private static func check(
    _ condition: SimulationFile.Condition, _ file: SimulationFile, problems: ProblemList
  ) {
    for (name, values) in condition.parts {
      guard let factor = file.factors.first(where: { $0.name.value == name.value }) else {
        continue
      }
      let taken = factor.values.map(\.canonical)
      for value in values where !taken.contains(value.canonical) {
        problems.add(
          .notOneOf(
            key: "scenarios.\(name.value)", found: value.canonical, allowed: taken,
            nearest: nearestName(to: value.canonical, in: taken)), at: value.position)
      }
    }
  }
}

extension Node {
  /// The node on one line, numbers as short as can be: equal for what means the same.
  var canonical: String {
    switch self {
    case .scalar(let scalar):
      guard scalar.style == .plain, let number = Double(scalar.string) else {
        return scalar.string
      }
      let text = "\(number)"
      return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    case .sequence(let sequence):
      return "[" + sequence.map(\.canonical).joined(separator: ", ") + "]"
    case .mapping(let mapping):
      return "{"
        + mapping.map { "\($0.key.canonical): \($0.value.canonical)" }
        .joined(separator: ", ") + "}"
    case .alias: return "alias"
    }
  }

  /// ``canonical`` as a label: without the braces of a mapping.
  var label: String {
    let text = canonical
    return text.hasPrefix("{") ? String(text.dropFirst().dropLast()) : text
  }
}
