/// How far a chain is.
public enum ChainStatus: String, Sendable {
  /// Done: its imputed values and fits are in the record.
  case finished
  /// Stopped on the way: imputed values and sampler state of iteration `iterations` are there.
  case partial
  /// Ended by an error.
  case failed
}

/// Everything that is recorded of one chain.
public struct ChainRecord: Equatable, Sendable {
  /// Number of the chain, from 1.
  public var k: Int
  /// Iterations done.
  public var iterations: Int
  public var state: ChainStatus
  /// Imputed values: per target, in the plan's order, the values of its missing rows in row order.
  public var imputed: [[Double]]
  /// What the samplers need to go on; empty when nothing but the imputed values is needed.
  public var samplerState: [UInt8]
  /// Rank and node that computed it.
  public var rank: Int
  public var host: String
  /// Time spent on it in this attempt.
  public var seconds: Double
  /// What went wrong; nil unless failed.
  public var failure: String?
  /// Trace of the iterations done in this attempt.
  public var trace: [TraceSegment]
  public var fits: [FitRecord]
  public var events: [EventRecord]
  /// Donors' use in the last iteration; empty when none is known, and then what is recorded stays.
  public var donorUse: [DonorUseRecord] = []
  /// Visit by visit, when full logging was asked for; otherwise empty.
  public var log: [VisitRecord]

  public init(
    k: Int, iterations: Int, state: ChainStatus, imputed: [[Double]] = [],
    samplerState: [UInt8] = [], rank: Int = 0, host: String = "", seconds: Double = 0,
    failure: String? = nil, trace: [TraceSegment] = [], fits: [FitRecord] = [],
    events: [EventRecord] = [], log: [VisitRecord] = []
  ) {
    self.k = k
    self.iterations = iterations
    self.state = state
    self.imputed = imputed
    self.samplerState = samplerState
    self.rank = rank
    self.host = host
    self.seconds = seconds
    self.failure = failure
    self.trace = trace
    self.fits = fits
    self.events = events
    self.log = log
  }
}

/// One visit of one target, from the full log of a chain.
public struct VisitRecord: Equatable, Sendable {
  /// From 1.
  public var iteration: Int
  public var target: String
  /// Names of the figures, as in ``TraceColumn``; empty for a visit that failed.
  public var quantities: [String]
  /// Mean and SD of the imputed values, and the variance parameters drawn; NaN where there is none.
  public var figures: [Double]
  /// What the method remembers: for random slopes the factor Λ drawn, by columns.
  public var state: [Double]
  /// What went otherwise than asked; in the last row of a chain that failed, the reason.
  public var remarks: String

  public init(
    iteration: Int, target: String, quantities: [String], figures: [Double], state: [Double],
    remarks: String
  ) {
    self.iteration = iteration
    self.target = target
    self.quantities = quantities
    self.figures = figures
    self.state = state
    self.remarks = remarks
  }
}

/// Something that happened to a run and not to its figures: a rank that was lost, a checkpoint that
/// was damaged. Results do not depend on it.
public struct IncidentRecord: Equatable, Sendable {
  public var kind: String
  /// Seconds since 1970, UTC; set by the record.
  public var time = 0.0
  /// Attempt in which it happened; set by the record.
  public var attempt = 0
  /// Chain, rank and host concerned, where there are such.
  public var k: Int?
  public var rank: Int?
  public var host: String?
  /// A sentence.
  public var detail: String

  public init(
    kind: String, k: Int? = nil, rank: Int? = nil, host: String? = nil, detail: String
  ) {
    self.kind = kind
    self.k = k
    self.rank = rank
    self.host = host
    self.detail = detail
  }
}

/// Figures of consecutive iterations of one chain.
public struct TraceSegment: Equatable, Sendable {
  /// First iteration, from 1.
  public var firstIteration: Int
  /// Last iteration, included.
  public var lastIteration: Int
  /// Row by row: for each iteration the figures named by ``RunDescription/traceColumns``.
  public var values: [Double]

  public init(firstIteration: Int, lastIteration: Int, values: [Double]) {
    self.firstIteration = firstIteration
    self.lastIteration = lastIteration
    self.values = values
  }
}

/// One analysis model fitted to one completed data set, or to the complete cases (k = 0).
public struct FitRecord: Equatable, Sendable {
  /// Name of the analysis in the study file.
  public var model: String
  /// Rows used.
  public var n: Int
  /// Log-likelihood (REML or ML) on R's scale; nil when the model has none.
  public var logLikelihood: Double?
  /// Residual standard deviation; nil when the model has none.
  public var sigma: Double?
  public var isSingular: Bool
  public var isConverged: Bool
  public var seconds: Double
  public var estimates: [EstimateRecord]
  /// Covariance of the estimates, p × p, row by row; empty when the model gives none.
  public var covariance: [Double]
  /// Kenward and Roger's; empty when the fit has none.
  public var adjustedCovariance: [Double]
  public var termTests: [TermTestRecord]
  public var varianceComponents: [VarianceComponentRecord]
  /// What intervals of the variances of a random-intercept model are made of: r, f, SSE, n₀, then
  /// log S(θ²)(1 + n₀θ²) at nodes; empty for other models.
  public var varianceRatio: [Double]

  public init(
    model: String, n: Int, logLikelihood: Double? = nil, sigma: Double? = nil,
    isSingular: Bool = false, isConverged: Bool = true, seconds: Double = 0,
    estimates: [EstimateRecord] = [], covariance: [Double] = [],
    adjustedCovariance: [Double] = [], termTests: [TermTestRecord] = [],
    varianceComponents: [VarianceComponentRecord] = [], varianceRatio: [Double] = []
  ) {
    self.model = model
    self.n = n
    self.logLikelihood = logLikelihood
    self.sigma = sigma
    self.isSingular = isSingular
    self.isConverged = isConverged
    self.seconds = seconds
    self.estimates = estimates
    self.covariance = covariance
    self.adjustedCovariance = adjustedCovariance
    self.termTests = termTests
    self.varianceComponents = varianceComponents
    self.varianceRatio = varianceRatio
  }
}

/// One coefficient. Infinite degrees of freedom are stored as such.
public struct EstimateRecord: Equatable, Sendable {
  public var term: String
  public var estimate: Double
  public var standardError: Double
  /// Kenward and Roger's standard error; NaN when the fit has none.
  public var adjustedStandardError: Double
  /// Complete-data degrees of freedom by each rule; NaN where the rule has none.
  public var dfKenwardRoger: Double
  public var dfSatterthwaite: Double
  public var dfContainment: Double
  public var dfNlme: Double
  public var dfResidual: Double

  public init(
    term: String, estimate: Double, standardError: Double, adjustedStandardError: Double = .nan,
    dfKenwardRoger: Double = .nan, dfSatterthwaite: Double = .nan, dfContainment: Double,
    dfNlme: Double, dfResidual: Double
  ) {
    self.term = term
    self.estimate = estimate
    self.standardError = standardError
    self.adjustedStandardError = adjustedStandardError
    self.dfKenwardRoger = dfKenwardRoger
    self.dfSatterthwaite = dfSatterthwaite
    self.dfContainment = dfContainment
    self.dfNlme = dfNlme
    self.dfResidual = dfResidual
  }
}

/// The F test of one term of a fit.
public struct TermTestRecord: Equatable, Sendable {
  public var term: String
  /// The hypothesis Lβ = 0, k × p by columns.
  public var contrasts: [Double]
  /// k.
  public var numeratorDF: Double
  public var statistic: Double
  /// Kenward and Roger's statistic, and what they multiplied it by.
  public var scaledStatistic: Double?
  public var scaling: Double?
  /// Denominators by each rule; nil where the rule has none.
  public var dfKenwardRoger, dfSatterthwaite, dfContainment, dfNlme: Double?
  public var dfResidual: Double

  public init(
    term: String, contrasts: [Double], numeratorDF: Double, statistic: Double,
    scaledStatistic: Double? = nil, scaling: Double? = nil, dfKenwardRoger: Double? = nil,
    dfSatterthwaite: Double? = nil, dfContainment: Double? = nil, dfNlme: Double? = nil,
    dfResidual: Double
  ) {
    self.term = term
    self.contrasts = contrasts
    self.numeratorDF = numeratorDF
    self.statistic = statistic
    self.scaledStatistic = scaledStatistic
    self.scaling = scaling
    self.dfKenwardRoger = dfKenwardRoger
    self.dfSatterthwaite = dfSatterthwaite
    self.dfContainment = dfContainment
    self.dfNlme = dfNlme
    self.dfResidual = dfResidual
  }
}

/// One variance parameter of a fit.
public struct VarianceComponentRecord: Equatable, Sendable {
  /// Grouping factor, or "Residual".
  public var group: String
  /// What it is, in broom.mixed's words: `sd__(Intercept)`, `cor__(Intercept).x`, `icc`.
  public var term: String
  /// On its own scale.
  public var estimate: Double
  /// Standard error on the scale on which it is pooled (log SD, logit ICC); nil at the boundary.
  public var transformedStandardError: Double?
  /// The estimate is at the edge of what is possible (0, ±1).
  public var isBoundary: Bool

  public init(
    group: String, term: String, estimate: Double, transformedStandardError: Double?,
    isBoundary: Bool
  ) {
    self.group = group
    self.term = term
    self.estimate = estimate
    self.transformedStandardError = transformedStandardError
    self.isBoundary = isBoundary
  }
}

/// Something that must not be hidden, counted: a singular model, a dropped predictor, …
public struct EventRecord: Equatable, Sendable {
  /// Target that it happened to; empty when it concerns none.
  public var target: String
  /// Kind, a fixed word per kind.
  public var kind: String
  /// Column or cluster names, never a data value.
  public var detail: String
  public var fromIteration: Int
  public var toIteration: Int
  /// How often in those iterations.
  public var count: Int

  public init(
    target: String, kind: String, detail: String, fromIteration: Int, toIteration: Int, count: Int
  ) {
    self.target = target
    self.kind = kind
    self.detail = detail
    self.fromIteration = fromIteration
    self.toIteration = toIteration
    self.count = count
  }
}

/// How an attempt ended.
public enum AttemptOutcome: String, Sendable {
  case running, finished, stopped, failed
}

/// One start of the program on this run.
public struct AttemptRecord: Equatable, Sendable {
  /// Number in the record, from 1; 0 before it is recorded.
  public var id = 0
  /// Seconds since 1970, UTC.
  public var started = 0.0
  /// nil while running.
  public var stopped: Double?
  public var host: String
  public var pid: Int
  public var ranks: Int
  /// Processor model.
  public var processor: String
  /// nil outside Slurm.
  public var slurmJob: String?
  public var outcome = AttemptOutcome.running
  /// Versions of the program and of the libraries it uses.
  public var versions: String
  /// Slurm's count of restarts of the job; nil when it was not restarted, and outside Slurm.
  public var slurmRestart: Int?
  /// End of the time given, seconds since 1970; nil when there is no limit.
  public var deadline: Double?
  /// The chains asked for, as `--only` gives them; nil: all.
  public var chosen: String?
  /// Host of every rank, in order; empty when not known.
  public var hosts: [String] = []

  public init(
    host: String, pid: Int, ranks: Int, processor: String, slurmJob: String?, versions: String
  ) {
    self.host = host
    self.pid = pid
    self.ranks = ranks
    self.processor = processor
    self.slurmJob = slurmJob
    self.versions = versions
  }
}

/// Who may write to the record (table `claim`).
public struct ClaimRecord: Equatable, Sendable, CustomStringConvertible {
  /// Random, new for each opening.
  public var token: String
  public var host: String
  public var pid: Int
  /// Boot and process name space: where `pid` has a meaning.
  public var machine: String
  /// The process's start time in clock ticks after boot, so that a reused number is not mistaken.
  public var startTime: String
  /// Seconds since 1970, UTC.
  public var since: Double
  public var heartbeat: Double

  /// Whether it can be said at once that the process is no more: it was on this machine.
  public var isKnownDead: Bool {
    machine == ProcessIdentity.thisMachine
      && !ProcessIdentity.isAlive(pid: pid, startTime: startTime)
  }

  public var description: String {
    "process \(pid) on \(host), since \(utcTime(since))"
  }
}
