/// Result of a search in one dimension.
public struct ScalarOptimum: Sendable {
  public var argument: Double
  public var value: Double
  public var evaluations: Int
}

/// Finds a local minimum of `function` on [lower, upper] without derivatives.
///
/// Brent (1973), Algorithms for minimization without derivatives, ch. 5: golden section with
/// parabolic steps.
///
/// - Parameters:
///   - guess: where to start; the middle when nil.
///   - tolerance: absolute tolerance on the argument.
/// - Complexity: 10 to 50 evaluations, at most 200.
public func brentMinimum(
  in lower: Double, _ upper: Double, guess: Double? = nil, tolerance: Double,
  _ function: (Double) -> Double
) -> ScalarOptimum {
  precondition(lower <= upper && tolerance > 0)
  let golden = 0.381966011250105
  var a = lower
  var b = upper
  var x = guess.map { min(max($0, lower), upper) } ?? a + golden * (b - a)
  var w = x
  var v = x
  var fx = function(x)
  var fw = fx
  var fv = fx
  var evaluations = 1
  var step = 0.0
  var previousStep = 0.0
  while evaluations < 200 {
    let middle = 0.5 * (a + b)
    let tol = 1e-11 * abs(x) + tolerance / 3
    if abs(x - middle) <= 2 * tol - 0.5 * (b - a) { break }
    var parabolic = false
    if abs(previousStep) > tol {
      var r = (x - w) * (fx - fv)
      var q = (x - v) * (fx - fw)
      var p = (x - v) * q - (x - w) * r
      q = 2 * (q - r)
      if q > 0 { p = -p } else { q = -q }
      r = previousStep
      previousStep = step
      if abs(p) < abs(0.5 * q * r) && p > q * (a - x) && p < q * (b - x) {
        step = p / q
        let u = x + step
        if u - a < 2 * tol || b - u < 2 * tol { step = x < middle ? tol : -tol }
        parabolic = true
      }
    }
    if !parabolic {
      previousStep = (x < middle ? b : a) - x
      step = golden * previousStep
    }
    let u = x + (abs(step) >= tol ? step : (step > 0 ? tol : -tol))
    let fu = function(u)
    evaluations += 1
    if fu <= fx {
      if u < x { b = x } else { a = x }
      (v, fv) = (w, fw)
      (w, fw) = (x, fx)
      (x, fx) = (u, fu)
    } else {
      if u < x { a = u } else { b = u }
      if fu <= fw || w == x {
        (v, fv) = (w, fw)
        (w, fw) = (u, fu)
      } else if fu <= fv || v == x || v == w {
        (v, fv) = (u, fu)
      }
    }
  }
  return ScalarOptimum(argument: x, value: fx, evaluations: evaluations)
}

/// The argument at which a continuous `function` changes its sign between two arguments.
///
/// Chandrupatla (1997), Adv. Eng. Softw. 28:145: inverse quadratic interpolation where it is safe,
/// else bisection.
///
/// - Parameters:
///   - values: the function at `lower` and `upper`, of opposite signs or 0.
///   - tolerance: absolute tolerance on the argument.
/// - Complexity: usually 5 to 10 evaluations, at most 200.
public func bracketedRoot(
  in lower: Double, _ upper: Double, values: (Double, Double), tolerance: Double,
  _ function: (Double) -> Double
) -> Double {
  var (a, b) = (upper, lower)
  var (fa, fb) = (values.1, values.0)
  if fa == 0 { return a }
  if fb == 0 { return b }
  var (c, fc) = (a, fa)
  var step = 0.5
  for _ in 0..<200 {
    let x = a + step * (b - a)
    let fx = function(x)
    if (fx < 0) == (fa < 0) {
      (c, fc) = (a, fa)
    } else {
      (c, fc) = (b, fb)
      (b, fb) = (a, fa)
    }
    (a, fa) = (x, fx)
    let isFirstBetter = abs(fa) < abs(fb)
    let best = isFirstBetter ? a : b
    let share = (tolerance + 2e-16 * abs(best)) / abs(b - a)
    if share > 0.5 || fa == 0 { return best }
    let xi = (a - b) / (c - b)
    let phi = (fa - fb) / (fc - fb)
    step = 0.5
    if phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi {
      step = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    }
    step = min(max(step, share), 1 - share)
  }
  return 0.5 * (a + b)
}
