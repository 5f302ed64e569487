/// √((m−1)/m · Σ(θ₍ⱼ₎ − θ̄₍·₎)²) over m leave-one-out figures; nil unless all are finite.
package func jackknifeStandardError(_ figures: [Double?]) -> Double? {
  let m = Double(figures.count)
  var values: [Double] = []
  for figure in figures {
    guard let figure, figure.isFinite else { return nil }
    values.append(figure)
  }
  let centre = mean(values)
  var squares = 0.0
  for value in values { squares += (value - centre) * (value - centre) }
  return ((m - 1) / m * squares).squareRoot()
}

/// The mean, as the first value plus the mean deviation from it: exact when all are equal, so
/// that a between-imputation variance of zero comes out as zero.
package func mean(_ values: [Double]) -> Double {
  let origin = values[0]
  var sum = 0.0
  for value in values { sum += value - origin }
  return origin + sum / Double(values.count)
}
