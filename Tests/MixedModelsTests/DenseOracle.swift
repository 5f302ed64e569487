import Foundation
import MixedModels
import Numerics

/// The linear mixed model by its textbook formulas with dense n × n matrices: slow, plain, and
/// written without looking at the fast code.
struct DenseOracle {
  let data: MixedModelData

  /// Z of one term, n × (groups · q), group by group.
  func design(_ index: Int) -> Matrix {
    let term = data.random[index]
    let q = term.design.columns
    var z = Matrix(rows: data.response.count, columns: term.groupLabels.count * q)
    for row in 0..<z.rows {
      for j in 0..<q { z[row, Int(term.groups[row]) * q + j] = term.design[row, j] }
    }
    return z
  }

  /// The covariance of a term's effects, block by block.
  func prior(_ index: Int, _ covariance: Matrix) -> Matrix {
    let q = covariance.rows
    let groups = data.random[index].groupLabels.count
    var result = Matrix(rows: groups * q, columns: groups * q)
    for g in 0..<groups {
      for i in 0..<q { for j in 0..<q { result[g * q + i, g * q + j] = covariance[i, j] } }
    }
    return result
  }

  /// V = Σ Z D Zᵀ + σ²I.
  func variance(_ covariances: [Matrix], sigma: Double) -> Matrix {
    var v = (sigma * sigma) * Matrix.identity(data.response.count)
    for (index, covariance) in covariances.enumerated() {
      let z = design(index)
      v = v + z * (prior(index, covariance) * z.transposed)
    }
    return v
  }

  struct Solution {
    var logLikelihood: Double
    var coefficients: [Double]
    var covariance: Matrix
    /// V⁻¹(y − Xβ̂).
    var weighted: [Double]
    var factor: Cholesky
  }

  /// −½(n log 2π + log |V| + rᵀV⁻¹r) and, under REML, −½(log |XᵀV⁻¹X| − p log 2π).
  func solve(_ covariances: [Matrix], sigma: Double, _ estimation: Estimation) -> Solution {
    let factor = Cholesky(variance(covariances, sigma: sigma))!
    let x = data.fixed
    var weightedX = Matrix(rows: x.rows, columns: x.columns)
    for j in 0..<x.columns {
      for (i, value) in factor.solve(x.column(j)).enumerated() { weightedX[i, j] = value }
    }
    let inner = Cholesky(x.transposed * weightedX)!
    let beta = inner.solve(weightedX.transposed * data.response)
    let residual = zip(data.response, x * beta).map { $0 - $1 }
    let weighted = factor.solve(residual)
    var deviance = factor.logDeterminant + zip(residual, weighted).reduce(0) { $0 + $1.0 * $1.1 }
    var degrees = Double(x.rows)
    if estimation == .reml {
      degrees -= Double(x.columns)
      deviance += inner.logDeterminant
    }
    return Solution(
      logLikelihood: -0.5 * (degrees * log(2 * .pi) + deviance), coefficients: beta,
      covariance: inner.inverse, weighted: weighted, factor: factor)
  }
}

/// Reproducible random numbers for test data (splitmix64).
struct TestRandom: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
  mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}

/// Data made by a model, for property tests.
enum SyntheticData {
  /// Rows with the given groups; x varies within groups, arm between those of the first factor.
  static func make(
    seed: UInt64, groups: [[Int32]], labels: [Int], slopes: [Bool], correlated: [Bool]? = nil,
    effect: Double = 1
  ) -> MixedModelData {
    var random = TestRandom(seed: seed)
    let n = groups[0].count
    let x = (0..<n).map { _ in random.normal() }
    var fixed = Columns(rows: n)
    fixed.add("x", x, term: 1)
    fixed.add("arm", groups[0].map { Double($0 % 2) }, term: 2)
    var response = x.map { 2 + 0.5 * $0 }
    var terms: [RandomEffectsTerm] = []
    for (index, factor) in groups.enumerated() {
      var columns = Columns(rows: n)
      if slopes[index] { columns.add("x", x, term: 1) }
      let width = columns.names.count
      let effects = (0..<(labels[index] * width)).map { _ in effect * random.normal() }
      for row in 0..<n {
        for j in 0..<width {
          response[row] += columns.values[j * n + row] * effects[Int(factor[row]) * width + j]
        }
      }
      terms.append(
        RandomEffectsTerm(
          grouping: "f\(index)", groups: factor,
          groupLabels: (0..<labels[index]).map { "g\($0)" }, design: columns.matrix,
          columnNames: columns.names, correlated: correlated?[index] ?? true))
    }
    for row in 0..<n { response[row] += random.normal() }
    return MixedModelData(
      response: response, fixed: fixed.matrix, fixedNames: fixed.names, random: terms)
  }

  /// Groups of `count` rows drawn at random.
  static func groups(_ count: Int, of levels: Int, seed: UInt64) -> [Int32] {
    var random = TestRandom(seed: seed)
    return (0..<count).map { _ in Int32(random.next() % UInt64(levels)) }
  }
}
