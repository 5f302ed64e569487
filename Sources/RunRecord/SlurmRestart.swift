/// This process's Slurm job, when Slurm has started it again.
///
/// Slurm starts a job again only when the earlier start is over for Slurm. Its process may live on
/// all the same, on a node whose network was cut: what it held is taken from it without waiting,
/// and the claim's token keeps it from writing another byte.
public struct SlurmRestart: Equatable, Sendable {
  /// SLURM_JOB_ID: the same for every start of the job.
  public var job: String
  /// When this start began, in seconds since 1970; nil where Slurm does not tell.
  public var began: Double?

  public init(job: String, began: Double?) {
    self.job = job
    self.began = began
  }

  /// From Slurm's variables; nil outside Slurm and in a job's first start.
  ///
  /// SLURM_JOB_START_TIME is set by recent versions of Slurm, and by the scripts in `slurm/`.
  public init?(environment: [String: String]) {
    guard let job = environment["SLURM_JOB_ID"], !job.isEmpty,
      let restarts = environment["SLURM_RESTART_COUNT"].flatMap(Int.init), restarts > 0
    else { return nil }
    self.init(job: job, began: environment["SLURM_JOB_START_TIME"].flatMap(Double.init))
  }

  /// Was `claim`, of an attempt in Slurm job `job`, made by an earlier start of this job?
  ///
  /// Two programs in one start of a job are refused as any two are.
  func succeeds(_ claim: ClaimRecord, of job: String?) -> Bool {
    self.job == job && began.map { claim.since < $0 } ?? true
  }
}
