import Batch
import Coordination
import Foundation
import MessagePassing
import Reporting
import RunRecord
import Study

/// Looks at what a node has.
enum NodeChecks {
  static func program() -> [Finding] {
    let isShared = loadedLibraries().contains { $0.contains("libswiftCore") }
    return [
      Finding(
        "dormouse", .ok,
        "\(programVersion), engine \(engineVersion), \(Installation.program)"
          + (isShared ? ", Swift's libraries shared" : ", Swift linked in"))
    ]
  }

  // MARK: - Machine

  static func machine() -> [Finding] {
    var system = utsname()
    uname(&system)
    let kernel = withUnsafeBytes(of: system.release) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let name = value("PRETTY_NAME", in: "/etc/os-release", separator: "=")?
      .trimmingCharacters(in: CharacterSet(charactersIn: "\""))
    let processor = value("model name", in: "/proc/cpuinfo", separator: ":") ?? "unknown"
    var findings = [
      Finding("system", .ok, "\(hostName()), \(name ?? "Linux"), kernel \(kernel)"),
      Finding(
        "processor", .ok, "\(processor); \(usableProcessors) of \(onlineProcessors) usable here"),
    ]
    if let total = kilobytes("MemTotal"), let free = kilobytes("MemAvailable") {
      let limit = memoryLimit.flatMap { $0 < total * 1024 ? ", limited to \(size($0))" : nil } ?? ""
      findings.append(
        Finding("memory", .ok, "\(size(total * 1024)), \(size(free * 1024)) free\(limit)"))
    }
    return findings
  }

  private static var onlineProcessors: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

  /// Processors that this process may run on, from the mask that the kernel shows.
  private static var usableProcessors: Int {
    let mask = value("Cpus_allowed:", in: "/proc/self/status", separator: ":") ?? ""
    let count = mask.compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
    return count > 0 ? count : onlineProcessors
  }

  /// Of the control group, as a job's, in bytes.
  private static var memoryLimit: Int? {
    let paths = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    return paths.lazy.compactMap { path in
      (try? String(contentsOfFile: path, encoding: .utf8))
        .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }.first
  }

  private static func kilobytes(_ key: String) -> Int? {
    value(key, in: "/proc/meminfo", separator: ":")
      .flatMap { Int($0.prefix { $0.isNumber }) }
  }

  private static func value(
    _ key: String, in path: String, separator: Character
  ) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
    return line?.split(separator: separator, maxSplits: 1).last?
      .trimmingCharacters(in: .whitespaces)
  }

  static func size(_ bytes: Int) -> String {
    if bytes < 1_000_000_000 { return "\(bytes / 1_000_000) MB" }
    return "\((Double(bytes) / 1e8).rounded() / 10) GB"
  }

  // MARK: - Message passing

  static func messagePassing() -> [Finding] {
    let library = Finding("MPI library", .ok, MPICommunicator.libraryVersion)
    guard let mpirun = Slurm.find("mpirun") else {
      return [
        library,
        Finding(
          "mpirun", .missing, "not in PATH",
          remedy: "apt-get install openmpi-bin, or module load openmpi"),
      ]
    }
    let version = (try? Slurm.run("mpirun", ["--version"]))?.output
      .split(separator: "\n").first.map(String.init)
    let program = Finding("mpirun", .ok, "\(mpirun), \(version ?? "version unknown")")
    return [library, program, ping()]
  }

  /// Two ranks on this node, started as `--ranks 2` starts them.
  private static func ping() -> Finding {
    let name = "two ranks"
    guard !MPICommunicator.isLaunched else {
      return Finding(name, .absent, "not tried: this process is a rank of a job itself")
    }
    do {
      let command = try Launcher.command(ranks: 2, arguments: ["ping"])
      let process = Process()
      process.executableURL = URL(filePath: command.arguments[0])
      process.arguments = Array(command.arguments.dropFirst())
      process.environment = ProcessInfo.processInfo.environment
        .merging(command.environment) { own, _ in own }
      process.standardInput = FileHandle.nullDevice
      let output = Pipe()
      process.standardOutput = output
      process.standardError = output
      try process.run()
      let pid = process.processIdentifier
      let guardian = DispatchWorkItem { kill(pid, SIGKILL) }
      DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: guardian)
      let data = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      guardian.cancel()
      let text = String(decoding: data, as: UTF8.self)
      if process.terminationStatus == 0,
        let line = text.split(separator: "\n").last(where: { $0.contains("µs") })
      {
        return Finding(name, .ok, String(line))
      }
      let words = text.split(whereSeparator: \.isNewline)
        .first { $0.contains { $0.isLetter } }.map(String.init)
      return Finding(
        name, .missing,
        process.terminationReason == .uncaughtSignal
          ? "no answer in a minute" : words ?? "mpirun ended with \(process.terminationStatus)",
        remedy: "see what mpirun says to: mpirun -n 2 hostname")
    } catch {
      return Finding(
        name, .missing, "\(error)", remedy: "see what mpirun says to: mpirun -n 2 hostname")
    }
  }

  // MARK: - Slurm

  static func slurm() -> [Finding] {
    let environment = ProcessInfo.processInfo.environment
    guard Slurm.find("sbatch") != nil else {
      return [Finding("Slurm", .absent, "no sbatch here; 'submit' needs it, 'run' does not")]
    }
    guard let asked = try? Slurm.run("sbatch", ["--version"]), asked.status == 0 else {
      return [
        Finding(
          "Slurm", .absent, "sbatch is here, but this machine belongs to no cluster of Slurm's")
      ]
    }
    var found = asked.output.trimmingCharacters(in: .whitespacesAndNewlines)
    if let job = environment["SLURM_JOB_ID"] {
      found += ", in job \(job)"
    } else {
      found += ", not in a job"
    }
    var findings = [Finding("Slurm", .ok, found)]
    if let kinds = try? Slurm.run("srun", ["--mpi=list"]) {
      let text = (kinds.output + kinds.errors).lowercased()
      findings.append(
        text.contains("pmix")
          ? Finding("srun", .ok, "starts MPI ranks by PMIx")
          : Finding(
            "srun", .warning, "knows no PMIx",
            remedy: "set 'mpi: mpirun' in config/cluster.yaml"))
    }
    return findings
  }

  // MARK: - Libraries and files

  /// The C libraries that this program was started with. (One that is absent keeps it from
  /// starting at all: the system's loader then names it.)
  static func libraries() -> [Finding] {
    let files = loadedLibraries()
    let wanted = [
      ("ReadStat", "libreadstat"), ("SQLite", "libsqlite3"), ("libcsv", "libcsv"),
      ("NLopt", "libnlopt"), ("SLEEF", "libsleef"), ("libmd", "libmd"),
    ]
    return wanted.map { name, prefix in
      let file = files.first { ($0 as NSString).lastPathComponent.hasPrefix(prefix + ".so") }
      let version = name == "SQLite" ? RunRecord.libraryVersion + ", " : ""
      return Finding(name, .ok, version + (file ?? "linked in"))
    }
  }

  /// Real paths of the shared libraries of this process.
  private static func loadedLibraries() -> [String] {
    // Foundation's readers give up on this file, which has no size.
    let maps = String(
      decoding: (try? StudySource.bytes(ofFile: "/proc/self/maps")) ?? [], as: UTF8.self)
    var seen = Set<String>()
    return maps.split(separator: "\n").compactMap { line in
      line.firstIndex(of: "/").map { String(line[$0...]) }
    }.filter { $0.contains(".so") && seen.insert($0).inserted }
  }

  /// What comes with the program.
  static func companions() -> [Finding] {
    var findings: [Finding] = []
    do {
      let folder = try Installation.batchScripts()
      findings.append(Finding("batch scripts", .ok, folder))
      findings.append(settings(folder))
    } catch {
      findings.append(
        Finding(
          "batch scripts", .warning, "not found; 'submit' needs them",
          remedy: "set DORMOUSE_SLURM to the folder slurm of the sources, or scripts/install"))
    }
    let places = FigureBundle.places()
    let bundle = places.first { FigureBundle.find(in: [$0]) != nil }
    findings.append(
      bundle.map { Finding("figures", .ok, $0.path) }
        ?? Finding(
          "figures", .warning, "no \(FigureBundle.fileName); reports have tables only",
          remedy: "scripts/vega-bundle in the sources, then scripts/install; or set "
            + "\(FigureBundle.variable) to the folder that has it"))
    return findings
  }

  private static func settings(_ folder: String) -> Finding {
    guard let path = Installation.clusterSettings(batchScripts: folder) else {
      return Finding("cluster settings", .absent, "no config/cluster.yaml; defaults are used")
    }
    do {
      var settings = try ClusterSettings(readingFile: path)
      try settings.apply(environment: ProcessInfo.processInfo.environment)
      return Finding("cluster settings", .ok, path)
    } catch {
      return Finding("cluster settings", .missing, "\(error)", remedy: "edit \(path)")
    }
  }
}
