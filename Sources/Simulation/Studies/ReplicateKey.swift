import Tabular

/// What decides every random number of a replicate: a Philox key of its own.
///
/// The first 64 bits of the SHA-256 of the study's seed, the scenario's content
/// (``ScenarioDesign/canonicalText``) and the replicate's number. Nothing else goes in: not the
/// scenario's place or name, not the other scenarios, not the methods. So a study that grows keeps
/// its replicates, and all methods see the same data (common random numbers). Two of n replicates
/// share a key with probability n²/2⁶⁵: 3 in a million for ten million replicates.
struct ReplicateKey: Sendable, Hashable {
  let seed: UInt64

  init(studySeed: UInt64, content: String, replicate: Int) {
    let text = "dormouse replicate 1\nseed \(studySeed)\nreplicate \(replicate)\n\(content)"
    seed = UInt64(sha256(of: Array(text.utf8)).prefix(16), radix: 16) ?? 0
  }

  /// The streams of data generation; chains have the same seed and tasks from 1.
  var streams: ReplicateStreams { ReplicateStreams(seed: seed, task: 0) }
}
