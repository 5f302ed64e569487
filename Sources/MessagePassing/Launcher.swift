import COpenMPI
import Glibc
import Synchronization

/// Starts this program again as several ranks under `mpirun`.
public enum Launcher {
  /// The command and environment that ``relaunch(ranks:arguments:)`` would use.
  public struct Command: Sendable, Equatable {
    /// Path of `mpirun`, then its arguments, this program and the program's arguments.
    public let arguments: [String]
    /// Variables added to the environment, unless the user has set them.
    public let environment: [String: String]
  }

  /// Plans the launch of `ranks` ranks of this executable with `arguments`.
  ///
  /// - Ranks are not bound to cores: several jobs on one node would otherwise share its first
  ///   cores. They yield when idle, which makes collectives on shared cores 100 times faster.
  /// - `--oversubscribe` is given when there are more ranks than cores (in a Slurm allocation:
  ///   than tasks). Cores are counted as mpirun counts them, without hyperthreads, that is as at
  ///   least half of the processors.
  /// - mpirun stops a job with SIGTERM and one second later SIGKILL. The variable
  ///   `OMPI_MCA_odls_base_sigkill_timeout` changes that, but mpirun then sleeps that long twice
  ///   at the end of every job with a status other than 0, so it is left alone here.
  ///
  /// - Parameter survivesRanks: a rank that dies takes no other along; see ``Supervisor``.
  /// - Throws: ``MessagePassingError/launcherMissing``, ``MessagePassingError/rankCount(_:)``,
  ///   ``MessagePassingError/nested``.
  public static func command(
    ranks: Int, arguments: [String], searchPath: String? = nil, survivesRanks: Bool = false
  ) throws(MessagePassingError) -> Command {
    guard ranks >= 1 else { throw .rankCount(ranks) }
    guard !MPICommunicator.isLaunched else { throw .nested }
    guard let mpirun = find("mpirun", in: searchPath ?? environmentValue("PATH") ?? "") else {
      throw .launcherMissing
    }
    var command = [mpirun, "-n", String(ranks)]
    if survivesRanks { command.append("--enable-recovery") }
    if ranks > slots { command.append("--oversubscribe") }
    command.append(ownPath)
    command += arguments
    var environment = [
      "OMPI_MCA_mpi_yield_when_idle": "1",
      "OMPI_MCA_hwloc_base_binding_policy": "none",
    ]
    if geteuid() == 0 {
      environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
      environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    }
    return Command(arguments: command, environment: environment)
  }

  /// Replaces this process by `mpirun -n ranks` of the same executable with `arguments` (without
  /// the program's name). Returns only by throwing.
  ///
  /// - Throws: as ``command(ranks:arguments:searchPath:)``, and
  ///   ``MessagePassingError/launcherFailed(path:reason:)``.
  public static func relaunch(
    ranks: Int, arguments: [String], survivesRanks: Bool = false
  ) throws(MessagePassingError) -> Never {
    let command = try command(
      ranks: ranks, arguments: arguments, survivesRanks: survivesRanks)
    for (name, value) in command.environment.sorted(by: { $0.key < $1.key }) {
      setenv(name, value, 0)
    }
    var pointers = command.arguments.map { strdup($0) }
    pointers.append(nil)
    execv(command.arguments[0], pointers)
    throw .launcherFailed(path: command.arguments[0], reason: String(cString: strerror(errno)))
  }

  /// Ranks that mpirun starts without `--oversubscribe`.
  private static var slots: Int {
    if let tasks = environmentValue("SLURM_NTASKS").flatMap(Int.init) { return tasks }
    return max(1, (sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 1) / 2)
  }

  private static var ownPath: String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = buffer.withUnsafeMutableBytes {
      readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard length > 0 else { return CommandLine.arguments[0] }
    return String(decoding: buffer.prefix(length), as: UTF8.self)
  }

  private static func find(_ program: String, in path: String) -> String? {
    path.split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
  }
}

/// Process number of the launcher (mpirun, orted or slurmstepd).
private let launcherProcess = Atomic<Int32>(0)

/// Asks the kernel to end this rank when its launcher has died, so that a `kill -9` of mpirun
/// leaves no rank behind that goes on writing to the record.
///
/// The kernel sends the signal when the *thread* that started us ends, and mpirun may start ranks
/// from a pool of threads: the handler therefore looks whether the launcher is really gone.
/// SIGURG, because by default it does nothing.
func endWithLauncher() {
  launcherProcess.store(getppid(), ordering: .sequentiallyConsistent)
  signal(SIGURG) { _ in
    if getppid() != launcherProcess.load(ordering: .relaxed) { _exit(128 + SIGKILL) }
  }
  _ = ompi_shim_signal_at_parent_death(SIGURG)
}
