import Foundation
import Tabular

/// Draws figures as SVG and PNG files with a renderer that is installed: vl-convert, or Chromium
/// with the page's own script.
public struct FigureRenderer: Sendable {
  enum Tool: Sendable, Equatable {
    case vlConvert(String)
    case chromium(String)
  }
  let tool: Tool
  let bundle: FigureBundle?
  /// Pixels of a PNG for one of the drawing: 300 per inch when a figure is 16 cm wide.
  private static let scale = 3

  /// The first renderer in PATH; nil when there is none.
  public static func find(
    bundle: FigureBundle? = .find(),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> FigureRenderer? {
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    func program(_ names: [String]) -> String? {
      for name in names {
        for folder in folders
        where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
          return "\(folder)/\(name)"
        }
      }
      return nil
    }
    if let path = program(["vl-convert"]) {
      return FigureRenderer(tool: .vlConvert(path), bundle: bundle)
    }
    if bundle != nil, let path = program(["chromium", "chromium-browser", "google-chrome"]) {
      return FigureRenderer(tool: .chromium(path), bundle: bundle)
    }
    return nil
  }

  /// Writes `ID.svg` and `ID.png` of each figure to `folder`.
  ///
  /// - Returns: the files' paths; fewer than two for each figure when the renderer failed.
  /// - Throws: `TabularError` when a file cannot be written, or the system's error for the renderer.
  public func write(_ figures: [Figure], to folder: URL) throws -> [String] {
    switch tool {
    case .vlConvert(let path): return try convert(figures, folder, program: path)
    case .chromium(let path): return try browse(figures, folder, program: path)
    }
  }

  private func convert(_ figures: [Figure], _ folder: URL, program: String) throws -> [String] {
    var written: [String] = []
    for figure in figures {
      let source = folder.appending(path: "\(figure.id).vl.json").path
      try writeFileAtomically(source, Array(try figure.json(pretty: true).utf8))
      for kind in ["svg", "png"] {
        let target = folder.appending(path: "\(figure.id).\(kind)").path
        let more = kind == "png" ? ["--scale", "\(Self.scale)"] : []
        let status = try run(
          program, ["vl2\(kind)", "--input", source, "--output", target] + more, output: nil)
        if status == 0 { written.append(target) }
      }
    }
    return written
  }

  // MARK: - Chromium

  /// Writes what it drew into attributes, which `--dump-dom` prints.
  private static let script = #"""
    const encode = (text) => {
      let binary = "";
      for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
      return btoa(binary);
    };
    for (const { id, spec } of JSON.parse(document.getElementById("figures").textContent)) {
      const place = document.createElement("div");
      const result = await vegaEmbed(place, spec, { actions: false, renderer: "svg" });
      const found = document.createElement("output");
      found.id = id;
      found.dataset.svg = encode(await result.view.toSVG());
      found.dataset.png = (await result.view.toCanvas(SCALE)).toDataURL("image/png").split(",")[1];
      result.finalize();
      document.body.append(found);
    }
    """#

  private func browse(_ figures: [Figure], _ folder: URL, program: String) throws -> [String] {
    guard let bundle else { return [] }
    let scratch = FileManager.default.temporaryDirectory.appending(
      path: "dormouse-figures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: scratch, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: scratch) }
    let specifications = try figures.map { "{\"id\":\"\($0.id)\",\"spec\":\(try $0.json())}" }
    let page = scratch.appending(path: "figures.html")
    let html =
      "<!doctype html><meta charset=\"utf-8\"><body><script type=\"module\">\(bundle.script)"
      + "</script><script type=\"application/json\" id=\"figures\">"
      + scriptSafe("[\(specifications.joined(separator: ","))]")
      + "</script><script type=\"module\">"
      + Self.script.replacingOccurrences(of: "SCALE", with: "\(Self.scale)") + "</script>"
    try writeFileAtomically(page.path, Array(html.utf8))
    let output = scratch.appending(path: "output")
    var arguments = [
      "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
      "--disable-background-networking", "--disable-extensions", "--disable-sync",
      "--user-data-dir=\(scratch.appending(path: "profile").path)",
      "--virtual-time-budget=300000", "--dump-dom",
    ]
    // The sandbox cannot be set up by root.
    if getuid() == 0 { arguments.append("--no-sandbox") }
    guard try run(program, arguments + [page.absoluteString], output: output) == 0 else {
      return []
    }
    let document = String(decoding: try Data(contentsOf: output), as: UTF8.self)
    var written: [String] = []
    for figure in figures {
      guard let start = document.range(of: "<output id=\"\(figure.id)\"") else { continue }
      let tag = document[start.upperBound...].prefix { $0 != ">" }
      for kind in ["svg", "png"] {
        guard let name = tag.range(of: "data-\(kind)=\"") else { continue }
        let text = tag[name.upperBound...].prefix { $0 != "\"" }
        guard let data = Data(base64Encoded: String(text)) else { continue }
        let path = folder.appending(path: "\(figure.id).\(kind)").path
        try writeFileAtomically(path, [UInt8](data))
        written.append(path)
      }
    }
    return written
  }

  /// Runs a program until it ends; its status.
  private func run(_ program: String, _ arguments: [String], output: URL?) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    if let output {
      try Data().write(to: output)
      process.standardOutput = try FileHandle(forWritingTo: output)
    } else {
      process.standardOutput = FileHandle.nullDevice
    }
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
