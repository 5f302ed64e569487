/// What decides every bit of a run's results. m and the number of iterations are not part of
/// it: a run can be extended.
public struct RunIdentity: Equatable, Sendable {
  /// Path of the data file, for messages only: the same data elsewhere are the same data.
  public var dataPath: String
  /// SHA-256 of the data file, hexadecimal.
  public var dataSHA256: String
  /// Digest of the imputation plan and the analyses, without m and iterations, hexadecimal.
  public var planDigest: String
  /// Version of the computations: two programs of the same engine version give the same bits.
  public var engineVersion: String
  /// Seed of the random streams.
  public var seed: UInt64

  public init(
    dataPath: String, dataSHA256: String, planDigest: String, engineVersion: String, seed: UInt64
  ) {
    self.dataPath = dataPath
    self.dataSHA256 = dataSHA256
    self.planDigest = planDigest
    self.engineVersion = engineVersion
    self.seed = seed
  }

  /// One item in which the record and the run asked for differ.
  public struct Difference: Equatable, Sendable, CustomStringConvertible {
    /// The item's name as the user reads it.
    public let item: String
    /// What the record holds.
    public let recorded: String
    /// What this run has.
    public let asked: String

    public init(item: String, recorded: String, asked: String) {
      self.item = item
      self.recorded = recorded
      self.asked = asked
    }

    public var description: String { "\(item): recorded \(recorded), now \(asked)" }
  }

  /// The items in which this identity (the recorded one) differs from the one asked for, in the
  /// order data, plan, engine version, seed.
  public func differences(from asked: RunIdentity) -> [Difference] {
    func short(_ digest: String) -> String { String(digest.prefix(12)) }
    var result: [Difference] = []
    if dataSHA256 != asked.dataSHA256 {
      result.append(
        Difference(
          item: "data", recorded: "\(dataPath) (SHA-256 \(short(dataSHA256))…)",
          asked: "\(asked.dataPath) (SHA-256 \(short(asked.dataSHA256))…)"))
    }
    if planDigest != asked.planDigest {
      result.append(
        Difference(
          item: "plan (targets, methods, predictors, analyses)",
          recorded: "digest \(short(planDigest))…", asked: "digest \(short(asked.planDigest))…"))
    }
    if engineVersion != asked.engineVersion {
      result.append(
        Difference(
          item: "engine version", recorded: engineVersion, asked: asked.engineVersion))
    }
    if seed != asked.seed {
      result.append(Difference(item: "seed", recorded: "\(seed)", asked: "\(asked.seed)"))
    }
    return result
  }
}

/// One figure of a trace: of which target, and which quantity.
public struct TraceColumn: Equatable, Sendable, Codable {
  /// The target; of a second visit in one iteration with the visit's number.
  public var target: String
  /// `mean`, `sd`, `residual.sd`, `intercept.sd`, `sd__x`, `cor__(Intercept).x`.
  public var quantity: String

  public init(target: String, quantity: String) {
    self.target = target
    self.quantity = quantity
  }
}

/// What the record says about the run as a whole (table `run`).
public struct RunDescription: Equatable, Sendable {
  public var identity: RunIdentity
  /// Version of the program that made the record.
  public var programVersion: String
  public var studyName: String
  /// The study as understood, all defaults written out.
  public var studyText: String
  /// Number of imputations asked for.
  public var m: Int
  /// Iterations per chain asked for.
  public var iterations: Int
  /// The figures that a trace holds for each iteration, in order; those of a target together.
  public var traceColumns: [TraceColumn]

  public init(
    identity: RunIdentity, programVersion: String, studyName: String, studyText: String, m: Int,
    iterations: Int, traceColumns: [TraceColumn]
  ) {
    self.identity = identity
    self.programVersion = programVersion
    self.studyName = studyName
    self.studyText = studyText
    self.m = m
    self.iterations = iterations
    self.traceColumns = traceColumns
  }
}
