import Coordination
import Foundation
import Tabular
import Testing

/// The program's bits beside those that are committed: small plans that cross methods, roles, numbers
/// of random effects, rules of matching, kinds of columns, shapes of clusters and kinds of missingness,
/// each run by the program.
///
/// Every other test of identity compares the program with itself. This one notices a change of the
/// bits between two versions of it, after which a half-done record would be carried on with others.
/// `scripts/golden` writes the file of digests anew.
@Suite struct GoldenTests {
  static let folder = Program.package("Tests/DormouseTests/Golden")

  /// Names of the plans: YAML files in the folder.
  static let plans: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }()

  /// Where `scripts/golden` wants the digests written instead of compared.
  static let output = ProcessInfo.processInfo.environment["DORMOUSE_GOLDEN"]

  /// Digests as they are committed, and the engine version that they are of.
  struct Committed {
    var engine = ""
    var digests: [String: [String: String]] = [:]

    init() throws {
      let text = try String(
        contentsOf: GoldenTests.folder.appending(path: "golden.csv"), encoding: .utf8)
      for (number, line) in text.split(separator: "\n").enumerated() {
        if number == 0 {
          let match = line.firstMatch(of: /^# engine ([^,]+)/)
          engine = String(try #require(match, "line 1 of golden.csv names no engine version").1)
        } else if number > 1 {
          let cells = line.split(separator: ",").map(String.init)
          try #require(cells.count == 3, "line \(number + 1) of golden.csv has not three cells")
          digests[cells[0], default: [:]][cells[1]] = cells[2]
        }
      }
    }
  }

  @Test(.enabled(if: output == nil)) func digestsAreOfThisEngineAndOfEveryPlan() throws {
    let committed = try Committed()
    #expect(
      committed.engine == engineVersion,
      """
      golden.csv holds the bits of engine \(committed.engine), and the program is engine \
      \(engineVersion): say in CHANGELOG.md why the bits changed and run scripts/golden
      """)
    #expect(Self.plans.count >= 16)
    #expect(committed.digests.keys.sorted() == Self.plans, "run scripts/golden")
  }

  @Test(arguments: plans) func bitsAreThoseCommitted(plan: String) throws {
    let digests = try Self.digests(of: plan)
    if let output = Self.output {
      let lines = digests.map { "\(plan),\($0.result),\($0.digest)\n" }.joined()
      try Data(lines.utf8).write(to: URL(filePath: output).appending(path: plan + ".csv"))
      return
    }
    let committed = try #require(
      try Committed().digests[plan], "golden.csv has no line of \(plan): run scripts/golden")
    #expect(
      committed.keys.sorted() == digests.map(\.result).sorted(), "\(plan): run scripts/golden")
    let changed = digests.filter { committed[$0.result] != $0.digest }.map(\.result)
    #expect(
      changed.isEmpty,
      """
      other bits than those committed: \(plan), \(changed.joined(separator: ", ")). \
      \(changed == ["pooled"] ? "Only the pooling changed, or the system's mathematics. " : "")\
      If no figure was to change, find what changed it. If it was, the engine has a new version: \
      raise it in EngineVersion.swift, say in CHANGELOG.md why, and run scripts/golden
      """)
  }

  /// What SHA-256 makes of each result of a plan.
  private static func digests(of plan: String) throws -> [(result: String, digest: String)] {
    let scratch = try Scratch(inMemory: true)
    if plan.hasPrefix("simulation") { return try estimates(of: plan, scratch) }
    if plan.hasPrefix("amputation") {
      let file = scratch.url("amputed.csv")
      try run("ampute", "trial.csv", plan + ".yaml", "--to", file.path, "--seed", "9")
      return [("amputed", try sha256(ofFile: file.path))]
    }
    let directory = scratch.url("run")
    let completed = scratch.url("completed.csv")
    try run("run", plan + ".yaml", "--output", directory.path)
    try run("complete", directory.path, "--to", completed.path)
    let study = try String(
      contentsOf: folder.appending(path: plan + ".yaml"), encoding: .utf8)
    let data = try #require(study.firstMatch(of: /file: (\w+\.csv)/)).1
    let imputed = try imputedCells(
      of: folder.appending(path: String(data)), completed: completed)
    var digests = [("completed", sha256(of: imputed))]
    for result in ["fits", "pooled"] {
      let file = directory.appending(path: result + ".csv").path
      digests.append((result, try sha256(ofFile: file)))
    }
    return digests
  }

  /// `estimates.csv` scenario by scenario, without the seconds, which are a reading of the clock.
  private static func estimates(
    of plan: String, _ scratch: Scratch
  ) throws -> [(result: String, digest: String)] {
    let directory = scratch.url("simulation")
    try run("simulate", plan + ".yaml", "--output", directory.path)
    let text = try String(
      contentsOf: directory.appending(path: "estimates.csv"), encoding: .utf8)
    var scenarios: [(name: String, lines: [Substring])] = []
    for line in text.split(separator: "\n").dropFirst() {
      let name = "scenario " + line.prefix { $0 != "," }
      if scenarios.last?.name != name { scenarios.append((name, [])) }
      scenarios[scenarios.count - 1].lines.append(
        line[..<(try #require(line.lastIndex(of: ",")))])
    }
    return scenarios.map { ($0.name, sha256(of: Array($0.lines.joined(separator: "\n").utf8))) }
  }

  /// Every cell that is missing in `data`, as it is in the completed data sets, in order of
  /// imputation, row and column: a number as its bit pattern, little endian, text as it is with a
  /// byte 0 behind it.
  private static func imputedCells(of data: URL, completed: URL) throws -> [UInt8] {
    func cells(_ url: URL) throws -> [[Substring]] {
      try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
    }
    let (data, completed) = (try cells(data), try cells(completed))
    let names = completed[0].dropFirst(2)
    let columns = try names.map { name in try #require(data[0].firstIndex(of: name)) }
    var bytes: [UInt8] = []
    for line in completed.dropFirst() {
      let row = try #require(Int(line[1]))
      for (place, column) in columns.enumerated() where data[row][column].isEmpty {
        let cell = line[place + 2]
        if let number = Double(cell) {
          withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 }
        } else {
          bytes += Array(cell.utf8) + [0]
        }
      }
    }
    try #require(bytes.count > 100)
    return bytes
  }

  /// Runs the program in the folder of plans; it must end well.
  ///
  /// p values and limits come from the system's functions, whose last bit depends on the processor
  /// unless its fused multiplication and wide vectors are left out.
  private static func run(_ arguments: String...) throws {
    let switches = "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX2_Usable,-FMA,-FMA_Usable,-FMA4"
    let outcome = try Program.run(
      arguments, folder: folder, environment: ["GLIBC_TUNABLES": switches])
    try #require(outcome.status == 0, "\(arguments): \(outcome.errors)")
  }
}
