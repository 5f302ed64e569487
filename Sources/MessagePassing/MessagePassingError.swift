/// What can go wrong between ranks or when ranks are started.
public enum MessagePassingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An MPI function returned an error; `reason` is MPI's own text.
  case mpi(function: String, reason: String)
  /// A rank outside 0..<size was named.
  case noSuchRank(Int, size: Int)
  /// The communicator was used after ``Communicator/finish()``.
  case finished
  /// No `mpirun` in any folder of PATH.
  case launcherMissing
  /// `mpirun` was found but could not be started.
  case launcherFailed(path: String, reason: String)
  /// In none of these folders can the small file be made that tells how the ranks ended.
  case noStatusFile(folders: [String])
  /// A number of ranks below one was asked for.
  case rankCount(Int)
  /// The program already runs as a rank; it can't start ranks of its own.
  case nested

  public var description: String {
    switch self {
    case .mpi(let function, let reason):
      "MPI failed in \(function): \(reason)"
    case .noSuchRank(let rank, let size):
      "there is no rank \(rank): ranks run from 0 to \(size - 1)"
    case .finished:
      "MPI has already been finalised in this process"
    case .launcherMissing:
      """
      mpirun was not found in any folder of PATH; install Open MPI (Debian: apt-get install \
      openmpi-bin) or load your cluster's module for it, or run with one rank
      """
    case .launcherFailed(let path, let reason):
      "\(path) could not be started: \(reason)"
    case .noStatusFile(let folders):
      """
      no file can be written in \(folders.joined(separator: " or ")), where the ranks would say how \
      they ended; make room there, or set TMPDIR to a folder that can be written
      """
    case .rankCount(let ranks):
      "\(ranks) ranks were asked for; at least 1 is needed"
    case .nested:
      """
      this process is already a rank of an MPI job; give the number of ranks to mpirun or srun, \
      not to the program as well
      """
    }
  }
}
