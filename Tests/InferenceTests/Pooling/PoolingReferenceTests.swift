import Pooling
import Testing

/// Rubin's rules against mice and mitml, to 1e-10 relative.
@Suite struct PoolingReferenceTests {
  let reference: JSONValue
  init() throws { reference = try JSONValue.reference("pooling.json") }

  /// Fits as mice stores them: coefficients and covariance matrix.
  private func inputs(_ fits: [JSONValue], df: Double, coefficients: String) -> [[PoolingInput]] {
    fits.map { fit in
      fit["vcov"]["names"].strings.enumerated().map { i, term in
        PoolingInput(
          term: term, estimate: fit[coefficients][term].double ?? .nan,
          variance: fit["vcov"]["rows"][i][i].double ?? .nan, completeDataDF: df)
      }
    }
  }

  @Test(arguments: 0..<8) func miceTable(position: Int) throws {
    let example = reference["pool"][position]
    let fits = example["per_imputation"].list
    let df = example["dfcom_argument"].double ?? fits[0]["df_residual"].double ?? .nan
    let table = try Pooling.pool(fits: inputs(fits, df: df, coefficients: "coef"))
    #expect(table.estimates.count == 3 && table.notes.isEmpty)
    for (pooled, expected) in zip(table.estimates, example["pooled"].list) {
      #expect(pooled.term == expected["term"].string)
      let names = PooledEstimate.columnNames[1...13]
      for (name, figure) in zip(names, pooled.figures) {
        // R's pt and qt at 0.33 degrees of freedom agree with Boost.Math as well.
        #expect(
          relativeError(figure, expected[name].double) < 1e-10,
          "\(example["case"].string ?? "") \(pooled.term) \(name)")
      }
    }
  }

  @Test(arguments: 0..<13) func miceScalar(position: Int) throws {
    let example = reference["pool_scalar"][position]
    // Reiter's (2003) rule is for synthetic data and not offered.
    guard example["rule"].string == "rubin1987" else { return }
    let df = (example["n"].double ?? .nan) - (example["k"].double ?? .nan)
    let pooled = try Pooling.pool(
      estimates: example["Q"].doubles, variances: example["U"].doubles, completeDataDF: df)
    let expected = example["result"]
    #expect(relativeError(pooled.estimate, expected["qbar"].double) < 1e-10)
    #expect(relativeError(pooled.withinVariance, expected["ubar"].double) < 1e-10)
    // The inputs of the tiny-B case were rounded to 15 digits, B is 5e-13 of their square.
    let tiny = example["case"].string == "m=30 tiny b"
    #expect(relativeError(pooled.betweenVariance, expected["b"].double) < (tiny ? 1e-8 : 1e-10))
    #expect(relativeError(pooled.totalVariance, expected["t"].double) < 1e-10)
    #expect(relativeError(pooled.relativeIncrease, expected["r"].double) < (tiny ? 1e-8 : 1e-10))
    if pooled.withinVariance == 0 {
      // mice gives rounding noise for ν at finite ν_com, and NaN for γ; the limits are 0 and 1.
      #expect(pooled.degreesOfFreedom == (df == .infinity ? 4 : 0))
      #expect(pooled.fractionMissing == 1)
      #expect(pooled.lambda == 1)
    } else {
      #expect(relativeError(pooled.degreesOfFreedom, expected["df"].double) < 1e-10)
      #expect(relativeError(pooled.fractionMissing, expected["fmi"].double) < 1e-10)
    }
  }

  @Test(arguments: [("df_com_infinite", Double.infinity), ("df_com_23", 23)])
  func mitmlOnSHARE(key: String, df: Double) throws {
    let block = reference["mitml_testEstimates_SHARE"]
    let fits = inputs(block["per_imputation"].list, df: df, coefficients: "fixef")
    #expect(fits.count == 30)
    let table = try Pooling.pool(fits: fits)
    for pooled in table.estimates {
      let expected = block[key]["estimates"][pooled.term]
      #expect(relativeError(pooled.estimate, expected["Estimate"].double) < 1e-10)
      #expect(relativeError(pooled.standardError, expected["Std.Error"].double) < 1e-10)
      #expect(relativeError(pooled.statistic, expected["t.value"].double) < 1e-10)
      #expect(relativeError(pooled.degreesOfFreedom, expected["df"].double) < 1e-10)
      #expect(relativeError(pooled.relativeIncrease, expected["RIV"].double) < 1e-10)
      #expect(relativeError(pooled.fractionMissing, expected["FMI"].double) < 1e-10)
      if pooled.term == "arm" {
        #expect(relativeError(pooled.pValue, expected["P(>|t|)"].double) < 1e-10)
      }
    }
  }

  /// The fits behind these are nlme's, whose variances agree with lme4's to about 1e-7.
  @Test(arguments: [
    ("default_dfcom", 5829.0), ("dfcom_23", 23), ("dfcom_Inf", Double.infinity),
  ])
  func miceOnSHARE(key: String, df: Double) throws {
    let fits = reference["mitml_testEstimates_SHARE"]["per_imputation"].list
    let table = try Pooling.pool(fits: inputs(fits, df: df, coefficients: "fixef"))
    for (pooled, expected) in zip(table.estimates, reference["pool_lme_SHARE"][key].list) {
      for (name, figure) in zip(PooledEstimate.columnNames[1...13], pooled.figures)
      where name != "p.value" {
        #expect(relativeError(figure, expected[name].double) < 2e-6, "\(pooled.term) \(name)")
      }
    }
  }
}
