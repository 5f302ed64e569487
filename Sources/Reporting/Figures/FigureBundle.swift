import Foundation

/// The JavaScript that draws figures in a page: Vega, Vega-Lite and Vega-Embed in one ES module.
///
/// It is a dependency, made by `scripts/setup` and not part of the sources.
public struct FigureBundle: Sendable, Equatable {
  public static let fileName = "vega-bundle.js"
  /// Names the folder of the program's data files.
  public static let variable = "DORMOUSE_SHARE"
  public var script: String

  public init(script: String) { self.script = script }

  /// Where the bundle is looked for, first to last: `$DORMOUSE_SHARE`, the program's folder,
  /// `../share/dormouse` seen from there (an installation, and the build tree).
  public static func places(
    program: URL? = Bundle.main.executableURL,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [URL] {
    var folders: [URL] = []
    if let path = environment[variable], !path.isEmpty {
      folders.append(URL(filePath: path, directoryHint: .isDirectory))
    }
    for executable in [program, program?.resolvingSymlinksInPath()].compactMap({ $0 }) {
      let folder = executable.deletingLastPathComponent()
      folders += [
        folder, folder.appending(path: "../share/dormouse"),
        folder.appending(path: "../../share/dormouse"),
      ]
    }
    var seen = Set<String>()
    return folders.map { $0.appending(path: fileName).standardizedFileURL }
      .filter { seen.insert($0.path).inserted }
  }

  /// The bundle, or nil when it is in none of the places.
  public static func find(in places: [URL] = places()) -> FigureBundle? {
    for place in places {
      guard let script = try? String(contentsOf: place, encoding: .utf8), !script.isEmpty
      else { continue }
      // Inside a page the script would end where it says so.
      guard !script.lowercased().contains("</script"), !script.contains("<!--") else { continue }
      return FigureBundle(script: script)
    }
    return nil
  }
}
