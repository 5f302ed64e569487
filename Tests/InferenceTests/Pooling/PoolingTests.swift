import Pooling
import Testing

@Suite struct PoolingTests {
  let estimates = [1.2, 1.5, 0.9, 1.1, 1.35]
  let variances = [0.10, 0.12, 0.09, 0.11, 0.105]

  @Test func noBetweenVarianceGivesTheExactLimits() throws {
    // 0.1 has no exact binary form: a naive mean of five of them misses it by an ulp.
    let same = [0.1, 0.1, 0.1, 0.1, 0.1]
    let large = try Pooling.pool(estimates: same, variances: variances)
    #expect(large.betweenVariance == 0 && large.lambda == 0 && large.relativeIncrease == 0)
    #expect(large.degreesOfFreedom == .infinity && large.fractionMissing == 0)
    let small = try Pooling.pool(estimates: same, variances: variances, completeDataDF: 23)
    // ν_com (ν_com + 1) / (ν_com + 3) = 23 · 24 / 26
    #expect(relativeError(small.degreesOfFreedom, 276.0 / 13) < 1e-15)
    #expect(small.lambda == 0)
    #expect(relativeError(small.fractionMissing, 2 / (276.0 / 13 + 3)) < 1e-15)
  }

  @Test func limitIsContinuousInLambda() throws {
    let exact = try Pooling.pool(
      estimates: [1, 1, 1], variances: [1, 1, 1], completeDataDF: 23)
    let near = try Pooling.pool(
      estimates: [1, 1 + 1e-6, 1 - 1e-6], variances: [1, 1, 1], completeDataDF: 23)
    #expect(near.lambda! > 0)
    #expect(relativeError(near.degreesOfFreedom, exact.degreesOfFreedom) < 1e-11)
    // mice before 3.19 held λ at 1e-4 at least: ν would be off by 1e-4.
    let large = try Pooling.pool(estimates: [1, 1 + 1e-6, 1 - 1e-6], variances: [1, 1, 1])
    #expect(large.degreesOfFreedom! > 1e23)
  }

  @Test func degreesOfFreedomNeverExceedCompleteData() throws {
    for df in [0.5, 1, 2, 23, 5_000, 1e12] {
      let pooled = try Pooling.pool(
        estimates: estimates, variances: variances, completeDataDF: df)
      #expect(pooled.degreesOfFreedom! < df)
      #expect(pooled.degreesOfFreedom! < 28.1100035599859)
    }
  }

  @Test func equivariantUnderAffineMaps() throws {
    let a = try Pooling.pool(estimates: estimates, variances: variances, completeDataDF: 23)
    let b = try Pooling.pool(
      estimates: estimates.map { 8 - 4 * $0 }, variances: variances.map { 16 * $0 },
      completeDataDF: 23)
    #expect(relativeError(b.estimate, 8 - 4 * a.estimate) < 1e-14)
    #expect(relativeError(b.confidenceLow, 8 - 4 * a.confidenceHigh!) < 1e-13)
    #expect(relativeError(b.degreesOfFreedom, a.degreesOfFreedom) < 1e-13)
    #expect(relativeError(b.fractionMissing, a.fractionMissing) < 1e-13)
  }

  @Test func withoutWithinVariance() throws {
    let large = try Pooling.pool(estimates: estimates, variances: [0, 0, 0, 0, 0])
    #expect(large.degreesOfFreedom == 4 && large.relativeIncrease == .infinity)
    #expect(large.lambda == 1 && large.fractionMissing == 1)
    #expect(large.pValue != nil && large.confidenceLow != nil)
    let small = try Pooling.pool(
      estimates: estimates, variances: [0, 0, 0, 0, 0], completeDataDF: 23)
    #expect(small.degreesOfFreedom == 0)
    #expect(small.pValue == nil && small.confidenceLow == nil && small.note != nil)
    let nothing = try Pooling.pool(estimates: [2, 2, 2], variances: [0, 0, 0])
    #expect(nothing.standardError == 0 && nothing.lambda == nil && nothing.statistic == nil)
    #expect(nothing.note != nil)
  }

  @Test func oneImputationGivesOnlyTheEstimate() throws {
    let pooled = try Pooling.pool(estimates: [1.5], variances: [0.1])
    #expect(pooled.estimate == 1.5 && pooled.imputations == 1)
    #expect(pooled.figures.dropFirst().allSatisfy { $0 == nil })
    #expect(pooled.monteCarloErrors == nil && pooled.note != nil)
  }

  /// Of the mean, the jackknife error is √(B/m) exactly; of the mean of U likewise.
  @Test func jackknifeOfMeansIsTheUsualStandardError() throws {
    let pooled = try Pooling.pool(
      estimates: estimates, variances: variances, completeDataDF: 23)
    let errors = try #require(pooled.monteCarloErrors)
    #expect(relativeError(errors.estimate, (0.053 / 5).squareRoot()) < 1e-13)
    // Var(U) = 1.25e-4 (divisor 4) by hand
    #expect(relativeError(errors.withinVariance, (1.25e-4 / 5).squareRoot()) < 1e-12)
    #expect(pooled.monteCarloFigures.allSatisfy { $0 != nil && $0! > 0 })
  }

  /// Three imputations by hand: leaving one out of (0, 1, 3) leaves B = 2, 4.5, 0.5.
  @Test func jackknifeOfBetweenVarianceByHand() throws {
    let pooled = try Pooling.pool(estimates: [0, 1, 3], variances: [1, 1, 1])
    // √(2/3 · Σ(x − 7/3)²) = √(2/3 · 49/6)
    #expect(
      relativeError(
        pooled.monteCarloErrors?.betweenVariance, (2.0 / 3 * 49 / 6).squareRoot()) < 1e-14)
    let two = try Pooling.pool(estimates: [0, 1], variances: [1, 1])
    #expect(two.monteCarloErrors == nil && two.monteCarloFigures.allSatisfy { $0 == nil })
  }

  @Test func refusesBadInput() {
    #expect(throws: PoolingError.noEstimates) {
      try Pooling.pool(estimates: [], variances: [])
    }
    #expect(throws: PoolingError.countsDiffer(estimates: 2, variances: 1)) {
      try Pooling.pool(estimates: [1, 2], variances: [1])
    }
    #expect(throws: PoolingError.estimateNotFinite(term: "x", imputation: 2)) {
      try Pooling.pool(term: "x", estimates: [1, .nan], variances: [1, 1])
    }
    for bad in [-1, .nan, Double.infinity] {
      #expect(throws: PoolingError.varianceInvalid(term: "x", imputation: 1)) {
        try Pooling.pool(term: "x", estimates: [1, 2], variances: [bad, 1])
      }
    }
    for bad in [-1, Double.nan] {
      #expect(throws: PoolingError.completeDataDFInvalid(term: "x")) {
        try Pooling.pool(
          term: "x", estimates: [1, 2], variances: [1, 1], completeDataDF: bad)
      }
    }
    for bad in [0, 1, 95, -0.5] {
      #expect(throws: PoolingError.levelOutOfRange(bad)) {
        try Pooling.pool(estimates: [1, 2], variances: [1, 1], level: bad)
      }
    }
    #expect(throws: PoolingError.overflow(term: "x")) {
      try Pooling.pool(term: "x", estimates: [1e200, -1e200], variances: [1, 1])
    }
    #expect(throws: PoolingError.repeatedTerm(term: "a", imputation: 2)) {
      let a = PoolingInput(term: "a", estimate: 1, variance: 1)
      _ = try Pooling.pool(fits: [[a], [a, a]])
    }
  }

  @Test func termMissingInSomeFitsIsRefused() throws {
    let a = PoolingInput(term: "a", estimate: 1, variance: 1, completeDataDF: 10)
    let b = PoolingInput(term: "b", estimate: 2, variance: 1, completeDataDF: 10)
    var fewer = a
    fewer.completeDataDF = 8
    let table = try Pooling.pool(fits: [[a, b], [fewer], [a, b]])
    #expect(table.estimates.map(\.term) == ["a"])
    #expect(table.refused == [RefusedTerm(term: "b", present: 2, imputations: 3)])
    #expect(table.estimates[0].completeDataDF == 8)
    #expect(table.notes.count == 3)
    #expect(table.notes.contains { $0.contains("2 of 3 imputations") })
  }

  @Test func columnsAreNamedAfterBroom() {
    #expect(
      PooledEstimate.columnNames.prefix(15) == [
        "term", "estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high",
        "riv", "lambda", "fmi", "ubar", "b", "t", "m",
      ])
    #expect(PooledEstimate.columnNames.count == 28)
    #expect(PooledEstimate.columnNames.last == "mcse.t")
  }
}
