import Foundation
import MixedModels
import Numerics
import Testing

/// |a − b| relative to b, or absolute below `floor`.
func relativeError(_ a: Double, _ b: Double, floor: Double = 1e-8) -> Double {
  abs(a - b) / max(abs(b), floor)
}

/// Whether `a` and `b` agree to `digits` significant digits: within half a unit of b's last one.
func agree(_ a: Double, _ b: Double, digits: Int) -> Bool {
  guard b != 0 else { return abs(a) < 1e-8 }
  let unit = pow(10, (log10(abs(b))).rounded(.down) - Double(digits - 1))
  return abs(a - b) <= 0.5 * unit
}

@Suite("Linear mixed models against lme4")
struct LinearMixedModelTests {
  @Test("agrees with lme4", arguments: ReferenceFit.all(engine: "lme4::lmer", trial: false))
  func shippedData(_ reference: ReferenceFit) throws { try compare(reference) }

  @Test(
    "agrees with lme4 on the trial",
    .enabled(if: TextTable.trialIsThere, "needs ../shared/reference/data: the SHARE trial"),
    arguments: ReferenceFit.all(engine: "lme4::lmer", trial: true))
  func trialData(_ reference: ReferenceFit) throws { try compare(reference) }

  private func compare(_ reference: ReferenceFit) throws {
    let fit = try LinearMixedModel.fit(reference.data(), estimation: reference.estimation)
    #expect(fit.converged)
    // lme4's best of three optimisers may stop 1e-9 short of the maximum, never beyond it.
    #expect(abs(fit.logLikelihood - reference.logLikelihood) < 1e-8)
    #expect(fit.isSingular == reference.isSingular)
    #expect(Set(fit.coefficientNames) == Set(reference.coefficients.keys))
    for (k, name) in fit.coefficientNames.enumerated() {
      let expected = try #require(reference.coefficients[name])
      #expect(agree(fit.coefficients[k], expected.estimate, digits: 6), "\(name)")
      #expect(agree(fit.standardErrors[k], expected.error, digits: 6), "\(name)")
    }
    #expect(relativeError(fit.sigma, reference.sigma) < 1e-6)
    #expect(fit.theta.count == reference.theta.count)
    for (own, expected) in zip(fit.theta, reference.theta) {
      #expect(abs(own - expected) < 2e-5 * max(1, abs(expected)))
    }
    for component in fit.varianceComponents {
      let expected = try #require(reference.covariances[component.grouping])
      #expect(component.names == expected.names)
      let largest = expected.rows.enumerated().map { $1[$0] }
      for i in component.names.indices {
        for j in component.names.indices {
          let scale = (largest[i] * largest[j]).squareRoot()
          let difference = abs(component.covariance[i, j] - expected.rows[i][j])
          #expect(difference <= 2e-5 * scale + 1e-12, "\(component.grouping) \(i) \(j)")
        }
      }
    }
    if let icc = reference.icc {
      #expect(abs(try #require(fit.icc) - icc) < 1e-6)
    } else {
      #expect(fit.icc == nil)
    }
  }
}
