/// Everything that is recorded of one replicate of a simulation study.
public struct ReplicateRecord: Equatable, Sendable {
  /// Digest of the scenario's content: the same whatever its place in the study.
  public var scenario: String
  /// Number of the replicate, from 1.
  public var replicate: Int
  /// Rank and node that computed it.
  public var rank: Int
  public var host: String
  /// Time spent on it.
  public var seconds: Double
  /// What every method gave; laid out by whoever writes it (docs/record.md).
  public var results: [UInt8]
  /// How many methods gave nothing.
  public var failures: Int

  public init(
    scenario: String, replicate: Int, rank: Int = 0, host: String = "", seconds: Double = 0,
    results: [UInt8], failures: Int = 0
  ) {
    self.scenario = scenario
    self.replicate = replicate
    self.rank = rank
    self.host = host
    self.seconds = seconds
    self.results = results
    self.failures = failures
  }
}

/// A scenario as the record keeps it.
public struct ScenarioRecord: Equatable, Sendable {
  /// Place in the study, from 1.
  public var position: Int
  public var digest: String
  /// Its factors' values in words.
  public var label: String
  /// What decides its replicates, as text; `digest` is the digest of this.
  public var content: String
  /// Replicates asked for.
  public var replicates: Int

  public init(position: Int, digest: String, label: String, content: String, replicates: Int) {
    self.position = position
    self.digest = digest
    self.label = label
    self.content = content
    self.replicates = replicates
  }
}

/// How much of a scenario is in the record, and how long it took.
public struct ScenarioTally: Equatable, Sendable {
  public var digest: String
  /// Replicates in the record.
  public var count: Int
  /// Mean time of a replicate, in seconds.
  public var meanSeconds: Double
  /// Results of methods that are missing, summed over replicates.
  public var failures: Int
}
