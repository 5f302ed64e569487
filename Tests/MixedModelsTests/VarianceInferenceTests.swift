import Foundation
import MixedModels
import Numerics
import Testing

@Suite("Inference on variance components")
struct VarianceInferenceTests {
  private func fit(
    _ dataset: String, _ randomTerms: String, _ estimation: Estimation
  ) throws -> LinearMixedModelFit {
    let reference = try #require(
      ReferenceFit.all(engine: "lme4::lmer", trial: false).first {
        $0.dataset == dataset && $0.randomTerms == randomTerms && $0.estimation == estimation
      })
    return try LinearMixedModel.fit(reference.data(), estimation: estimation)
  }

  /// Balanced one-way layout: −2ℓ = d log λ + a(n − 1) log σ² + SSA/λ + SSE/σ² with λ = σ² + nτ²
  /// and d = a − 1 (REML) or a (ML), so that log λ and log σ² have independent information d/2
  /// and a(n − 1)/2.
  @Test(
    "equals the closed form of the balanced one-way layout",
    arguments: [
      Estimation.reml, .ml,
    ])
  func balancedOneWay(_ estimation: Estimation) throws {
    let fit = try fit("Dyestuff", "1", estimation)
    let (a, n) = (6.0, 5.0)
    let sigma2 = fit.sigma * fit.sigma
    let lambda = sigma2 + n * fit.varianceComponents[0].covariance[0, 0]
    let varianceOfLogLambda = 2 / (estimation == .reml ? a - 1 : a)
    let varianceOfLogSigma2 = 2 / (a * (n - 1))
    // log τ = ½ log((λ − σ²)/n)
    let byLambda = 0.5 * lambda / (lambda - sigma2)
    let bySigma = -0.5 * sigma2 / (lambda - sigma2)
    let tau = byLambda * byLambda * varianceOfLogLambda + bySigma * bySigma * varianceOfLogSigma2
    let cross = 0.5 * bySigma * varianceOfLogSigma2
    let residual = 0.25 * varianceOfLogSigma2
    let own = fit.varianceInference
    #expect(relativeError(try #require(own.parameters[0].variance), tau) < 1e-7)
    #expect(relativeError(own.covariance[0, 1], cross) < 1e-7)
    #expect(relativeError(try #require(own.parameters[1].variance), residual) < 1e-7)
    let icc = try #require(fit.icc)
    #expect(abs(try #require(own.logitICC) - log(icc / (1 - icc))) < 1e-12)
    let logit = 4 * (tau + residual - 2 * cross)
    #expect(relativeError(try #require(own.logitICCVariance), logit) < 1e-7)
  }

  /// With the same Z in every group and X = Z, the groups' least squares coefficients are a sample
  /// of size G with covariance M = Σ + σ²(ZᵀZ)⁻¹, independent of the residual sum of squares:
  /// under REML Cov(Mᵢⱼ, Mₖₗ) = (MᵢₖMⱼₗ + MᵢₗMⱼₖ)/(G − 1), Var(σ²) = 2σ⁴/(G(n − q)).
  @Test("equals the closed form of the balanced random-slope layout")
  func balancedSlopes() throws {
    let fit = try fit("sleepstudy", "Days", .reml)
    let (groups, days) = (18.0, 10.0)
    let sigma2 = fit.sigma * fit.sigma
    let design = Matrix(rowsOf: (0..<10).map { [1, Double($0)] })
    let inverse = try #require(Cholesky(design.transposed * design)).inverse
    let covariance = fit.varianceComponents[0].covariance
    let m = covariance + sigma2 * inverse
    let elements = [(0, 0), (1, 1), (0, 1)]
    func cov(_ x: (Int, Int), _ y: (Int, Int)) -> Double {
      let (i, j) = x
      let (k, l) = y
      let wishart = (m[i, k] * m[j, l] + m[i, l] * m[j, k]) / (groups - 1)
      let residual = 2 * sigma2 * sigma2 / (groups * (days - 2))
      return wishart + inverse[i, j] * inverse[k, l] * residual
    }
    let rho = fit.varianceComponents[0].correlations[0, 1]
    let (s00, s11) = (covariance[0, 0], covariance[1, 1])
    let root = (s00 * s11).squareRoot()
    let derivatives = [
      [1 / (2 * s00), 0, 0],
      [0, 1 / (2 * s11), 0],
      [
        -rho / (2 * s00) / (1 - rho * rho), -rho / (2 * s11) / (1 - rho * rho),
        1 / root / (1 - rho * rho),
      ],
    ]
    for a in 0..<3 {
      for b in 0..<3 {
        var expected = 0.0
        for i in 0..<3 {
          for j in 0..<3 {
            expected += derivatives[a][i] * derivatives[b][j] * cov(elements[i], elements[j])
          }
        }
        let scale = 1e-7 * max(abs(expected), 0.01)
        #expect(abs(fit.varianceInference.covariance[a, b] - expected) < scale, "\(a) \(b)")
      }
    }
    let kinds = fit.varianceInference.parameters.map(\.kind)
    #expect(kinds == [.logStandardDeviation, .logStandardDeviation, .fisherZ, .logResidual])
    #expect(abs(fit.varianceInference.parameters[2].estimate - atanh(rho)) < 1e-12)
  }

  @Test("a variance of zero has no sampling variance, the residual's stays")
  func boundary() throws {
    let fit = try fit("Dyestuff2", "1", .reml)
    #expect(fit.isSingular)
    let own = fit.varianceInference
    #expect(own.parameters[0].isAtBoundary)
    #expect(own.parameters[0].estimate == -.infinity)
    #expect(own.parameters[0].variance == nil)
    #expect(own.logitICC == -.infinity)
    #expect(own.logitICCVariance == nil)
    #expect(own.covariance[0, 0].isNaN && own.covariance[0, 1].isNaN)
    // Only σ is left: 30 rows, one fixed effect.
    #expect(relativeError(try #require(own.parameters[1].variance), 1 / (2 * 29.0)) < 1e-12)
  }

  /// A balanced one-way layout whose mean squares have the ratio F: REML has θ̂² = (F − 1)/n in
  /// closed form, and −2ℓ(0) + 2ℓ(θ̂) = N log(SST/N) − d log MSB − (N − d) log MSE with N = d + ν.
  @Test(
    "a search that ends next to the boundary has converged",
    arguments: [
      0.0005, 0.001, 0.002, 0.003, 0.00363, 0.004, 0.005, 0.007, 0.01, 0.015, 0.019, 0.03, 0.052,
      0.1, 0.2,
    ])
  func nextToTheBoundary(theta: Double) throws {
    let (groups, rows) = (10, 20)
    let ratio = 1 + Double(rows) * theta * theta
    // Deviations of ±1 within clusters: MSE = 200/190. Means ±c: MSB = 200c²/9.
    let within = 200.0 / 190
    let c = (ratio * within * 9 / 200).squareRoot()
    var response: [Double] = []
    var labels: [Int32] = []
    for g in 0..<groups {
      for j in 0..<rows {
        response.append((g % 2 == 0 ? c : -c) + (j % 2 == 0 ? 1 : -1))
        labels.append(Int32(g))
      }
    }
    let data = MixedModelData(
      response: response,
      fixed: Matrix(
        rows: response.count, columns: 1, storage: Array(repeating: 1, count: response.count)),
      fixedNames: ["(Intercept)"],
      random: [
        .intercept(grouping: "g", groups: labels, groupLabels: (0..<groups).map { "\($0)" })
      ])
    let fit = try LinearMixedModel.fit(data, estimation: .reml)
    #expect(fit.converged)
    let (d, nu) = (9.0, 190.0)
    let gain = (d + nu) * log((d * ratio + nu) / (d + nu)) - d * log(ratio)
    // What the likelihood cannot tell from no variation at all is none.
    if gain < 1e-6 {
      #expect(fit.theta == [0] && fit.isSingular)
    } else {
      // Rounding in a deviance of 1e3 moves the bottom of a quartic valley by as much.
      #expect(abs(fit.theta[0] - theta) < 1e-5)
      // SE(log τ̂) ≈ ½ F/(F − 1) √(2/d + …): 1 where F is 1.3, θ 0.12.
      let error = try #require(fit.varianceInference.parameters[0].variance).squareRoot()
      #expect((error > 1) == (theta < 0.12), "\(error)")
    }
  }

  @Test("several grouping factors", arguments: [Estimation.reml, .ml])
  func crossed(_ estimation: Estimation) throws {
    let fit = try fit("Penicillin", "1", estimation)
    let own = fit.varianceInference
    #expect(own.parameters.map(\.term) == [0, 1, nil])
    #expect(own.parameters.allSatisfy { $0.variance != nil })
    #expect(own.logitICC == nil)
    // Balanced two-way layout, 24 plates × 6 samples: mean squares of plates, samples, residual
    // are independent with 23 (or 24 − …), 5 and 115 degrees of freedom under REML.
    guard estimation == .reml else { return }
    let sigma2 = fit.sigma * fit.sigma
    for (index, (other, df)) in [(6.0, 23.0), (24.0, 5.0)].enumerated() {
      let tau2 = fit.varianceComponents[index].covariance[0, 0]
      let lambda = sigma2 + other * tau2
      let scale = 1 / (2 * other * tau2)
      let expected = scale * scale * (2 * lambda * lambda / df + 2 * sigma2 * sigma2 / 115)
      #expect(relativeError(try #require(own.parameters[index].variance), expected) < 1e-7)
    }
  }
}
