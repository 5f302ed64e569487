/// Everything that is wrong with a study, in the order of the file.
public struct StudyError: Error, Sendable {
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
    let line = lines[position.line - 1]
    // Tabs are kept, so that the caret stands right whatever a tab's width is.
    let margin = line.unicodeScalars.prefix(position.column - 1).map { $0 == "\t" ? "\t" : " " }
    let padding = String(repeating: " ", count: max(0, position.column - 1 - margin.count))
    return "  \(line)\n  \(margin.joined())\(padding)^"
  }
}

extension StudyError: CustomStringConvertible {
  /// All problems, without excerpts.
  public var description: String { rendered(excerpts: false) }
}
