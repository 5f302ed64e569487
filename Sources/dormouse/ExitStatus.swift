import ArgumentParser

/// Exit statuses, as `--help` documents them (sysexits.h where it has one).
enum ExitStatus {
  /// EX_DATAERR: the study file or the data are wrong.
  static let badInput = ExitCode(65)
  /// EX_SOFTWARE: a fit or the disk failed.
  static let failed = ExitCode(70)
  /// EX_CANTCREAT: the run's directory cannot be written, or belongs to another run.
  static let cannotWrite = ExitCode(73)
  /// Some chains failed; all others are finished and in the record.
  static let chainsFailed = ExitCode(81)
  /// With `--strict`: done, and a warning stands above the figures, such as that chains have not
  /// converged.
  static let warned = ExitCode(82)
  /// Stopped before the end; the same command carries on. Slurm's RequeueExit knows it.
  static let stopped = ExitCode(85)
}
