import Analyses
import Formulas
import Pooling
import Tabular
import Testing

/// The article's analysis on the real trial.
@Suite(.enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct TrialTests {
  private let specification: AnalysisSpecification
  private let data: Dataset

  init() throws {
    specification = AnalysisSpecification(
      formula: try Formula("kscore ~ arm + (1 | school)"))
    data = try csvFixture(SharedData.url("share.csv"))
  }

  @Test func completeCases() throws {
    let fit = try AnalysisRegistry.model(specification).fit(data)
    #expect(fit.observations + fit.droppedRows == 5854 && fit.observations == 5501)
    #expect(abs(fit.terms[0].estimate - 4.1244) < 5e-5)
    #expect(abs(fit.terms[0].standardError - 0.1223) < 5e-5)
    #expect(abs(fit.terms[1].estimate - 0.5375) < 5e-5)
    #expect(abs(fit.terms[1].standardError - 0.1709) < 5e-5)
    #expect(fit.terms.map(\.degreesOfFreedom.nlme) == [5476, 23])
    #expect(fit.terms.map(\.degreesOfFreedom.containment) == [23, 23])
    #expect(abs((fit.components[0].estimate ?? 0) - 0.3933) < 5e-5)
    #expect(abs(fit.sigma - 2.3167) < 5e-5)
    #expect(abs((fit.intraclassCorrelation?.estimate ?? 0) - 0.02802) < 5e-6)
  }

  /// mice's 30 imputations, fitted and pooled here, against nlme and mice (variances of the fits
  /// agree to about 1e-6).
  @Test func imputedAndPooled() throws {
    let fits = try imputed().map {
      [prepared = try AnalysisRegistry.model(specification).prepare(data)] in
      try prepared.fit($0)
    }
    let reference = try JSONValue.reference("pooling.json")
    for (rule, key) in [
      (DegreesOfFreedomRule.containment, "dfcom_23"), (.fixed(23), "dfcom_23"),
      (.infinite, "dfcom_Inf"), (.fixed(5829), "default_dfcom"),
    ] {
      let table = try Pooling.pool(fits: fits, rule: rule)
      #expect(table.estimates.count == 2 && table.notes.isEmpty)
      for (pooled, expected) in zip(table.estimates, reference["pool_lme_SHARE"][key].list) {
        for (name, figure) in zip(PooledEstimate.columnNames[1...13], pooled.figures)
        where name != "p.value" {
          #expect(relativeError(figure, expected[name].double) < 2e-5, "\(rule) \(name)")
        }
      }
    }
    // The intercept's 5,829 under nlme's rule, 5,852 = n − p under the residual rule.
    #expect(fits[0].terms.map(\.degreesOfFreedom.nlme) == [5829, 23])
    #expect(fits[0].terms.map(\.degreesOfFreedom.residual) == [5852, 5852])
    let components = try Pooling.poolComponents(fits: fits)
    let means = reference["mitml_testEstimates_SHARE"]["df_com_23"]["extra_pars"]
    for (component, name) in zip(
      components, ["Intercept~~Intercept|school", "Residual~~Residual", "ICC|school"])
    {
      #expect(relativeError(component.meanOverFits, means[name][0].double) < 1e-4)
      #expect(component.confidenceLow! < component.estimate!)
      #expect(component.confidenceHigh! > component.estimate!)
    }
    #expect(ImputationAdvice(table: try Pooling.pool(fits: fits))?.isEnough == true)
  }

  private func imputed() throws -> [Dataset] {
    var sets = Array(repeating: data, count: 30)
    for name in ["kscore", "scpar"] {
      let cells = try csvFixture(SharedData.url("SHARE_2l.pmm_m30_imputed_\(name).csv"))
      let rows = numbers(cells, "\(name)_row")
      for k in 0..<30 {
        var values = numbers(data, name)
        for (row, value) in zip(rows, numbers(cells, String(k + 1))) {
          values[Int(row) - 1] = value
        }
        sets[k].setValues(.numeric(values), of: name)
      }
    }
    return sets
  }

  private func numbers(_ data: Dataset, _ name: String) -> [Double] {
    if case .numeric(let values)? = data[name]?.values { return values }
    return []
  }
}
