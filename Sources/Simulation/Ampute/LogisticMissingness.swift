import Numerics

/// Makes a variable incomplete: each row by itself, with the probability of a logistic model
/// whose intercept is calibrated to a given rate.
///
/// Missing completely at random when all linear predictors are equal; at random when they depend
/// on observed values only; not at random when they depend on the variable itself.
package struct LogisticMissingness: Sendable, Equatable {
  /// Name of the variable, for messages.
  package var variable: String
  /// Share of rows to become missing, in expectation: 0 ..< 1.
  package var rate: Double

  /// - Throws: ``SimulationError/missingRate(variable:rate:)``.
  package init(variable: String, rate: Double) throws(SimulationError) {
    guard rate >= 0, rate < 1 else { throw .missingRate(variable: variable, rate: rate) }
    self.variable = variable
    self.rate = rate
  }

  /// Each row's probability of being missing: inverseLogit(a + η), with a such that their mean is
  /// `rate`.
  ///
  /// The mean increases in a: Newton's steps, held inside a bracket, find a; the mean is then
  /// right to rounding.
  ///
  /// - Parameter linearPredictor: η without intercept, one finite value a row (logit scale).
  /// - Throws: ``SimulationError/missingnessPredictor(variable:)``.
  /// - Complexity: O(rows) a step, about 6 steps.
  package func probabilities(linearPredictor: [Double]) throws(SimulationError) -> [Double] {
    guard let lowest = linearPredictor.min(), let highest = linearPredictor.max() else {
      return []
    }
    guard linearPredictor.allSatisfy(\.isFinite) else {
      throw .missingnessPredictor(variable: variable)
    }
    guard rate > 0 else { return linearPredictor.map { _ in 0 } }
    let count = Double(linearPredictor.count)
    // With every η at its highest the intercept would be logit(rate) − highest: too low; and
    // too high likewise. One more on each side absorbs rounding.
    var low = Elementary.logit(rate) - highest - 1
    var high = Elementary.logit(rate) - lowest + 1
    var intercept = Elementary.logit(rate) - linearPredictor.reduce(0, +) / count
    var p = linearPredictor
    for _ in 0..<200 {
      var sum = 0.0
      var slope = 0.0
      for row in linearPredictor.indices {
        let value = Elementary.inverseLogit(intercept + linearPredictor[row])
        p[row] = value
        sum += value
        slope += value * (1 - value)
      }
      let excess = sum / count - rate
      if abs(excess) <= 1e-15 * rate { break }
      if excess < 0 { low = intercept } else { high = intercept }
      let step = intercept - excess * count / slope
      let next = step > low && step < high ? step : low + 0.5 * (high - low)
      if next == intercept || next <= low || next >= high { break }
      intercept = next
    }
    return p
  }

  /// Which rows become missing.
  ///
  /// One uniform number is used for every row, whatever the probabilities: data sets made
  /// incomplete by different rules from the same stream share their luck.
  package func draw(
    linearPredictor: [Double], using random: inout some RandomNumberGenerator
  ) throws(SimulationError) -> [Bool] {
    try probabilities(linearPredictor: linearPredictor).map { random.uniform() < $0 }
  }
}
