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
  /// Per target what its method remembers, as the method writes it; mostly empty.
  public var samplerStates: [[UInt8]]

  public init(iteration: Int, imputed: [[Double]], samplerStates: [[UInt8]]) {
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

/// Why a chain stopped: which target in which iteration, and what the method said.
public struct ChainError: Error, CustomStringConvertible {
  public var imputation: Int
  public var iteration: Int
  public var target: String
  public var cause: any MethodFailure

  public init(imputation: Int, iteration: Int, target: String, cause: any MethodFailure) {
    self.imputation = imputation
    self.iteration = iteration
    self.target = target
    self.cause = cause
  }

  public var description: String {
    "imputation \(imputation), iteration \(iteration), \(target): \(cause)"
  }
}

/// What is left of an error that is no ``MethodFailure``: a state that was written by another
/// program.
struct OtherFailure: MethodFailure {
  let description: String
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
  private var store: VariableStore
  /// Per target its method and what that remembers, and what need not be computed again.
  private var samplers: [any TargetSampler]
  private var memories: [TargetMemory]
  /// Per variable its imputed cells in plan order; empty for complete variables.
  private var imputed: [[Double]]
  /// Per target the donors of its latest visit.
  private var donors: [[Int32]]
  /// What the latest visit said.
  private var visitLog = VisitLog()
  /// How everything stood after the last whole iteration. Arrays are shared until a visit replaces
  /// them, so that this costs next to nothing.
  private var boundary: Boundary

  private struct Boundary {
    var iteration: Int
    var imputed: [[Double]]
    var samplers: [any TargetSampler]
    var log: EventLog
    var traced: Int
  }

  /// Cross-products and the like that a chain keeps between visits, of all targets together; what
  /// does not fit is computed again, since with hundreds of targets it would fill the machine.
  private static let mostBytesKept = 4 << 20

  /// Starts imputation `imputation` from random observed values, or carries it on from `state`.
  ///
  /// - Throws: when `state` is not of this plan.
  public init(plan: ImputationPlan, imputation: Int, resuming state: ChainState) throws {
    self.init(plan: plan, imputation: imputation)
    guard state.imputed.count == plan.targets.count,
      state.samplerStates.count == plan.targets.count,
      zip(state.imputed, plan.targets).allSatisfy({ $0.count == $1.missingRows.count })
    else {
      throw OtherFailure(description: "the chain's state is of another plan")
    }
    iteration = state.iteration
    for (t, target) in plan.targets.enumerated() {
      imputed[target.variable] = Self.toPlanOrder(state.imputed[t], target, plan)
      store.set(
        imputed[target.variable], rows: target.missingRows, of: target.variable)
      try samplers[t].restore(state.samplerStates[t])
    }
    noteBoundary()
  }

  /// Starts imputation `imputation` from random observed values.
  public init(plan: ImputationPlan, imputation: Int) {
    self.plan = plan
    self.imputation = imputation
    iteration = 0
    store = VariableStore(plan)
    samplers = plan.targets.map { $0.method.sampler }
    memories = Array(repeating: TargetMemory(), count: plan.targets.count)
    donors = Array(repeating: [], count: plan.targets.count)
    imputed = Array(repeating: [], count: plan.variables.count)
    boundary = Boundary(iteration: 0, imputed: [], samplers: [], log: EventLog(), traced: 0)
    for (t, target) in plan.targets.enumerated() {
      var stream = RandomStream(
        StreamAddress(
          seed: plan.specification.seed, task: UInt32(imputation), iteration: 0,
          target: UInt32(t)))
      let cells = plan.variables[target.variable].cells
      let observed: [Double]
      switch target.units {
      case .rows: observed = cells.filter { !$0.isNaN }
      case .clusters(_, let rows, _, _): observed = rows.map { cells[Int($0)] }
      }
      let values = (0..<target.missingUnitCount).map { _ in
        observed[stream.index(below: observed.count)]
      }
      imputed[target.variable] = target.cellValues(values, cells: cells)
      store.set(imputed[target.variable], rows: target.missingRows, of: target.variable)
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
    let values = try impute(t, iteration: current, using: &stream)
    imputed[target.variable] = target.cellValues(values, cells: store.cells[target.variable])
    store.set(imputed[target.variable], rows: target.missingRows, of: target.variable)
    note(target, iteration: current)
    if nextVisit == 0 { trace.append([]) }
    trace[trace.count - 1].append(Self.tracePoint(values, target, visitLog))
    nextVisit += 1
    guard nextVisit == plan.visit.count else { return false }
    nextVisit = 0
    iteration = current
    noteBoundary()
    return true
  }

  /// One visit: lends the store and the target's memory to the method.
  private mutating func impute(
    _ t: Int, iteration: Int, using stream: inout RandomStream
  ) throws(ChainError) -> [Double] {
    var lent = VariableStore.lent
    swap(&lent, &store)
    var memory = TargetMemory()
    swap(&memory, &memories[t])
    var view = TargetView(plan: plan.targets[t], imputation: plan, store: lent, memory: memory)
    lent = VariableStore.lent
    memory = TargetMemory()
    defer {
      swap(&view.store, &store)
      visitLog = view.log
      donors[t] = view.log.donors
    }
    do {
      let values = try samplers[t].impute(&view, using: &stream)
      let kept = memories.reduce(0) { $0 + $1.byteCount } + view.memory.byteCount
      if kept <= Self.mostBytesKept { swap(&view.memory, &memories[t]) }
      return values
    } catch {
      throw ChainError(
        imputation: imputation, iteration: iteration, target: plan.targets[t].name,
        cause: error as? any MethodFailure ?? OtherFailure(description: "\(error)"))
    }
  }

  /// Runs whole iterations until `last` are done.
  public mutating func run(to last: Int) throws(ChainError) {
    while iteration < last { _ = try step() }
  }

  private mutating func noteBoundary() {
    boundary = Boundary(
      iteration: iteration, imputed: imputed, samplers: samplers, log: log,
      traced: trace.count)
  }

  /// The state after the last whole iteration, at any time: a checkpoint need not wait until the
  /// iteration under way has ended.
  public var state: ChainState {
    ChainState(
      iteration: boundary.iteration,
      imputed: plan.targets.map { Self.toFileOrder(boundary.imputed[$0.variable], $0, plan) },
      samplerStates: boundary.samplers.map(\.state))
  }

  /// The trace of the whole iterations since this object began.
  public var wholeTrace: ArraySlice<[TracePoint]> { trace.prefix(boundary.traced) }

  /// Events of the whole iterations since this object began.
  public var wholeLog: EventLog { boundary.log }

  /// What the last visit did, ended or failed; nil before the first.
  public var lastVisit: VisitReport? {
    guard !plan.visit.isEmpty, !trace.isEmpty else { return nil }
    let visited = (nextVisit == 0 ? plan.visit.count : nextVisit) - 1
    let t = plan.visit[visited]
    let target = plan.targets[t]
    return VisitReport(
      iteration: nextVisit == 0 ? iteration : iteration + 1, target: target.name,
      quantities: target.traced, point: trace[trace.count - 1][visited],
      samplerState: samplers[t].figures,
      remarks: remarks(target).map { remark in
        remark.kind.rawValue + (remark.detail.isEmpty ? "" : ": \(remark.detail)")
      })
  }

  /// Per target how often donors were borrowed in its latest visit; nil for methods that borrow no
  /// values and for targets that this object has not visited.
  public var donorUse: [DonorUse?] {
    zip(donors, plan.targets).map { donors, target in
      donors.isEmpty ? nil : DonorUse(picks: donors, observed: target.layout.rowCount)
    }
  }

  /// Whether the chain stands between two iterations.
  public var isBetweenIterations: Bool { nextVisit == 0 }

  private mutating func note(_ target: TargetPlan, iteration: Int) {
    for remark in remarks(target) {
      log.record(remark.kind, target: target.name, detail: remark.detail, iteration: iteration)
    }
  }

  /// What went otherwise than asked in the latest visit, which was of `target`.
  private func remarks(_ target: TargetPlan) -> [VisitLog.Remark] {
    var result = visitLog.remarks
    if target.isTwoLevel && target.emptyClusters > 0 {
      result.append(.init(.emptyClusters, "\(target.emptyClusters) clusters"))
    }
    return result
  }

  private static func tracePoint(
    _ values: [Double], _ target: TargetPlan, _ log: VisitLog
  ) -> TracePoint {
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    var figures = [mean, values.count > 1 ? (squares / (n - 1)).squareRoot() : .nan]
    figures += log.parameters.prefix(target.traced.count - 2)
    figures += Array(repeating: .nan, count: target.traced.count - figures.count)
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
