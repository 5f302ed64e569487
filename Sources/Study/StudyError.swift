/// Everything that is wrong with a study, in the order of the file.
public struct StudyError: Error, Sendable {
  /// How many characters of a line an excerpt shows.
  static let excerptLength = 100
  /// How many problems of one file are shown; the rest is counted.
  public static let limit = 20

  /// The study file as the user named it.
  public var file: String
  /// Sorted by position; problems without one come first.
  public var problems: [StudyProblem]
  /// The lines of the file, for excerpts; empty if it could not be read as text.
  private var lines: [Substring]

  public init(file: String, problems: [StudyProblem], text: String = "") {
    self.file = file
    let start = SourcePosition(line: 0, column: 0)
    // A stable sort: problems found at one place stay in the order in which they were found.
    self.problems = problems.enumerated().sorted {
      ($0.element.position ?? start, $0.offset) < ($1.element.position ?? start, $1.offset)
    }.map(\.element)
    lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  }

  /// The problems as `FILE:LINE:COLUMN: sentence`, one a line.
  ///
  /// - Parameter excerpts: whether to add the line of the file and a caret under the place, as
  ///   suits a terminal.
  public func rendered(excerpts: Bool) -> String {
    var parts: [String] = []
    for problem in problems.prefix(Self.limit) {
      parts.append("\(place(of: problem)): \(problem.description)")
      if excerpts, let position = problem.position, let excerpt = excerpt(at: position) {
        parts.append(excerpt)
      }
    }
    let rest = problems.count - Self.limit
    if rest > 0 { parts.append("\(file): and \(rest) more problem\(rest == 1 ? "" : "s")") }
    return parts.joined(separator: "\n")
  }

  private func place(of problem: StudyProblem) -> String {
    if let option = problem.option { return option }
    guard let position = problem.position else { return file }
    return "\(file):\(position.line):\(position.column)"
  }

  private func excerpt(at position: SourcePosition) -> String? {
    guard lines.indices.contains(position.line - 1) else { return nil }
    let line = lines[position.line - 1].unicodeScalars
    // Of a long line, what stands around the place.
    let start = position.column <= Self.excerptLength ? 0 : position.column - 50
    let part = line.dropFirst(start).prefix(Self.excerptLength)
    let before = start > 0 ? "…" : ""
    let after = line.count > start + Self.excerptLength ? "…" : ""
    // Tabs are kept, so that the caret stands right whatever a tab's width is.
    let margin = part.prefix(position.column - 1 - start).map { $0 == "\t" ? "\t" : " " }
    let padding = String(
      repeating: " ", count: before.count + max(0, position.column - 1 - start - margin.count))
    return "  \(before)\(String(part))\(after)\n  \(margin.joined())\(padding)^"
  }
}

extension StudyError: CustomStringConvertible {
  /// All problems, without excerpts.
  public var description: String { rendered(excerpts: false) }
}
