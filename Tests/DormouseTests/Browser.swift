import Foundation
import LaunchedJobs
import Testing

/// Debian's Chromium, without a window: opens a page as a reader would.
struct Browser {
  /// What came of a page.
  struct Visit {
    /// The document after its scripts have run.
    var document: String
    /// What the page wrote to the console.
    var console: [String]
    /// Addresses that the page asked for, other than files and data.
    var requests: [String]

    /// An attribute of the root element, which the page's script sets.
    func attribute(_ name: String) -> String? {
      guard let tag = document.range(of: "<html[^>]*>", options: .regularExpression) else {
        return nil
      }
      let text = document[tag]
      guard
        let found = text.range(of: "\(name)=\"[^\"]*\"", options: .regularExpression)
      else { return nil }
      return String(text[found].dropFirst(name.count + 2).dropLast())
    }
  }

  private static let names = [
    "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
  ]

  private let program: String
  private let scratch: Scratch

  init() throws {
    program = try #require(
      Self.names.first { FileManager.default.isExecutableFile(atPath: $0) },
      "Chromium is not installed; scripts/setup --checks installs it")
    scratch = try Scratch()
  }

  /// Opens the page at `width` pixels and waits until its scripts are done.
  func visit(_ page: URL, width: Int = 1280) throws -> Visit {
    let net = scratch.url("net.json")
    let (output, errors) = try run(
      page, width: width, height: 1600,
      ["--dump-dom", "--enable-logging=stderr", "--log-net-log=\(net.path)"])
    let console = errors.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init)
    let log = try String(contentsOf: net, encoding: .utf8)
    // One event a line. What the browser asks for on its own account has no origin.
    let requests = log.split(separator: "\n").filter { line in
      line.contains("\"initiator\":") && !line.contains("\"initiator\":\"not an origin\"")
    }.compactMap { line -> String? in
      guard let start = line.range(of: "\"url\":\"") else { return nil }
      return String(line[start.upperBound...].prefix { $0 != "\"" })
    }.filter { address in
      !["file:", "data:", "blob:", "chrome:", "about:"].contains { address.hasPrefix($0) }
    }
    return Visit(document: output, console: console, requests: requests)
  }

  /// Takes a picture of the page, `height` pixels of it.
  func picture(
    of page: URL, to path: String, width: Int, height: Int, isDark: Bool = false
  ) throws {
    try run(
      page, width: width, height: height,
      ["--screenshot=\(path)", "--hide-scrollbars"] + (isDark ? ["--force-dark-mode"] : []))
  }

  /// Prints the page to a PDF file.
  func print(_ page: URL, to path: String) throws {
    try run(page, width: 1280, height: 1600, ["--print-to-pdf=\(path)", "--no-pdf-header-footer"])
  }

  @discardableResult
  private func run(
    _ page: URL, width: Int, height: Int, _ more: [String]
  ) throws -> (output: String, errors: String) {
    let ended = try runToEnd(
      URL(filePath: "/usr/bin/timeout"),
      [
        "300", program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-extensions", "--user-data-dir=\(scratch.url("profile").path)",
        // The page's own clock: runs ahead as soon as nothing is left to do.
        "--virtual-time-budget=120000", "--window-size=\(width),\(height)",
      ] + more + [page.absoluteString])
    try #require(
      ended.status == 0, "Chromium ended with \(ended.status): \(ended.errors.suffix(500))")
    return (ended.output, ended.errors)
  }
}

/// Opens a report and expects that all of it is there: every figure drawn, nothing on the console,
/// nothing asked of the network, nothing wider than the window.
@discardableResult
func expectDrawn(
  _ page: URL, width: Int = 1280, fewest: Int = 1,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> Browser.Visit {
  let visit = try Browser().visit(page, width: width)
  #expect(visit.attribute("data-state") == "ready", sourceLocation: sourceLocation)
  #expect(
    visit.attribute("data-drawn") == visit.attribute("data-figures"),
    sourceLocation: sourceLocation)
  #expect(
    (visit.attribute("data-drawn").flatMap { Int($0) } ?? 0) >= fewest,
    sourceLocation: sourceLocation)
  #expect(visit.attribute("data-failed") == "0", sourceLocation: sourceLocation)
  #expect(visit.attribute("data-requests") == "0", sourceLocation: sourceLocation)
  #expect(visit.attribute("data-overflow") == "0", sourceLocation: sourceLocation)
  #expect(visit.console.isEmpty, "\(visit.console)", sourceLocation: sourceLocation)
  #expect(visit.requests.isEmpty, "\(visit.requests)", sourceLocation: sourceLocation)
  return visit
}
