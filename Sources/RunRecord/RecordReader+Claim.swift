extension RecordReader {
  /// Who writes to each of `records` at present, and why that must be believed; nil for one that
  /// nobody writes to, or only a process that is dead.
  ///
  /// Claims of other machines are watched together, for up to `options.staleAfter` seconds: one
  /// whose heartbeat does not change in that time counts as dead.
  public static func liveClaims(
    of records: [RecordReader], _ options: ClaimOptions = ClaimOptions()
  ) throws(RunRecordError) -> [(claim: ClaimRecord, why: ClaimRefusal)?] {
    var live: [(claim: ClaimRecord, why: ClaimRefusal)?] = []
    for record in records {
      guard let claim = try record.claim(),
        let why = Claim.refusal(claim, slurmJob: nil, options, dead: nil)
      else {
        live.append(nil)
        continue
      }
      live.append((claim, why))
    }
    var unsure = live.indices.filter { live[$0]?.why == .elsewhere }
    guard let first = unsure.first.flatMap({ live[$0]?.claim }) else { return live }
    options.watching(first)
    let begin = options.monotonic()
    while !unsure.isEmpty && options.monotonic() - begin < options.staleAfter {
      options.pause(1)
      var still: [Int] = []
      for index in unsure {
        let now = try records[index].claim()
        if now == nil {
          live[index] = nil
        } else if now == live[index]?.claim {
          still.append(index)
        }
      }
      unsure = still
    }
    for index in unsure { live[index] = nil }
    return live
  }
}
