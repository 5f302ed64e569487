import CNLopt

/// Minimises a function of two or more variables within bounds, without derivatives, by Powell's
/// BOBYQA (2009) as in NLopt.
///
/// - Parameters:
///   - start: where to start, within the bounds.
///   - lower: lower bounds, −∞ for none.
///   - step: the first trust-region radius.
///   - tolerance: the radius at which to stop.
///   - valueTolerance: a change of the value that is too small to go on for; 0 for none.
/// - Returns: the best point and its value, and whether the search stopped by its tolerance.
func bobyqaMinimum(
  start: [Double], lower: [Double], step: Double, tolerance: Double, valueTolerance: Double = 0,
  maximumEvaluations: Int, _ function: @escaping ([Double]) -> Double
) -> (point: [Double], value: Double, converged: Bool) {
  final class Objective {
    let function: ([Double]) -> Double
    var best: (point: [Double], value: Double)
    init(_ function: @escaping ([Double]) -> Double, start: [Double]) {
      self.function = function
      best = (start, function(start))
    }
  }
  let count = start.count
  let objective = Objective(function, start: start)
  guard let search = nlopt_create(NLOPT_LN_BOBYQA, UInt32(count)) else {
    return (objective.best.point, objective.best.value, false)
  }
  defer { nlopt_destroy(search) }
  let context = Unmanaged.passUnretained(objective).toOpaque()
  nlopt_set_min_objective(
    search,
    { count, x, _, context in
      let objective = Unmanaged<Objective>.fromOpaque(context!).takeUnretainedValue()
      let point = Array(UnsafeBufferPointer(start: x, count: Int(count)))
      let value = objective.function(point)
      if value < objective.best.value { objective.best = (point, value) }
      return value
    }, context)
  nlopt_set_lower_bounds(search, lower)
  nlopt_set_initial_step1(search, step)
  nlopt_set_xtol_abs1(search, tolerance)
  if valueTolerance > 0 { nlopt_set_ftol_abs(search, valueTolerance) }
  nlopt_set_maxeval(search, Int32(maximumEvaluations))
  var x = start
  var value = 0.0
  let result = withExtendedLifetime(objective) { nlopt_optimize(search, &x, &value) }
  // Rounding errors limit the last steps when the optimum is flat: that is an end, too.
  let converged =
    result.rawValue > 0 && result != NLOPT_MAXEVAL_REACHED
    || result == NLOPT_ROUNDOFF_LIMITED
  return (objective.best.point, objective.best.value, converged)
}
