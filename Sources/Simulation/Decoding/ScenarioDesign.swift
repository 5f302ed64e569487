/// One scenario, everything decided: how its data are generated and made incomplete.
///
/// A replicate is
///
///     let streams = ReplicateStreams(seed: seed, task: replicate)
///     let complete = try scenario.trial.generate(using: streams)
///     let incomplete = try scenario.missingness.ampute(complete, using: streams)
///
/// and ``canonicalText`` is the content that a replicate's identity hashes, besides the seed and
/// the replicate's number: it holds every setting and the source trial's digest, but no name of a
/// scenario and no path.
public struct ScenarioDesign: Sendable, Equatable {
  public var trial: TrialDesign
  public var missingness: MissingnessRules

  package init(trial: TrialDesign, missingness: MissingnessRules) {
    self.trial = trial
    self.missingness = missingness
  }

  package var canonicalText: String { trial.canonicalText + missingness.canonicalText }
}
