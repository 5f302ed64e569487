import COpenMPI
import Glibc
import Synchronization

/// Wishes to stop that have reached the supervisor.
private let wishes = Atomic<Int>(0)

/// Runs this program as several ranks under `mpirun --enable-recovery` and watches over it.
///
/// With that option a rank that dies takes no other along, but mpirun's own exit status is always
/// 0, and rank 0 says its status in a file instead. This process starts itself once more as the
/// one that becomes mpirun, hands on the wishes to stop, and ends with rank 0's status:
///
/// - SIGTERM, SIGINT, SIGUSR1: the first two reach the ranks as SIGUSR1 (mpirun would kill them one
///   second after a SIGTERM); a third ends mpirun, and so does the first before MPI is up.
/// - When this process is killed, mpirun is ended by the kernel, and the ranks with it.
/// - When a rank dies while MPI starts, or rank 0 later, or MPI does not come up within five minutes,
///   the job is ended with a sentence and status 137, as after a kill.
/// - When rank 0 has said its status and mpirun does not end within a minute, it is ended.
public enum Supervisor {
  private static let statusVariable = "DORMOUSE_STATUS_FILE"
  private static let parentVariable = "DORMOUSE_SUPERVISOR"
  /// As a shell says that a process was killed.
  private static let killed: Int32 = 128 + SIGKILL

  /// Is this process to become mpirun on behalf of a supervisor?
  public static var isLauncher: Bool {
    environmentValue(parentVariable) != nil && !MPICommunicator.isLaunched
  }

  /// Starts this program again with the same arguments, as the launcher, and waits for its end.
  ///
  /// - Returns: the exit status to end with.
  /// - Throws: ``MessagePassingError/launcherFailed(path:reason:)``,
  ///   ``MessagePassingError/noStatusFile(folders:)``.
  public static func run() throws(MessagePassingError) -> Int32 {
    let (folder, file) = try jobFolder()
    defer { folder.remove() }
    setenv(statusVariable, file, 1)
    // The names of sockets in MPI's folders must be short.
    if isLocal, folder.path.utf8.count <= 40 {
      setenv("OMPI_MCA_orte_tmpdir_base", folder.path, 0)
    }
    setenv(parentVariable, "\(getpid())", 1)
    catchSignals()
    let child = try spawn()
    return watch(child, file: file)
  }

  /// In the process that becomes mpirun: asks the kernel to end it when the supervisor dies.
  public static func prepareLauncher() {
    _ = ompi_shim_signal_at_parent_death(SIGTERM)
    if environmentValue(parentVariable) != "\(getppid())" { endProcess(killed) }
    unsetenv(parentVariable)
  }

  /// On rank 0, when MPI is up: tells the supervisor, if there is one, which process it is.
  public static func sayHello() { say("\(getpid()) running") }

  /// On rank 0, at its end: tells the supervisor, if there is one, the status to end with.
  ///
  /// - Returns: the status for rank 0 itself: 0 when the supervisor knows, because mpirun makes
  ///   much noise about any other.
  public static func report(status: Int32) -> Int32 {
    say("\(getpid()) \(status)") ? 0 : status
  }

  @discardableResult private static func say(_ text: String) -> Bool {
    guard let path = environmentValue(statusVariable) else { return false }
    // Over what is there: on a full disk only room that the file has already is sure.
    let descriptor = open(path, O_WRONLY)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return write(text, to: descriptor)
  }

  /// Writes `text`, filled up to the file's length.
  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)
    bytes += [UInt8](repeating: 0x20, count: max(0, statusLength - bytes.count))
    return bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
      == bytes.count
  }

  // MARK: - The supervisor's side

  private static func catchSignals() {
    for number in [SIGTERM, SIGINT, SIGUSR1] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in
        wishes.wrappingAdd(1, ordering: .relaxed)
      }
      sigaction(number, &action, nil)
    }
  }

  private static let statusLength = 64

  /// Makes the folder of this job and in it the file in which rank 0 says its status, with room for
  /// it: without, a job that was stopped could not be told from one that was done.
  private static func jobFolder() throws(MessagePassingError) -> (JobFolder, status: String) {
    let folders = [environmentValue("TMPDIR"), "/tmp", "/dev/shm"].compactMap { $0 }
    for place in folders {
      guard let folder = JobFolder.make(in: [place]) else { continue }
      let path = "\(folder.path)/status"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if descriptor >= 0 {
        defer { close(descriptor) }
        if write("", to: descriptor) { return (folder, path) }
      }
      folder.remove()
    }
    throw .noStatusFile(folders: folders)
  }

  /// In a process group of its own: a terminal's Ctrl-C is for this process to interpret.
  private static func spawn() throws(MessagePassingError) -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    var arguments = CommandLine.arguments.map { strdup($0) }
    arguments.append(nil)
    var pid = pid_t()
    let code = posix_spawn(
      &pid, "/proc/self/exe", &actions, &attributes, arguments, environ)
    guard code == 0 else {
      throw .launcherFailed(
        path: CommandLine.arguments[0], reason: String(cString: strerror(code)))
    }
    return pid
  }

  private static func watch(_ child: pid_t, file: String) -> Int32 {
    var handedOn = 0
    var looks = 0
    var deadFor = 0
    var doneFor = 0
    var isToldEarly = false
    var cameUp = false
    var ranks = RankCount(launcher: child)
    while true {
      var status: Int32 = 0
      if waitpid(child, &status, WNOHANG) == child {
        return isToldEarly && said(in: file).isEmpty
          ? 128 + SIGTERM : result(status, file: file)
      }
      usleep(50_000)
      let wanted = wishes.load(ordering: .relaxed)
      while handedOn < wanted {
        handedOn += 1
        let isUp = !said(in: file).isEmpty
        kill(child, handedOn <= 2 && isUp ? SIGUSR1 : SIGTERM)
        isToldEarly = isToldEarly || !isUp
      }
      looks += 1
      if !cameUp, looks % 5 == 0 {
        cameUp = !said(in: file).isEmpty
        if !cameUp, ranks.hasLostOne() {
          writeToStandardError(
            "a rank was lost while MPI was starting, before anything was computed; the job is ended, "
              + "and the same command tries again")
          return end(child)
        }
      }
      guard looks % 20 == 0 else { continue }
      // Once a second: does rank 0 live? (It may be on another node; then nothing is known.)
      let words = said(in: file)
      if words.count == 2, words[1] == "running", let pid = pid_t(words[0]) {
        deadFor = kill(pid, 0) != 0 && errno == ESRCH && isLocal ? deadFor + 1 : 0
      }
      if words.count == 2, let code = Int32(words[1]) {
        doneFor += 1
        if doneFor > 60 {
          _ = end(child)
          return code
        }
      }
      cameUp = cameUp || !words.isEmpty
      if deadFor >= 3 {
        writeToStandardError(
          "rank 0 was lost; the job is ended, what was announced is kept, and the same command "
            + "carries on")
        return end(child)
      }
      // The ranks' own watch comes first, and says more.
      if !cameUp, looks > 20 * (StallWatch.startLimit + 10) {
        writeToStandardError(
          "MPI did not start within \(StallWatch.startLimit) s; the job is ended, and the same "
            + "command tries again")
        return end(child)
      }
    }
  }

  /// Whether mpirun starts rank 0 on this node: not when hosts were given to it by other means.
  private static var isLocal: Bool {
    ["OMPI_MCA_orte_default_hostfile", "SLURM_JOB_NUM_NODES"].allSatisfy {
      environmentValue($0) == nil || environmentValue($0) == "1"
    }
  }

  private static func end(_ child: pid_t) -> Int32 {
    kill(child, SIGTERM)
    var status: Int32 = 0
    for _ in 0..<100 {
      if waitpid(child, &status, WNOHANG) == child { return killed }
      usleep(50_000)
    }
    kill(child, SIGKILL)
    return killed
  }

  private static func said(in file: String) -> [Substring] {
    let descriptor = open(file, O_RDONLY)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, 64) }
    guard count > 0 else { return [] }
    return String(decoding: buffer.prefix(count), as: UTF8.self)
      .split(whereSeparator: \.isWhitespace)
  }

  private static func result(_ status: Int32, file: String) -> Int32 {
    let words = said(in: file)
    if words.count == 2, let code = Int32(words[1]) { return code }
    let signal = status & 0x7f
    if signal != 0 { return 128 + signal }
    let code = (status >> 8) & 0xff
    // mpirun's 0 says nothing: rank 0 never told its end.
    return code == 0 ? killed : code
  }
}
