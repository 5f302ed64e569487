import MixedModels
import Numerics

/// Mean and spread of one target's imputed values after one visit, and the parameters drawn.
public struct TracePoint: Sendable, Equatable {
  public var mean: Double
  /// Standard deviation, n − 1; NaN for a single value.
  public var sd: Double
  /// Residual standard deviation drawn; NaN for methods without one.
  public var residualSD: Double
  /// Standard deviation of the random intercept drawn; NaN for single-level methods.
  public var interceptSD: Double

  public init(mean: Double, sd: Double, residualSD: Double, interceptSD: Double) {
    self.mean = mean
    self.sd = sd
    self.residualSD = residualSD
    self.interceptSD = interceptSD
  }
}

/// Everything needed to carry a chain on: no generator state is among it (the random numbers of an
/// iteration follow from its number).
public struct ChainState: Sendable, Equatable {
  /// Iterations done.
  public var iteration: Int
  /// Per target its imputed values, in increasing order of original row.
  public var imputed: [[Double]]
  /// Per target what its method remembers; mostly empty.
  public var samplerStates: [[Double]]

  public init(iteration: Int, imputed: [[Double]], samplerStates: [[Double]]) {
    self.iteration = iteration
    self.imputed = imputed
    self.samplerStates = samplerStates
  }
}

/// Why a chain stopped: which target in which iteration, and what the model said.
public struct ChainError: Error, Equatable, CustomStringConvertible {
  public var imputation: Int
  public var iteration: Int
  public var target: String
  public var cause: TwoLevelError

  public init(imputation: Int, iteration: Int, target: String, cause: TwoLevelError) {
    self.imputation = imputation
    self.iteration = iteration
    self.target = target
    self.cause = cause
  }

  public var description: String {
    "imputation \(imputation), iteration \(iteration), \(target): \(cause)"
  }
}

/// One chain of chained equations: imputation k, a pure function of (data, specification, k).
///
/// The chain advances one visit (one target's update) per ``step()``, so that its owner can answer
/// messages in between.
public struct Chain {
  public let plan: ImputationPlan
  /// Number k of the imputation, from 1.
  public let imputation: Int
  /// Iterations done.
  public private(set) var iteration: Int
  public private(set) var log = EventLog()
  /// Per iteration since this object began, per visit.
  public private(set) var trace: [[TracePoint]] = []
  private var nextVisit = 0
  private var views: [TargetView]
  /// Per variable its imputed cells in plan order; empty for complete variables.
  private var imputed: [[Double]]

  /// Starts imputation `imputation` from random observed values, or carries it on from `state`.
  public init(plan: ImputationPlan, imputation: Int, state: ChainState? = nil) {
    self.plan = plan
    self.imputation = imputation
    iteration = state?.iteration ?? 0
    views = plan.targets.map { TargetView(plan: $0, imputation: plan) }
    imputed = Array(repeating: [], count: plan.variables.count)
    for (t, target) in plan.targets.enumerated() {
      if let state {
        imputed[target.variable] = Self.toPlanOrder(state.imputed[t], target, plan)
        views[t].samplerState = state.samplerStates[t]
      } else {
        var stream = RandomStream(
          StreamAddress(
            seed: plan.specification.seed, task: UInt32(imputation), iteration: 0,
            target: UInt32(t)))
        let observed = views[t].observed
        imputed[target.variable] = (0..<target.missingRows.count).map { _ in
          observed[stream.index(below: observed.count)]
        }
      }
    }
  }

  /// Updates one target; true when that ended an iteration.
  public mutating func step() throws(ChainError) -> Bool {
    guard !plan.visit.isEmpty else {
      iteration += 1
      trace.append([])
      return true
    }
    let current = iteration + 1
    let t = plan.visit[nextVisit]
    let target = plan.targets[t]
    var stream = RandomStream(
      StreamAddress(
        seed: plan.specification.seed, task: UInt32(imputation), iteration: UInt32(current),
        target: UInt32(nextVisit)))
    views[t].refresh(from: imputed)
    do {
      imputed[target.variable] = try target.method.impute(&views[t], using: &stream)
    } catch {
      throw ChainError(
        imputation: imputation, iteration: current, target: target.name, cause: error)
    }
    views[t].endVisit()
    note(views[t], iteration: current)
    if nextVisit == 0 { trace.append([]) }
    trace[trace.count - 1].append(
      Self.tracePoint(imputed[target.variable], views[t]))
    nextVisit += 1
    guard nextVisit == plan.visit.count else { return false }
    nextVisit = 0
    iteration = current
    return true
  }

  /// Runs whole iterations until `last` are done.
  public mutating func run(to last: Int) throws(ChainError) {
    while iteration < last { _ = try step() }
  }

  /// The state after the last whole iteration.
  ///
  /// - Precondition: no iteration is half done.
  public var state: ChainState {
    precondition(nextVisit == 0, "a chain's state exists between iterations only")
    return ChainState(
      iteration: iteration,
      imputed: plan.targets.map { Self.toFileOrder(imputed[$0.variable], $0, plan) },
      samplerStates: views.map(\.samplerState))
  }

  /// Per target how often donors were borrowed in its latest visit; nil for methods that borrow no
  /// values and for targets that this object has not visited.
  public var donorUse: [DonorUse?] { views.map(\.donorUse) }

  /// Whether the chain stands between two iterations.
  public var isBetweenIterations: Bool { nextVisit == 0 }

  private mutating func note(_ view: TargetView, iteration: Int) {
    let target = view.plan
    for remark in view.remarks {
      switch remark {
      case .collinear(let position):
        log.record(
          .collinear, target: target.name, detail: target.columnNames[position],
          iteration: iteration)
      case .singular: log.record(.singular, target: target.name, iteration: iteration)
      case .varianceHeld(let clusters, let needed):
        log.record(
          .varianceHeld, target: target.name, detail: "\(clusters) clusters, \(needed) needed",
          iteration: iteration)
      case .noResidualVariation:
        log.record(
          .varianceHeld, target: target.name, detail: "no residual variation within clusters",
          iteration: iteration)
      case .perfectFit: log.record(.perfectFit, target: target.name, iteration: iteration)
      }
    }
    if view.lacksDonors { log.record(.fewDonors, target: target.name, iteration: iteration) }
    if target.isTwoLevel && target.emptyClusters > 0 {
      log.record(
        .emptyClusters, target: target.name, detail: "\(target.emptyClusters) clusters",
        iteration: iteration)
    }
  }

  private static func tracePoint(_ values: [Double], _ view: TargetView) -> TracePoint {
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return TracePoint(
      mean: mean, sd: values.count > 1 ? (squares / (n - 1)).squareRoot() : .nan,
      residualSD: view.residualSD, interceptSD: view.interceptSD)
  }

  /// Positions of a target's missing cells in increasing order of original row.
  private static func fileOrder(_ target: TargetPlan, _ plan: ImputationPlan) -> [Int] {
    target.missingRows.indices.sorted {
      plan.rowOrder[Int(target.missingRows[$0])] < plan.rowOrder[Int(target.missingRows[$1])]
    }
  }

  private static func toFileOrder(
    _ values: [Double], _ target: TargetPlan, _ plan: ImputationPlan
  ) -> [Double] {
    fileOrder(target, plan).map { values[$0] }
  }

  private static func toPlanOrder(
    _ values: [Double], _ target: TargetPlan, _ plan: ImputationPlan
  ) -> [Double] {
    var result = values
    for (place, position) in fileOrder(target, plan).enumerated() {
      result[position] = values[place]
    }
    return result
  }
}
