import Yams

/// Collects the problems of one file while it is read.
package final class ProblemList {
  package private(set) var problems: [StudyProblem] = []
  /// Keys whose first letter `KeyMask` replaced: that letter, and where the key stands.
  var maskedKeys: [Unicode.Scalar: (letter: Unicode.Scalar, position: SourcePosition)] = [:]

  package init() {}

  package func add(_ reason: StudyProblem.Reason, at position: SourcePosition?) {
    add(StudyProblem(reason, at: position))
  }

  package func add(_ problem: StudyProblem) {
    if !problems.contains(problem) { problems.append(problem) }
  }
}

extension Node {
  package var position: SourcePosition {
    mark.map { SourcePosition(line: $0.line, column: $0.column) }
      ?? SourcePosition(line: 1, column: 1)
  }

  /// Whether there is no value: `key:` with nothing behind it, `~` or `null`.
  package var isNothing: Bool {
    guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  /// What the node is, for messages.
  package var kind: String {
    switch self {
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .alias: "an alias"
    case .scalar(let scalar):
      if isNothing {
        "empty"
      } else if scalar.style == .plain {
        Double(scalar.string) != nil
          ? "the number \(scalar.string.shown())" : "'\(scalar.string.shown())'"
      } else if scalar.string.isEmpty {
        "an empty text"
      } else {
        "the text \"\(scalar.string.shown())\""
      }
    }
  }
}

/// Reads one mapping of the file by keys, with its place in the tree for messages.
package struct MappingReader {
  /// The key as messages show it, such as `impute.m`; empty at the top.
  package let path: String
  package let position: SourcePosition
  package let entries: [(key: Located<String>, node: Node)]
  package let problems: ProblemList
  /// Keys that unknown ones probably stand for; they needn't be reported as missing as well.
  private(set) var misspelt: Set<String> = []

  /// - Parameters:
  ///   - allowed: the keys that there are; nil if the keys are names of the user's choice.
  /// - Returns: nil, with the problem recorded, if the node is no mapping.
  package init?(
    _ node: Node, path: String, allowed: [String]?, emptyAllowed: Bool = false,
    problems: ProblemList
  ) {
    self.path = path
    self.problems = problems
    position = node.position
    if emptyAllowed, node.isNothing {
      entries = []
      return
    }
    guard case .mapping(let mapping) = node else {
      let name = path.isEmpty ? "the study file" : path
      // A scalar at the root is the whole file, of whatever kind it is.
      let isWholeFile = if case .scalar = node { path.isEmpty } else { false }
      problems.add(
        .wrongType(
          key: name, expected: "a mapping ('key: value')",
          found: isWholeFile ? "plain text" : node.kind),
        at: node.position)
      return nil
    }
    entries = Self.entries(of: mapping, path: path, problems: problems)
    guard let allowed else { return }
    for (key, _) in entries where !allowed.contains(key.value) {
      let nearest = nearestName(to: key.value, in: allowed)
      if let nearest { misspelt.insert(nearest) }
      problems.add(
        .unknownKey(key.value, section: path, nearest: nearest, allowed: allowed),
        at: key.position)
    }
  }

  private static func entries(
    of mapping: Node.Mapping, path: String, problems: ProblemList
  ) -> [(key: Located<String>, node: Node)] {
    var entries: [(key: Located<String>, node: Node)] = []
    var masked: [(key: String, position: SourcePosition)] = []
    for (keyNode, value) in mapping {
      guard case .scalar(let scalar) = keyNode, !scalar.string.isEmpty else {
        problems.add(
          .wrongType(
            key: path.isEmpty ? "a key" : "a key of \(path)", expected: "a name",
            found: keyNode.kind),
          at: keyNode.position)
        continue
      }
      var scalars = Array(scalar.string.unicodeScalars)
      if let first = scalars.first, let mask = problems.maskedKeys[first] {
        scalars[0] = mask.letter
        var name = String.UnicodeScalarView()
        name.append(contentsOf: scalars)
        masked.append((String(name), mask.position))
        continue
      }
      entries.append((Located(scalar.string, at: keyNode.position), value))
    }
    reportDuplicates(masked, entries: entries, problems: problems)
    return entries
  }

  /// Reports every place of a key but the first.
  private static func reportDuplicates(
    _ masked: [(key: String, position: SourcePosition)],
    entries: [(key: Located<String>, node: Node)], problems: ProblemList
  ) {
    let all = masked + entries.map { ($0.key.value, $0.key.position) }
    var firstLines: [String: Int] = [:]
    for (key, place) in all.sorted(by: { $0.position < $1.position }) {
      if let line = firstLines[key] {
        problems.add(.duplicateKey(key, firstLine: line), at: place)
      } else {
        firstLines[key] = place.line
      }
    }
  }

  /// Whether `key` is neither there nor probably meant by another one.
  package func isMissing(_ key: String) -> Bool { node(key) == nil && !misspelt.contains(key) }

  package func node(_ key: String) -> Node? { entries.first { $0.key.value == key }?.node }

  package func path(of key: String) -> String {
    path.isEmpty ? key.shown() : "\(path).\(key.shown())"
  }

  private func wrongType(_ key: String, _ expected: String, _ node: Node) {
    problems.add(
      .wrongType(key: path(of: key), expected: expected, found: node.kind), at: node.position)
  }

  /// A text; numbers and the like count as their spelling, since names may look like numbers.
  package func text(_ key: String) -> Located<String>? {
    guard let node = node(key) else { return nil }
    return text(node, key: key)
  }

  package func text(_ node: Node, key: String) -> Located<String>? {
    guard case .scalar(let scalar) = node, !node.isNothing, !scalar.string.isEmpty else {
      wrongType(key, "a text", node)
      return nil
    }
    return Located(scalar.string, at: node.position)
  }

  /// A list of names without repetition.
  package func names(_ key: String) -> [Located<String>]? {
    guard let node = node(key) else { return nil }
    guard case .sequence(let sequence) = node else {
      wrongType(key, "a list ('[a, b]')", node)
      return nil
    }
    var names: [Located<String>] = []
    var seen = Set<String>()
    for item in sequence {
      guard let name = text(item, key: key) else { continue }
      if seen.insert(name.value).inserted {
        names.append(name)
      } else {
        problems.add(.repeatedName(name.value, key: path(of: key)), at: name.position)
      }
    }
    return names
  }

  /// A whole number in `range`; `expected` says which in words.
  package func integer<Value: FixedWidthInteger & Sendable>(
    _ key: String, in range: ClosedRange<Value>, expected: String
  ) -> Located<Value>? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let scalar) = node, scalar.style == .plain, isWhole(scalar.string) else {
      wrongType(key, expected, node)
      return nil
    }
    guard let value = Value(scalar.string), range.contains(value) else {
      problems.add(
        .outOfRange(key: path(of: key), found: scalar.string.shown(), expected: expected),
        at: node.position)
      return nil
    }
    return Located(value, at: node.position)
  }

  private func isWhole(_ string: String) -> Bool {
    let digits = string.first == "-" || string.first == "+" ? string.dropFirst() : string[...]
    return !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isNumber }
  }

  /// A number for which `isValid`; `expected` says which in words.
  package func number(
    _ key: String, expected: String, where isValid: (Double) -> Bool
  ) -> Located<Double>? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let scalar) = node, scalar.style == .plain,
      let value = Double(scalar.string), value.isFinite
    else {
      wrongType(key, expected, node)
      return nil
    }
    guard isValid(value) else {
      problems.add(
        .outOfRange(key: path(of: key), found: scalar.string.shown(), expected: expected),
        at: node.position)
      return nil
    }
    return Located(value, at: node.position)
  }

  /// One of a few words.
  package func choice<Value: RawRepresentable & CaseIterable & Sendable>(
    _ key: String, as type: Value.Type
  ) -> Located<Value>? where Value.RawValue == String {
    guard let text = word(key, among: Value.allCases.map(\.rawValue)),
      let value = Value(rawValue: text.value)
    else { return nil }
    return Located(value, at: text.position)
  }

  /// One of `allowed`.
  package func word(_ key: String, among allowed: [String]) -> Located<String>? {
    guard let text = text(key) else { return nil }
    guard allowed.contains(text.value) else {
      problems.add(
        .notOneOf(
          key: path(of: key), found: text.value, allowed: allowed,
          nearest: nearestName(to: text.value, in: allowed)),
        at: text.position)
      return nil
    }
    return text
  }

  /// A mapping under `key` whose keys are `allowed` (nil: the user's names).
  package func section(_ key: String, allowed: [String]?, emptyAllowed: Bool = false)
    -> MappingReader?
  {
    guard let node = node(key) else { return nil }
    return MappingReader(
      node, path: path(of: key), allowed: allowed, emptyAllowed: emptyAllowed, problems: problems)
  }
}
