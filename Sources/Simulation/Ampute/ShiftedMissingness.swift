import Numerics

/// Makes a variable incomplete so that its missing values lie a given distance from the others:
/// missing not at random.
///
/// The log odds of being missing are a + b·z, with z the standardised value; a and b are such
/// that the expected share of missing rows is `rate` and the expected mean of the missing values
/// lies `delta` standard deviations above that of the rest. The standard deviation is the whole
/// variable's (within an arm, where arms have rates of their own), not the observed values'.
///
/// Were the observed values normal, this would be the pattern-mixture model in which the missing
/// ones have their distribution moved by delta: the ratio of two normal densities of equal variance
/// is log-linear. Where the whole variable is normal it is so approximately: at a rate of 30 % and
/// a shift of 1.09 the standard deviations are 0.84 (missing) and 0.88 (observed).
struct ShiftedMissingness {
  let variable: String
  let rate: Double
  let delta: Double

  /// Each row's probability of being missing.
  ///
  /// The two equations are the gradient of the convex function
  /// mean log(1 + exp(a + b·z + offset)) − rate·a − rate (1 − rate) delta·b, which damped Newton
  /// steps minimise.
  ///
  /// - Parameters:
  ///   - z: the values with mean 0 and variance 1 (divisor n) over the rows; all 0 if constant.
  ///   - offset: what else the log odds hold, one value a row.
  /// - Throws: ``SimulationError/shift(variable:delta:most:)``.
  /// - Complexity: O(rows) a step, about 8 steps; O(rows log rows) for the largest shift.
  func probabilities(z: [Double], offset: [Double]) throws(SimulationError) -> [Double] {
    if rate == 0 { return z.map { _ in 0 } }
    let wanted = rate * (1 - rate) * delta
    // What removing the highest (lowest) values alone would give, short of rounding.
    let most = Self.largestMean(z, rate: rate, upwards: delta > 0)
    guard abs(wanted) < most * (1 - 1e-9) || wanted == 0 else {
      throw shiftError(most: most)
    }
    var a = Elementary.logit(rate)
    var b = delta
    var p = z
    var state = evaluate(a, b, z: z, offset: offset, wanted: wanted, into: &p)
    for _ in 0..<200 {
      if abs(state.first) < 1e-13, abs(state.second) < 1e-13 { return p }
      let determinant = state.aa * state.bb - state.ab * state.ab
      // A constant variable has no slope to find.
      guard determinant > 1e-14 * state.aa * state.bb || state.bb == 0 else { break }
      let da =
        state.bb == 0
        ? state.first / state.aa
        : (state.bb * state.first - state.ab * state.second) / determinant
      let db =
        state.bb == 0
        ? 0 : (state.aa * state.second - state.ab * state.first) / determinant
      var step = 1.0
      var improved = false
      while step > 1e-10 {
        let tried = evaluate(
          a - step * da, b - step * db, z: z, offset: offset, wanted: wanted, into: &p)
        if tried.value <= state.value + 1e-15 * abs(state.value) {
          (a, b) = (a - step * da, b - step * db)
          improved = tried.value < state.value
          state = tried
          break
        }
        step *= 0.5
      }
      if !improved, abs(state.first) < 1e-9, abs(state.second) < 1e-9 { return p }
      if step <= 1e-10 { break }
    }
    throw shiftError(most: most)
  }

  private func shiftError(most: Double) -> SimulationError {
    .shift(
      variable: variable, delta: delta,
      most: (100 * most / (rate * (1 - rate))).rounded(.down) / 100)
  }

  /// The mean of p·z when the share `rate` with the highest (lowest) z is removed for certain, as
  /// a positive number.
  static func largestMean(_ z: [Double], rate: Double, upwards: Bool) -> Double {
    let sorted = z.map { upwards ? $0 : -$0 }.sorted(by: >)
    let whole = Int(rate * Double(z.count))
    var sum = 0.0
    for value in sorted.prefix(whole) { sum += value }
    if whole < sorted.count { sum += (rate * Double(z.count) - Double(whole)) * sorted[whole] }
    return max(0, sum / Double(z.count))
  }

  private struct State {
    var value = 0.0
    /// Gradient.
    var first = 0.0
    var second = 0.0
    /// Hessian.
    var aa = 0.0
    var ab = 0.0
    var bb = 0.0
  }

  private func evaluate(
    _ a: Double, _ b: Double, z: [Double], offset: [Double], wanted: Double,
    into p: inout [Double]
  ) -> State {
    var state = State()
    for row in z.indices {
      let eta = a + b * z[row] + offset[row]
      let value = Elementary.inverseLogit(eta)
      p[row] = value
      // log(1 + exp η) without overflow.
      state.value += max(eta, 0) + Elementary.log1p(Elementary.exp(-abs(eta)))
      state.first += value
      state.second += value * z[row]
      let weight = value * (1 - value)
      state.aa += weight
      state.ab += weight * z[row]
      state.bb += weight * z[row] * z[row]
    }
    let count = Double(z.count)
    state.value = state.value / count - rate * a - wanted * b
    state.first = state.first / count - rate
    state.second = state.second / count - wanted
    state.aa /= count
    state.ab /= count
    state.bb /= count
    return state
  }
}
