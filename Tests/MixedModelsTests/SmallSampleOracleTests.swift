import MixedModels
import Numerics
import Testing

@Suite("Small-sample inference by its textbook formulas")
struct SmallSampleOracleTests {
  /// Kenward & Roger (1997) and Giesbrecht & Burns (1985) with dense n × n matrices, in the elements
  /// of the covariance matrices and the residual variance.
  private struct Dense {
    var adjusted: Matrix
    var kenwardRoger: [Double]
    var satterthwaite: [Double]

    init(_ data: MixedModelData, _ fit: LinearMixedModelFit) throws {
      let oracle = DenseOracle(data: data)
      let n = data.response.count
      let v = oracle.variance(fit.varianceComponents.map(\.covariance), sigma: fit.sigma)
      let inverse = try #require(Cholesky(v)).inverse
      let x = data.fixed
      let phi = try #require(Cholesky(x.transposed * (inverse * x))).inverse
      let weighted = inverse * x
      let p = inverse + -1 * (weighted * (phi * weighted.transposed))
      let py = p * data.response
      var directions = [Matrix.identity(n)]
      for (index, term) in data.random.enumerated() {
        let q = term.design.columns
        let z = oracle.design(index)
        for j in 0..<q {
          for i in j..<(term.correlated ? q : j + 1) {
            var unit = Matrix(rows: q, columns: q)
            unit[i, j] = 1
            unit[j, i] = 1
            directions.append(z * (oracle.prior(index, unit) * z.transposed))
          }
        }
      }
      let isREML = fit.estimation == .reml
      let projected = directions.map { p * $0 }
      let plain = directions.map { inverse * $0 }
      let count = directions.count
      var expected = Matrix(rows: count, columns: count)
      var observed = Matrix(rows: count, columns: count)
      for i in 0..<count {
        for j in 0..<count {
          expected[i, j] = Self.trace(projected[i], projected[j])
          let own = isREML ? expected[i, j] : Self.trace(plain[i], plain[j])
          let left = directions[i] * py
          let right = p * (directions[j] * py)
          observed[i, j] = 2 * zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } - own
        }
      }
      let w = 2 * (try #require(Cholesky(expected))).inverse
      let a = 2 * (try #require(Cholesky(observed))).inverse
      let derivatives = directions.map { phi * (weighted.transposed * ($0 * weighted)) * phi }
      var sum = Matrix(rows: phi.rows, columns: phi.rows)
      for i in 0..<count {
        for j in 0..<count {
          // Q − PΦP is XᵀV⁻¹Gᵢ P GⱼV⁻¹X.
          let middle = directions[i] * (p * directions[j])
          sum = sum + w[i, j] * (weighted.transposed * (middle * weighted))
        }
      }
      adjusted = phi + 2 * (phi * (sum * phi))
      func degrees(_ covariance: Matrix) -> [Double] {
        (0..<phi.rows).map { k in
          let gradient = derivatives.map { $0[k, k] }
          let spread = zip(gradient, covariance * gradient).reduce(0) { $0 + $1.0 * $1.1 }
          return 2 * phi[k, k] * phi[k, k] / spread
        }
      }
      kenwardRoger = degrees(w)
      satterthwaite = degrees(a)
    }

    private static func trace(_ a: Matrix, _ b: Matrix) -> Double {
      var sum = 0.0
      for i in 0..<a.rows { for j in 0..<a.columns { sum += a[i, j] * b[j, i] } }
      return sum
    }
  }

  /// The layouts in which no variance is estimated as 0.
  @Test(
    "agrees with dense matrices",
    arguments: MixedModelPropertyTests.Layout.allCases, [Estimation.reml, .ml])
  func dense(
    _ layout: MixedModelPropertyTests.Layout, _ estimation: Estimation
  ) throws {
    let data = layout.data()
    let fit = try LinearMixedModel.fit(data, estimation: estimation)
    let own = try #require(fit.smallSample)
    guard !fit.isSingular else { return }
    let oracle = try Dense(data, fit)
    for (k, df) in own.degreesOfFreedom(.satterthwaite).enumerated() {
      // The optimum is known to 1e-7, and at it the two forms of the information are the same.
      #expect(abs(try #require(df) / oracle.satterthwaite[k] - 1) < 1e-5)
    }
    guard estimation == .reml else {
      #expect(own.kenwardRogerObstacle == .maximumLikelihood)
      #expect(own.degreesOfFreedom(.kenwardRoger) == [nil, nil, nil])
      return
    }
    let adjusted = try #require(own.adjustedCovariance)
    for i in 0..<adjusted.rows {
      #expect(
        abs(try #require(own.degreesOfFreedom(.kenwardRoger)[i]) / oracle.kenwardRoger[i] - 1)
          < 1e-8)
      for j in 0..<adjusted.columns {
        let scale = (adjusted[i, i] * adjusted[j, j]).squareRoot()
        #expect(abs(adjusted[i, j] - oracle.adjusted[i, j]) < 1e-9 * scale)
      }
    }
  }

  @Test("enough layouts are interior for the comparison to mean something")
  func interior() throws {
    let interior = try MixedModelPropertyTests.Layout.allCases.filter {
      try !LinearMixedModel.fit($0.data(), estimation: .reml).isSingular
    }
    #expect(interior.count >= 7)
  }

  @Test("1,000 clusters of 100 rows need no n × n matrix")
  func large() throws {
    let groups = (0..<100_000).map { Int32($0 / 100) }
    let data = SyntheticData.make(seed: 3, groups: [groups], labels: [1000], slopes: [false])
    let fit = try LinearMixedModel.fit(data, estimation: .reml)
    let df = try #require(fit.smallSample).degreesOfFreedom(.kenwardRoger)
    #expect(abs((df[2] ?? 0) - 998) < 1)
    #expect((df[1] ?? 0) > 98_000)
  }

  @Test("not asked for, not there")
  func leftOut() throws {
    let data = MixedModelPropertyTests.Layout.slope.data()
    let fit = try LinearMixedModel.fit(data, estimation: .reml, smallSample: false)
    #expect(fit.smallSample == nil)
  }

  @Test("a slope at the inner of two nested factors is contained there")
  func containment() throws {
    // Six regions of four schools of five pupils; slopes of x between schools.
    let region = (0..<120).map { Int32($0 / 20) }
    let school = (0..<120).map { Int32($0 / 5) }
    var data = SyntheticData.make(
      seed: 5, groups: [region, school], labels: [6, 24], slopes: [false, true])
    let fit = try LinearMixedModel.fit(data, estimation: .reml)
    // Intercept and arm: 6 − 2. x: 24 schools − 1.
    #expect(fit.containment.coefficients == [4, 23, 4])
    let x = data.fixed.column(1)
    data.fixed = Matrix(
      rows: 120, columns: 4,
      storage: data.fixed.storage + zip(x, data.fixed.column(2)).map { $0 * $1 })
    data.fixedNames.append("arm:x")
    let more = try LinearMixedModel.fit(data, estimation: .reml)
    #expect(more.containment.coefficients == [4, 22, 4, 22])
  }
}
