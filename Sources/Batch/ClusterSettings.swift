import Foundation
import Study
import Yams

/// What a site's Slurm wants to be told, from `config/cluster.yaml`, the environment and options.
///
/// The batch scripts of `slurm/` read the same file and variables.
public struct ClusterSettings: Sendable, Equatable {
  /// How ranks on several nodes are started.
  public enum Launcher: String, Sendable, CaseIterable {
    case srun, mpirun
  }

  public var account: String?
  public var partition: String?
  public var qos: String?
  public var time: TimeLimit?
  public var nodes: Int?
  package var tasksPerNode: Int?
  /// As Slurm writes it, such as `2G`.
  public var memoryPerCPU: String?
  public var modules: [String] = []
  /// Lines of shell.
  public var setup: [String] = []
  public var mpi: Launcher?

  public init() {}

  /// What is there when nobody says otherwise, as in the scripts of `slurm/`.
  public enum Defaults {
    public static let time = TimeLimit.seconds(4 * 3600)
    public static let nodes = 1
    package static let tasksPerNode = 4
    public static let mpi = Launcher.srun
  }

  /// The keys of the file, in the order of its documentation.
  public static let keys = [
    "account", "partition", "qos", "time", "nodes", "ntasks-per-node", "mem-per-cpu", "modules",
    "setup", "mpi",
  ]

  /// The variable that replaces `key` of the file.
  public static func variable(of key: String) -> String {
    "DORMOUSE_" + key.uppercased().replacing("-", with: "_")
  }
}

// MARK: - The file

extension ClusterSettings {
  /// Reads the settings file at `path`.
  ///
  /// - Throws: ``BatchError/settingsAbsent(path:explanation:)``, `StudyError` with every problem,
  ///   each with its line and column.
  public init(readingFile path: String) throws {
    let bytes: [UInt8]
    do {
      bytes = try StudySource.bytes(ofFile: path)
    } catch {
      guard case .unreadable(let explanation) = error.reason else { throw error }
      throw BatchError.settingsAbsent(path: path, explanation: explanation)
    }
    try self.init(text: String(decoding: bytes, as: UTF8.self), path: path)
  }

  /// Reads the text of a settings file; `path` is for messages.
  ///
  /// - Throws: `StudyError`.
  public init(text: String, path: String) throws {
    self.init()
    let problems = ProblemList()
    do {
      // All keys are optional, so that a file of comments is one too.
      guard try Yams.compose(yaml: text)?.isNothing == false else { return }
    } catch {
      // Read again below, for its place.
    }
    do {
      let source = try StudySource(text: text, problems: problems)
      read(source.root, problems)
    } catch {
      problems.add(error)
    }
    guard problems.problems.isEmpty else {
      throw StudyError(file: path, problems: problems.problems, text: text)
    }
  }

  private mutating func read(_ root: Node, _ problems: ProblemList) {
    guard
      let reader = MappingReader(root, path: "", allowed: Self.keys, problems: problems)
    else { return }
    for (key, node) in reader.entries where Self.keys.contains(key.value) && !node.isNothing {
      guard let values = Self.values(node, key: key.value, reader) else { continue }
      if let explanation = set(key.value, values) {
        problems.add(.other("'\(key.value)': \(explanation)"), at: node.position)
      }
    }
  }

  /// A value, or the values of `modules` and `setup`; nil with a problem recorded.
  private static func values(
    _ node: Node, key: String, _ reader: MappingReader
  ) -> [String]? {
    if ["modules", "setup"].contains(key), case .sequence(let items) = node {
      let texts = items.map { reader.text($0, key: key)?.value }
      return texts.contains(nil) ? nil : texts.compactMap { $0 }
    }
    return reader.text(node, key: key).map { [$0.value] }
  }
}

// MARK: - The environment and options

extension ClusterSettings {
  /// Replaces what `environment` has variables for.
  ///
  /// - Throws: ``BatchError/setting(place:explanation:)``.
  public mutating func apply(environment: [String: String]) throws {
    for key in Self.keys {
      let variable = Self.variable(of: key)
      guard let text = environment[variable], !text.isEmpty else { continue }
      let values =
        key == "modules" ? text.split(whereSeparator: \.isWhitespace).map(String.init) : [text]
      if let explanation = set(key, values) {
        throw BatchError.setting(place: variable, explanation: explanation)
      }
    }
  }

  /// Replaces what `options` has, by the file's keys.
  ///
  /// - Throws: ``BatchError/setting(place:explanation:)``.
  public mutating func apply(options: [String: String]) throws {
    for key in Self.keys {
      guard let text = options[key] else { continue }
      if let explanation = set(key, [text]) {
        throw BatchError.setting(place: "--\(key)", explanation: explanation)
      }
    }
  }

  /// Sets `key`; what is wrong with `values`, if anything.
  private mutating func set(_ key: String, _ values: [String]) -> String? {
    let value = values.first ?? ""
    switch key {
    case "account", "partition", "qos":
      guard Self.isWord(value) else { return "'\(value.shown())' is no name Slurm can have" }
      if key == "account" { account = value }
      if key == "partition" { partition = value }
      if key == "qos" { qos = value }
    case "time":
      guard let limit = TimeLimit(value) else { return TimeLimit.explanation(value.shown()) }
      time = limit
    case "nodes", "ntasks-per-node":
      guard let number = Int(value), (1...1_000_000).contains(number) else {
        return "'\(value.shown())' must be a whole number, 1 or more"
      }
      if key == "nodes" { nodes = number } else { tasksPerNode = number }
    case "mem-per-cpu":
      guard Self.megabytes(value) != nil else {
        return "'\(value.shown())' is no amount of memory; write it as 500M or 2G"
      }
      memoryPerCPU = value
    case "modules":
      if let bad = values.first(where: { !Self.isWord($0) }) {
        return "'\(bad.shown())' is no module's name"
      }
      modules = values
    case "setup": setup = values
    case "mpi":
      guard let launcher = Launcher(rawValue: value) else {
        return "'\(value.shown())' is neither srun nor mpirun"
      }
      mpi = launcher
    default: break
    }
    return nil
  }

  /// What `mem-per-cpu` is in MB; nil when it is not set.
  public var memoryInMegabytes: Double? { memoryPerCPU.flatMap(Self.megabytes) }

  /// One word without anything that a line of a script could trip over.
  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty && !text.hasPrefix("-")
      && text.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || "._+-/,@:=".unicodeScalars.contains(scalar))
      }
  }

  /// Slurm's amounts of memory in MB, its default unit; nil for anything else.
  static func megabytes(_ text: String) -> Double? {
    var digits = text[...]
    var factor = 1.0
    if let unit = digits.last,
      let position = Array("KMGT").firstIndex(of: Character(unit.uppercased()))
    {
      digits = digits.dropLast()
      factor = [1.0 / 1024, 1, 1024, 1024 * 1024][position]
    }
    guard (1...9).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }),
      let number = Double(digits), number > 0
    else { return nil }
    return number * factor
  }
}
