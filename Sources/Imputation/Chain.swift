import MixedModels
import Numerics

/// Mean and spread of one target's imputed values after one visit, and the parameters drawn.
public struct TracePoint: Sendable, Equatable {
  /// One for each of the target's ``ImputationPlan/traced``; NaN where there is none, such as the
  /// SD of a single value.
  public var figures: [Double]

  public init(figures: [Double]) { self.figures = figures }
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

/// What one visit did, in full: for the log of a chain that is looked into.
public struct VisitReport: Sendable, Equatable {
  /// The iteration under way, or just ended, from 1.
  public var iteration: Int
  public var target: String
  /// What the figures of `point` are; none for a visit that failed.
  public var quantities: [TracedQuantity]
  /// Values imputed and parameters drawn.
  public var point: TracePoint
  /// What the method remembers: for q > 1 the factor Λ just drawn, by columns; mostly empty.
  public var samplerState: [Double]
  /// Kinds of what went otherwise than asked, with the columns concerned.
  public var remarks: [String]

  public init(
    iteration: Int, target: String, quantities: [TracedQuantity], point: TracePoint,
    samplerState: [Double], remarks: [String]
  ) {
    self.iteration = iteration
    self.target = target
    self.quantities = quantities
    self.point = point
    self.samplerState = samplerState
    self.remarks = remarks
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
  /// How everything stood after the last whole iteration. Arrays are shared until a visit replaces
  /// them, so that this costs next to nothing.
  private var boundary: Boundary

  private struct Boundary {
    var iteration: Int
    var imputed: [[Double]]
    var samplerStates: [[Double]]
    var log: EventLog
    var traced: Int
  }

  /// Starts imputation `imputation` from random observed values, or carries it on from `state`.
  public init(plan: ImputationPlan, imputation: Int, state: ChainState? = nil) {
    self.plan = plan
    self.imputation = imputation
    iteration = state?.iteration ?? 0
    boundary = Boundary(
      iteration: iteration, imputed: [], samplerStates: [], log: EventLog(), traced: 0)
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
    noteBoundary()
  }

  /// Updates one target; true when that ended an iteration.
  public mutating func step() throws(ChainError) -> Bool {
    guard !plan.visit.isEmpty else {
      iteration += 1
      trace.append([])
      noteBoundary()
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
    noteBoundary()
    return true
  }

  /// Runs whole iterations until `last` are done.
  public mutating func run(to last: Int) throws(ChainError) {
    while iteration < last { _ = try step() }
  }

  private mutating func noteBoundary() {
    boundary = Boundary(
      iteration: iteration, imputed: imputed, samplerStates: views.map(\.samplerState), log: log,
      traced: trace.count)
  }

  /// The state after the last whole iteration, at any time: a checkpoint need not wait until the
  /// iteration under way has ended.
  public var state: ChainState {
    ChainState(
      iteration: boundary.iteration,
      imputed: plan.targets.map { Self.toFileOrder(boundary.imputed[$0.variable], $0, plan) },
      samplerStates: boundary.samplerStates)
  }

  /// The trace of the whole iterations since this object began.
  public var wholeTrace: ArraySlice<[TracePoint]> { trace.prefix(boundary.traced) }

  /// Events of the whole iterations since this object began.
  public var wholeLog: EventLog { boundary.log }

  /// What the last visit did, ended or failed; nil before the first.
  public var lastVisit: VisitReport? {
    guard !plan.visit.isEmpty, !trace.isEmpty else { return nil }
    let visited = (nextVisit == 0 ? plan.visit.count : nextVisit) - 1
    let view = views[plan.visit[visited]]
    return VisitReport(
      iteration: nextVisit == 0 ? iteration : iteration + 1, target: view.plan.name,
      quantities: view.plan.traced, point: trace[trace.count - 1][visited],
      samplerState: view.samplerState,
      remarks: remarks(view).map { remark in
        remark.kind.rawValue + (remark.detail.isEmpty ? "" : ": \(remark.detail)")
      })
  }

  /// Per target how often donors were borrowed in its latest visit; nil for methods that borrow no
  /// values and for targets that this object has not visited.
  public var donorUse: [DonorUse?] { views.map(\.donorUse) }

  /// Whether the chain stands between two iterations.
  public var isBetweenIterations: Bool { nextVisit == 0 }

  private mutating func note(_ view: TargetView, iteration: Int) {
    for remark in remarks(view) {
      log.record(
        remark.kind, target: view.plan.name, detail: remark.detail, iteration: iteration)
    }
  }

  /// What went otherwise than asked in a view's last visit.
  private func remarks(_ view: TargetView) -> [(kind: EventKind, detail: String)] {
    let target = view.plan
    var result: [(kind: EventKind, detail: String)] = view.remarks.map { remark in
      switch remark {
      case .collinear(let position): (.collinear, target.columnNames[position])
      case .singular: (.singular, "")
      case .varianceHeld(let clusters, let needed):
        (.varianceHeld, "\(clusters) clusters, \(needed) needed")
      case .noResidualVariation: (.varianceHeld, "no residual variation within clusters")
      case .perfectFit: (.perfectFit, "")
      case .notEvaluated: (.varianceHeld, "its likelihood is beyond the computer's numbers")
      }
    }
    if view.lacksDonors { result.append((.fewDonors, "")) }
    if target.isTwoLevel && target.emptyClusters > 0 {
      result.append((.emptyClusters, "\(target.emptyClusters) clusters"))
    }
    return result
  }

  private static func tracePoint(_ values: [Double], _ view: TargetView) -> TracePoint {
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    var figures = [mean, values.count > 1 ? (squares / (n - 1)).squareRoot() : .nan] + view.drawn
    let missing = view.plan.traced.count - figures.count
    if missing > 0 { figures += Array(repeating: .nan, count: missing) }
    return TracePoint(figures: figures)
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
