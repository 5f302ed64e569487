import Foundation

/// Where this program and the files that come with it are.
public enum Installation {
  /// The absolute path of the running program.
  public static var program: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  }

  /// Folders that may hold what comes with the program: beside an installed one, or the
  /// project's own folder above a built one.
  static func roots(program: String) -> [String] {
    var folder = (program as NSString).deletingLastPathComponent
    var roots = [
      ((folder as NSString).deletingLastPathComponent as NSString)
        .appendingPathComponent("share/dormouse")
    ]
    for _ in 0..<4 where folder != "/" {
      folder = (folder as NSString).deletingLastPathComponent
      roots.append(folder)
    }
    return roots
  }

  /// The folder that has the batch scripts' common part.
  ///
  /// - Throws: ``BatchError/commonPartAbsent(looked:)``.
  public static func batchScripts(
    program: String = Installation.program,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> String {
    let named = environment["DORMOUSE_SLURM"].map { [$0] } ?? []
    let folders = named.isEmpty ? roots(program: program).map { $0 + "/slurm" } : named
    guard
      let folder = folders.first(where: {
        FileManager.default.isReadableFile(atPath: $0 + "/common.sh")
      })
    else { throw BatchError.commonPartAbsent(looked: folders) }
    return URL(filePath: folder, directoryHint: .isDirectory).standardizedFileURL.path
  }

  /// The settings of the site's Slurm: `DORMOUSE_CLUSTER`, or `config/cluster.yaml` beside the
  /// batch scripts if it is there.
  public static func clusterSettings(
    batchScripts folder: String,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String? {
    if let named = environment["DORMOUSE_CLUSTER"], !named.isEmpty { return named }
    let path = (folder as NSString).deletingLastPathComponent + "/config/cluster.yaml"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
}
