import Numerics

/// The search for the relative covariance factors that maximise the (restricted) likelihood.
///
/// The objective is the profiled deviance up to a constant: log |ΛᵀZᵀZΛ + I|
/// (+ log |QᵀV⁻¹Q| under REML) + N log r², with N = n or n − p and r² the penalised residual sum
/// of squares (Bates et al. 2015, eqs 34 and 41).
final class CovarianceSearch {
  var problem: PenalisedLeastSquares
  let estimation: Estimation
  /// n under ML, n − p under REML.
  let degrees: Double
  /// Whether each working parameter is on Λ's diagonal.
  let isDiagonal: [Bool]
  private(set) var point: [Double] = []
  private(set) var value = Double.infinity
  private(set) var converged = false

  init(problem: PenalisedLeastSquares, estimation: Estimation, degrees: Double) {
    self.problem = problem
    self.estimation = estimation
    self.degrees = degrees
    isDiagonal = problem.structure.terms.flatMap { term in
      term.parameterPositions.map { $0.row == $0.column }
    }
  }

  /// A finite stand-in for points where the system cannot be factorised.
  private static let impossible = 1e20

  /// A deviance that differs by less is the same: a likelihood ratio of 1.0000005.
  private static let sameDeviance = 1e-6

  /// Below this an element of Λ's diagonal on the working scale counts as zero: lme4's bound.
  static let singularTolerance = 1e-4

  /// The log determinants that the criterion counts, and r².
  func terms(at parameters: [Double]) -> (determinants: Double, residual: Double)? {
    problem.setParameters(parameters)
    guard let value = problem.evaluate(), value.residual > 0 else { return nil }
    let fixed = estimation == .reml ? value.fixedLogDeterminant : 0
    return (value.logDeterminant + fixed, value.residual)
  }

  func objective(_ parameters: [Double]) -> Double {
    guard let value = terms(at: parameters) else { return Self.impossible }
    return value.determinants + degrees * Elementary.log(value.residual)
  }

  /// Finds the minimum.
  ///
  /// - Throws: `noResidualVariance` when the likelihood grows without bound.
  func run() throws(MixedModelError) {
    // Random effects with next to no penalty leave nothing: they reproduce the response. With as
    // many of them as rows they always do, and the likelihood may have a maximum all the same.
    let effects = problem.structure.factors.reduce(0) { $0 + $1.levels * $1.width }
    if Double(effects) < degrees, let free = terms(at: isDiagonal.map { $0 ? 1e5 : 0 }),
      free.residual < 1e-10
    {
      throw .noResidualVariance
    }
    if isDiagonal.count == 1 { searchLine() } else { searchSpace() }
    snapToBoundary()
    let isPolished = polish(&point, &value, free: freeParameters)
    // A single parameter sits in Brent's bracket. Next to the boundary the deviance is level to
    // more digits than differences show, so that the polish fails where the search has not.
    converged = converged && (isPolished || isDiagonal.count == 1)
    if point.contains(where: { abs($0) > 1e7 }) || value <= -Self.impossible {
      throw .noResidualVariance
    }
    problem.setParameters(point)
    guard let final = problem.evaluate(), final.residual > 1e-20 else {
      throw .noResidualVariance
    }
  }

  /// Parameters away from the boundary; those at it stay at zero.
  var freeParameters: [Int] { point.indices.filter { !(isDiagonal[$0] && point[$0] == 0) } }

  /// One parameter: a coarse scan finds every valley, Brent's method the bottom of each.
  private func searchLine() {
    var grid = [0.0]
    for step in -12...12 { grid.append(Elementary.exp(Double(step) * 0.575646273248511)) }
    var values = grid.map { objective([$0]) }
    while values[values.count - 1] < values[values.count - 2], grid.last! < 1e8 {
      grid.append(grid.last! * 3)
      values.append(objective([grid.last!]))
    }
    for i in grid.indices {
      let left = max(i - 1, 0)
      let right = min(i + 1, grid.count - 1)
      guard values[i] <= values[left], values[i] <= values[right] else { continue }
      let found = brentMinimum(
        in: grid[left], grid[right], guess: grid[i], tolerance: 1e-9 * max(grid[right], 0.01)
      ) { self.objective([$0]) }
      if found.value < value { (point, value) = ([found.argument], found.value) }
      if values[i] < value { (point, value) = ([grid[i]], values[i]) }
    }
    converged = true
  }

  /// Several parameters: BOBYQA from more than one start, again from the best until it rests.
  private func searchSpace() {
    let lower = isDiagonal.map { $0 ? 0 : -Double.infinity }
    // A crossed design makes an evaluation dear; its objective has not shown second valleys.
    let starts = problem.products.secondaryCount > 100 ? [0.5] : [1.0, 0.2]
    let most = 500 * isDiagonal.count
    for start in starts {
      let found = bobyqaMinimum(
        start: isDiagonal.map { $0 ? start : 0 }, lower: lower, step: 0.4 * start,
        tolerance: 1e-5, maximumEvaluations: most
      ) { self.objective($0) }
      if found.value < value {
        (point, value) = (found.point, found.value)
        converged = found.converged
      }
    }
    for _ in 0..<8 {
      let before = value
      point = problem.reorder(point)
      // Start off the boundary, where the objective is level.
      let start = point.indices.map { isDiagonal[$0] ? max(point[$0], 0.05) : point[$0] }
      let found = bobyqaMinimum(
        start: start, lower: lower, step: 0.05, tolerance: 1e-6, maximumEvaluations: most
      ) { self.objective($0) }
      if found.value < value { (point, value) = (found.point, found.value) }
      if before - value < 1e-7 { break }
    }
    point = problem.reorder(point)
    let found = bobyqaMinimum(
      start: point, lower: lower, step: 0.01, tolerance: 1e-8, maximumEvaluations: most
    ) { self.objective($0) }
    if found.value < value { (point, value) = (found.point, found.value) }
    converged = found.converged
  }

  /// Sets diagonal elements near zero to zero where the objective does not tell the two apart: it
  /// is even in them, so that a search ends near the boundary but not at it.
  private func snapToBoundary() {
    for i in point.indices where isDiagonal[i] && point[i] != 0 && point[i] < 0.02 {
      var candidate = point
      candidate[i] = 0
      var candidateValue = objective(candidate)
      let free = candidate.indices.filter { !(isDiagonal[$0] && candidate[$0] == 0) }
      _ = polish(&candidate, &candidateValue, free: free)
      if candidateValue <= value + Self.sameDeviance {
        (point, value) = (candidate, candidateValue)
      }
    }
  }

  /// Newton's method with derivatives by differences.
  ///
  /// The searches rest where rounding errors hide the slope, at about the square root of machine
  /// precision; differences over longer steps still see it, which gives the parameters some four
  /// more digits. Steps that change the objective visibly must go downhill.
  ///
  /// - Returns: whether the point is a minimum to working precision.
  private func polish(_ x: inout [Double], _ fx: inout Double, free: [Int]) -> Bool {
    guard !free.isEmpty else { return true }
    var previous = Double.infinity
    for _ in 0..<8 {
      let differences = Differences(point: x, value: fx, free: free) { self.objective($0) }
      guard let step = Self.newtonStep(differences.hessian, differences.gradient) else {
        return false
      }
      // Twice what the step should gain.
      var decrement = 0.0
      for i in free.indices { decrement += step[i] * differences.gradient[i] }
      let noise = 1e-10 * max(1, abs(fx))
      if decrement < noise && decrement > 0.1 * previous { return true }
      var candidate = x
      for (i, k) in free.enumerated() { candidate[k] -= step[i] }
      makeDiagonalNonNegative(&candidate)
      let value = objective(candidate)
      guard value <= fx + (decrement < noise ? noise : 0) else { return decrement < 1e-8 }
      (x, fx) = (candidate, value)
      if decrement < 1e-22 { return true }
      previous = decrement
    }
    return previous < 1e-8
  }

  /// Changes the sign of whole columns of Λ, which leaves ΛΛᵀ as it is.
  private func makeDiagonalNonNegative(_ x: inout [Double]) {
    var flip = false
    for i in x.indices {
      // Parameters run down each column of Λ, its diagonal element first.
      if isDiagonal[i] { flip = x[i] < 0 }
      if flip { x[i] = -x[i] }
    }
  }

  /// H⁻¹g, with as much added to H's diagonal as makes it positive definite.
  private static func newtonStep(_ hessian: Matrix, _ gradient: [Double]) -> [Double]? {
    var ridge = 0.0
    let scale = hessian.diagonal.reduce(0) { max($0, abs($1)) }
    guard scale > 0, scale.isFinite else { return nil }
    for _ in 0..<12 {
      var damped = hessian
      for i in 0..<hessian.rows { damped[i, i] += ridge * scale }
      if let factor = Cholesky(damped, tolerance: 1e-9) { return factor.solve(gradient) }
      ridge = ridge == 0 ? 1e-8 : ridge * 10
    }
    return nil
  }
}
