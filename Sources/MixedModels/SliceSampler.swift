import Numerics

/// One update of a coordinate by slice sampling with stepping out and shrinkage.
///
/// Neal (2003), Slice sampling, Ann. Statist. 31(3), figs 3 and 5. It leaves the distribution with
/// log density `logDensity` invariant for any `width` that does not depend on the state.
///
/// - Parameters:
///   - current: the present value; its log density must be finite.
///   - width: first guess at the width of a slice.
///   - limits: the support; the density is taken as 0 outside.
/// - Returns: the new value and its log density.
func sliceUpdate(
  current: Double, logDensityAtCurrent: Double, width: Double, limits: ClosedRange<Double>,
  using generator: inout some RandomNumberGenerator, _ logDensity: (Double) -> Double
) -> (value: Double, logDensity: Double) {
  let level = logDensityAtCurrent + Elementary.log(generator.uniform())
  let offset = generator.uniform() * width
  var lower = max(limits.lowerBound, current - offset)
  var upper = min(limits.upperBound, current - offset + width)
  // A limited number of steps leaves the distribution invariant if it is split at random.
  var stepsDown = generator.index(below: 120)
  var stepsUp = 119 - stepsDown
  while lower > limits.lowerBound && stepsDown > 0 && logDensity(lower) > level {
    lower = max(limits.lowerBound, lower - width)
    stepsDown -= 1
  }
  while upper < limits.upperBound && stepsUp > 0 && logDensity(upper) > level {
    upper = min(limits.upperBound, upper + width)
    stepsUp -= 1
  }
  // Shrinkage ends because the current value itself is in the slice; the bound on its length only
  // guards against a density that is not a number.
  for _ in 0..<200 {
    let candidate = lower + generator.uniform() * (upper - lower)
    let value = logDensity(candidate)
    if value > level { return (candidate, value) }
    if candidate < current { lower = candidate } else { upper = candidate }
  }
  return (current, logDensityAtCurrent)
}
