import Foundation
import MixedModels
import Numerics
import Testing

@Suite("Linear mixed models: properties")
struct MixedModelPropertyTests {
  /// Layouts that use every path: one factor, two terms on a factor, crossed factors with slopes
  /// in primary and secondary blocks, nested ones, groups with one row, groups without.
  enum Layout: String, CaseIterable, Sendable {
    case intercept, slope, uncorrelated, twoTerms, crossed, crossedSlopes, threeFactors, nested
    case oneRowGroups, emptyGroups

    func data() -> MixedModelData {
      let a = SyntheticData.groups(90, of: 9, seed: 1)
      let b = SyntheticData.groups(90, of: 6, seed: 2)
      let c = SyntheticData.groups(90, of: 4, seed: 3)
      switch self {
      case .intercept:
        return SyntheticData.make(seed: 11, groups: [a], labels: [9], slopes: [false])
      case .slope:
        return SyntheticData.make(seed: 12, groups: [a], labels: [9], slopes: [true])
      case .uncorrelated:
        return SyntheticData.make(
          seed: 13, groups: [a], labels: [9], slopes: [true], correlated: [false])
      case .twoTerms:
        var data = SyntheticData.make(seed: 13, groups: [a], labels: [9], slopes: [true])
        let term = data.random[0]
        data.random = (0..<2).map { j in
          RandomEffectsTerm(
            grouping: term.grouping, groups: term.groups, groupLabels: term.groupLabels,
            design: Matrix(rows: 90, columns: 1, storage: term.design.column(j)),
            columnNames: [term.columnNames[j]])
        }
        return data
      case .crossed:
        return SyntheticData.make(
          seed: 14, groups: [a, b], labels: [9, 6], slopes: [false, false])
      case .crossedSlopes:
        return SyntheticData.make(seed: 15, groups: [b, a], labels: [6, 9], slopes: [true, true])
      case .threeFactors:
        return SyntheticData.make(
          seed: 16, groups: [a, b, c], labels: [9, 6, 4], slopes: [true, true, false])
      case .nested:
        return SyntheticData.make(
          seed: 17, groups: [a.map { $0 % 3 }, zip(a, b).map { $0 * 6 + $1 }],
          labels: [3, 54], slopes: [false, false])
      case .oneRowGroups:
        // Nine groups of 8 rows, then 18 groups of one.
        let groups: [Int32] = (0..<72).map { Int32($0 / 8) } + (9..<27).map { Int32($0) }
        return SyntheticData.make(seed: 18, groups: [groups], labels: [27], slopes: [true])
      case .emptyGroups:
        return SyntheticData.make(
          seed: 19, groups: [a.map { $0 * 2 + $0 % 2 }], labels: [19], slopes: [true])
      }
    }
  }

  @Test(
    "estimates satisfy the model's formulas, and nothing near is better",
    arguments: Layout.allCases, [Estimation.reml, .ml])
  func denseFormulas(_ layout: Layout, _ estimation: Estimation) throws {
    let data = layout.data()
    let fit = try LinearMixedModel.fit(data, estimation: estimation)
    #expect(fit.converged)
    let oracle = DenseOracle(data: data)
    let covariances = fit.varianceComponents.map(\.covariance)
    let best = oracle.solve(covariances, sigma: fit.sigma, estimation)
    #expect(abs(best.logLikelihood - fit.logLikelihood) < 1e-9)
    for k in fit.coefficients.indices {
      #expect(abs(best.coefficients[k] - fit.coefficients[k]) < 1e-9)
      for l in fit.coefficients.indices {
        #expect(abs(best.covariance[k, l] - fit.covariance[k, l]) < 1e-10)
      }
    }
    for factor in [0.97, 1.03] {
      let sigma = oracle.solve(covariances, sigma: fit.sigma * factor, estimation)
      #expect(sigma.logLikelihood < best.logLikelihood)
      for index in covariances.indices {
        for k in 0..<covariances[index].rows where covariances[index][k, k] > 0 {
          var changed = covariances
          changed[index][k, k] *= factor
          guard Cholesky(changed[index]) != nil else { continue }
          let other = oracle.solve(changed, sigma: fit.sigma, estimation)
          #expect(other.logLikelihood < best.logLikelihood, "term \(index) effect \(k)")
        }
      }
    }
  }

  @Test(
    "maximum likelihood is at least the likelihood at the REML estimates",
    arguments: Layout.allCases)
  func maximumLikelihood(_ layout: Layout) throws {
    let data = layout.data()
    let reml = try LinearMixedModel.fit(data, estimation: .reml)
    let ml = try LinearMixedModel.fit(data, estimation: .ml)
    let there = DenseOracle(data: data).solve(
      reml.varianceComponents.map(\.covariance), sigma: reml.sigma, .ml)
    #expect(ml.logLikelihood > there.logLikelihood)
  }

  @Test("(1 | g) + (0 + x | g) is (x || g)", arguments: [Estimation.reml, .ml])
  func uncorrelatedTerms(_ estimation: Estimation) throws {
    let one = try LinearMixedModel.fit(Layout.uncorrelated.data(), estimation: estimation)
    let two = try LinearMixedModel.fit(Layout.twoTerms.data(), estimation: estimation)
    #expect(one.logLikelihood == two.logLikelihood)
    #expect(one.theta == two.theta)
    #expect(one.varianceComponents[0].covariance[0, 1] == 0)
  }

  @Test("relabelling the groups changes no bit", arguments: Layout.allCases)
  func relabelling(_ layout: Layout) throws {
    let data = layout.data()
    var relabelled = data
    for index in data.random.indices {
      let count = data.random[index].groupLabels.count
      relabelled.random[index].groups = data.random[index].groups.map { Int32(count - 1) - $0 }
      relabelled.random[index].groupLabels.reverse()
    }
    let one = try LinearMixedModel.fit(data, estimation: .reml)
    let two = try LinearMixedModel.fit(relabelled, estimation: .reml)
    #expect(one.coefficients == two.coefficients)
    #expect(one.covariance == two.covariance)
    #expect(one.theta == two.theta)
    #expect(one.logLikelihood == two.logLikelihood)
  }

  @Test("the order of rows does not matter", arguments: Layout.allCases)
  func rowOrder(_ layout: Layout) throws {
    let data = layout.data()
    var random = TestRandom(seed: 5)
    let order = data.response.indices.shuffled(using: &random)
    func shuffled(_ matrix: Matrix) -> Matrix {
      Matrix(
        rows: matrix.rows, columns: matrix.columns,
        storage: (0..<matrix.columns).flatMap { j in order.map { matrix[$0, j] } })
    }
    var other = data
    other.response = order.map { data.response[$0] }
    other.fixed = shuffled(data.fixed)
    for index in data.random.indices {
      other.random[index].groups = order.map { data.random[index].groups[$0] }
      other.random[index].design = shuffled(data.random[index].design)
    }
    let one = try LinearMixedModel.fit(data, estimation: .reml)
    let two = try LinearMixedModel.fit(other, estimation: .reml)
    #expect(abs(one.logLikelihood - two.logLikelihood) < 1e-10)
    for (a, b) in zip(one.theta, two.theta) { #expect(abs(a - b) < 1e-7) }
    for (a, b) in zip(one.coefficients, two.coefficients) { #expect(abs(a - b) < 1e-8) }
    for (a, b) in zip(one.standardErrors, two.standardErrors) { #expect(abs(a - b) < 1e-8) }
  }

  @Test(
    "scaling and shifting a predictor only rescales its coefficient",
    arguments: [(1e6, 0.0), (1e-6, 0.0), (-3.0, 0.0), (1.0, 2000.0)])
  func rescaling(_ scale: Double, _ shift: Double) throws {
    for layout in [Layout.slope, .crossedSlopes] {
      let data = layout.data()
      var other = data
      for row in data.response.indices {
        let x = scale * data.fixed[row, 1] + shift
        other.fixed[row, 1] = x
        for index in data.random.indices where data.random[index].design.columns == 2 {
          other.random[index].design[row, 1] = x
        }
      }
      let one = try LinearMixedModel.fit(data, estimation: .ml)
      let two = try LinearMixedModel.fit(other, estimation: .ml)
      #expect(abs(one.logLikelihood - two.logLikelihood) < 1e-9)
      #expect(relativeError(two.coefficients[1] * scale, one.coefficients[1]) < 1e-8)
      #expect(relativeError(two.standardErrors[1] * abs(scale), one.standardErrors[1]) < 1e-8)
      #expect(relativeError(two.sigma, one.sigma) < 1e-8)
      for (a, b) in zip(two.varianceComponents, one.varianceComponents) {
        let slope = a.standardDeviations[1] * abs(scale)
        #expect(relativeError(slope, b.standardDeviations[1]) < 1e-6)
      }
      let (own, scaled) = (one.varianceInference.parameters, two.varianceInference.parameters)
      // Crossed slopes have a correlation of −1 in their first term, to be seen on every scale.
      #expect(own.map(\.isAtBoundary) == scaled.map(\.isAtBoundary))
      #expect(own[1].isAtBoundary == (layout == .crossedSlopes))
      for index in [1, own.count - 1] where !own[index].isAtBoundary {
        let (a, b) = (try #require(own[index].variance), try #require(scaled[index].variance))
        #expect(relativeError(a, b) < 1e-6)
      }
    }
  }

  @Test("scaling the response scales everything", arguments: [1e8, 1e-8])
  func responseScale(_ scale: Double) throws {
    let data = Layout.crossed.data()
    var other = data
    other.response = data.response.map { scale * $0 }
    let one = try LinearMixedModel.fit(data, estimation: .reml)
    let two = try LinearMixedModel.fit(other, estimation: .reml)
    #expect(relativeError(two.sigma / scale, one.sigma) < 1e-9)
    for (a, b) in zip(one.theta, two.theta) { #expect(abs(a - b) < 1e-7) }
    let shift = Double(data.response.count - 3) * log(scale)
    #expect(abs(two.logLikelihood + shift - one.logLikelihood) < 1e-8)
  }

  /// REML in a balanced one-way layout is the analysis of variance, cut off at zero.
  @Test("balanced one-way layouts", arguments: 0..<20)
  func balancedOneWay(_ seed: Int) throws {
    let (a, n) = (8, 6)
    var random = TestRandom(seed: UInt64(seed))
    let groups = (0..<(a * n)).map { Int32($0 / n) }
    // Every other data set has no group effect, so that some estimates lie at zero.
    let size = seed % 2 == 0 ? 0 : 1.5
    let effects = (0..<a).map { _ in size * random.normal() }
    let y = groups.map { 10 + effects[Int($0)] + random.normal() }
    let mean = y.reduce(0, +) / Double(a * n)
    let means = (0..<a).map { g in y[(g * n)..<((g + 1) * n)].reduce(0, +) / Double(n) }
    let between =
      Double(n) * means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(a - 1)
    let total = y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let within = (total - between * Double(a - 1)) / Double(a * (n - 1))
    let data = MixedModelData(
      response: y, fixed: Columns(rows: a * n).matrix, fixedNames: ["(Intercept)"],
      random: [
        .intercept(grouping: "g", groups: groups, groupLabels: (0..<a).map(String.init))
      ])
    let fit = try LinearMixedModel.fit(data, estimation: .reml)
    #expect(relativeError(fit.coefficients[0], mean) < 1e-12)
    if between > within {
      #expect(!fit.isSingular)
      #expect(relativeError(fit.sigma * fit.sigma, within) < 1e-9)
      let expected = (between - within) / Double(n)
      #expect(relativeError(fit.varianceComponents[0].covariance[0, 0], expected) < 1e-7)
      let error = (between / Double(a * n)).squareRoot()
      #expect(relativeError(fit.standardErrors[0], error) < 1e-9)
    } else {
      #expect(fit.isSingular)
      #expect(fit.theta == [0])
      #expect(fit.icc == 0)
      #expect(relativeError(fit.sigma * fit.sigma, total / Double(a * n - 1)) < 1e-12)
    }
  }

  @Test("groups without rows count for nothing")
  func emptyGroups() throws {
    let fit = try LinearMixedModel.fit(Layout.emptyGroups.data(), estimation: .reml)
    #expect(fit.groupCounts == [9])
  }

  @Test("no fixed effects at all")
  func noFixedEffects() throws {
    var data = Layout.intercept.data()
    data.fixed = Matrix(rows: 90, columns: 0)
    data.fixedNames = []
    let reml = try LinearMixedModel.fit(data, estimation: .reml)
    let ml = try LinearMixedModel.fit(data, estimation: .ml)
    #expect(reml.coefficients.isEmpty)
    #expect(abs(reml.logLikelihood - ml.logLikelihood) < 1e-12)
  }

  /// A search in Λ can rest at a zero on the diagonal that is no maximum; which zeros those are
  /// depends on the order of the effects, so two orders would then disagree. Most of these data
  /// sets have a singular fit.
  @Test("the order of the effects and of the terms does not matter", arguments: 0..<60)
  func effectOrder(_ seed: Int) throws {
    let size = [0, 0.1, 0.3, 1, 10][seed % 5]
    let a = SyntheticData.groups(120, of: 9, seed: UInt64(seed + 1))
    let b = SyntheticData.groups(120, of: 7, seed: UInt64(seed + 5000))
    let crossed = seed % 3 == 0
    var data = SyntheticData.make(
      seed: UInt64(seed), groups: crossed ? [a, b] : [a], labels: crossed ? [9, 7] : [9],
      slopes: crossed ? [true, true] : [true], effect: size)
    if !crossed {
      var random = TestRandom(seed: UInt64(seed + 77))
      let extra = (0..<120).map { _ in random.normal() }
      data.random[0].design = Matrix(
        rows: 120, columns: 3, storage: data.random[0].design.storage + extra)
      data.random[0].columnNames.append("w")
    }
    var other = data
    other.random.reverse()
    for index in other.random.indices {
      let design = other.random[index].design
      other.random[index].design = Matrix(
        rows: 120, columns: design.columns,
        storage: (0..<design.columns).reversed().flatMap { design.column($0) })
      other.random[index].columnNames.reverse()
    }
    let one = try LinearMixedModel.fit(data, estimation: .reml)
    let two = try LinearMixedModel.fit(other, estimation: .reml)
    #expect(one.converged && two.converged)
    #expect(abs(one.logLikelihood - two.logLikelihood) < 1e-9)
    #expect(one.singularTerms == two.singularTerms.reversed())
  }
}
