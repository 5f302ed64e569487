extension RecordReader {
  /// Who writes to the record at present, and why that must be believed; nil when nobody does, or
  /// only a process that is dead or counts as dead.
  public func liveClaim(
    _ options: ClaimOptions = ClaimOptions()
  ) throws(RunRecordError) -> (claim: ClaimRecord, why: ClaimRefusal)? {
    guard let claim = try claim() else { return nil }
    return Claim.refusal(claim, slurmJob: nil, options).map { (claim, $0) }
  }
}
