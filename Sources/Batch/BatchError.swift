import Study
import Tabular

/// What stands in the way of a batch job.
public enum BatchError: Error, Sendable, Equatable {
  /// A setting from the environment or an option that cannot be; `place` is its variable or option.
  case setting(place: String, explanation: String)
  /// `config/cluster.yaml` was named by the user and is not there.
  case settingsAbsent(path: String, explanation: String)
  /// The batch scripts' common part is nowhere to be found.
  case commonPartAbsent(looked: [String])
  case noSlurm(command: String)
  /// Slurm's own words, one sentence.
  case refused(command: String, explanation: String)
  /// Elements cannot be submitted again without the script that `submit` wrote.
  case scriptAbsent(path: String, elements: String)
  /// More elements than chains.
  case tooManyElements(Int, imputations: Int)
  /// A folder whose name has a line break or another control character, or is longer than Slurm
  /// reads.
  case pathForDirective(String)
  /// A job of this script waits or runs already; `state` is Slurm's word.
  case inQueue(job: String, state: String)
}

extension BatchError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .setting(let place, let explanation): "\(place): \(explanation)"
    case .settingsAbsent(let path, let explanation):
      "the cluster's settings cannot be read from \(path): \(explanation)"
    case .commonPartAbsent(let looked):
      "the batch scripts' common part, slurm/common.sh, is not beside this program (looked in "
        + looked.joined(separator: ", ") + "); set DORMOUSE_SLURM to the folder that has it"
    case .noSlurm(let command):
      "there is no '\(command)' on this machine: submit from a login node of the cluster, or look "
        + "at the script with --dry-run"
    case .refused(let command, let explanation): "\(command) refused: \(explanation)"
    case .scriptAbsent(let path, let elements):
      "\(path) is not there, so the elements cannot be submitted from here; submit your own script "
        + "with sbatch --array=\(elements)"
    case .tooManyElements(let elements, let imputations):
      "--array \(elements) is more than the \(imputations) imputations there are to share out"
    case .pathForDirective(let path):
      "Slurm cannot be told the folder \(OutsideText.shellWord(String(path.prefix(80)))): a line of "
        + "a batch script holds neither line breaks and other control characters nor more than "
        + "4,000 bytes; choose another name (--output)"
    case .inQueue(let job, let state):
      "job \(job) does this already (\(state)), and goes back into the queue by itself until all "
        + "is done; to begin anew: scancel \(job), then submit again"
    }
  }
}
