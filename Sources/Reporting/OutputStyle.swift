import Foundation

/// What the place that text is written to can show.
public struct OutputStyle: Sendable, Equatable {
  /// Cells in a line; nil: no limit.
  public var width: Int?
  /// Whether lines and signs outside ASCII may be drawn around the data.
  package var usesUnicode: Bool
  package var usesColor: Bool

  public init(width: Int?, usesUnicode: Bool, usesColor: Bool) {
    self.width = width
    self.usesUnicode = usesUnicode
    self.usesColor = usesColor
  }

  /// For files and pipes.
  public static let plain = OutputStyle(width: nil, usesUnicode: false, usesColor: false)

  /// What suits an open file: a terminal gets its width, rules and bold headers, unless the
  /// environment says otherwise; a file or a pipe gets ``plain``.
  ///
  /// - Parameters:
  ///   - environment: `NO_COLOR` (no-color.org: set and not empty) and `TERM=dumb` turn colour
  ///     off; a locale that isn't UTF-8 turns Unicode off; `COLUMNS` overrides the width.
  public static func detect(
    fileDescriptor: Int32 = STDOUT_FILENO,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> OutputStyle {
    guard isatty(fileDescriptor) == 1 else { return .plain }
    var size = winsize()
    let known = ioctl(fileDescriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return terminal(width: known ? Int(size.ws_col) : 80, environment: environment)
  }

  /// What suits a terminal of `width` cells under `environment`.
  public static func terminal(width: Int, environment: [String: String]) -> OutputStyle {
    let isDumb = environment["TERM"] == "dumb"
    // POSIX: the first of these that is set and not empty decides.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }
      .first { !$0.isEmpty }
    let encoding = locale?.lowercased() ?? ""
    let columns = environment["COLUMNS"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
    return OutputStyle(
      width: columns ?? width,
      usesUnicode: !isDumb && (encoding.contains("utf-8") || encoding.contains("utf8")),
      usesColor: !isDumb && (environment["NO_COLOR"] ?? "").isEmpty)
  }

  /// Whether drawings are shown: on a terminal with Unicode.
  public var showsSketches: Bool { usesUnicode && width != nil }

  var rule: String { usesUnicode ? "─" : "-" }
  var ellipsis: String { usesUnicode ? "…" : "..." }
  var infinity: String { usesUnicode ? "∞" : "Inf" }
  var missing: String { usesUnicode ? "–" : "-" }

  func bold(_ text: String) -> String { usesColor ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}
