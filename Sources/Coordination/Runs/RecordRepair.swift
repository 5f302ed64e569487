import RunRecord

extension RunRecord {
  /// Takes damaged chains out of the record, notes and says it; they are computed again.
  func repair(chains damaged: [Int], say: (String) -> Void) throws {
    guard !damaged.isEmpty else { return }
    try discard(chains: damaged)
    for k in damaged {
      let sentence =
        "what the record held of \(DamagedPart.chain(k)) failed its checksum; it is computed again"
      say(sentence)
      try note([IncidentRecord(kind: "record damaged", k: k > 0 ? k : nil, detail: sentence)])
    }
  }
}
