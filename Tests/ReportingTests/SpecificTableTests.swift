import Reporting
import Testing

private let arm = EstimateRow(
  analysis: "treatment effect", term: "arm",
  figures: [
    .estimate: 0.54112, .standardError: 0.17234, .statistic: 3.1398, .degreesOfFreedom: 21.04,
    .pValue: 0.0049, .confidenceLow: 0.18276, .confidenceHigh: 0.89948, .lambda: 0.02,
    .fractionMissing: 0.1012, .totalVariance: 0.0297,
  ], monteCarloErrors: [.estimate: 0.0051], imputations: 30)
private let intercept = EstimateRow(
  analysis: "treatment effect", term: "(Intercept)",
  figures: [.estimate: 4.1271, .standardError: 0.1230, .degreesOfFreedom: .infinity])

@Suite struct SpecificTables {
  @Test func pooledEstimates() {
    let table = Table.pooledEstimates([intercept, arm])
    #expect(
      table.rendered() == """
        Pooled estimates
        term         estimate  std.error  statistic     df  p.value  conf.low  conf.high  lambda
        -----------  --------  ---------  ---------  -----  -------  --------  ---------  ------
        (Intercept)      4.13       0.12          -  Inf          -         -          -       -
        arm              0.54       0.17       3.14   21.0   0.0049      0.18       0.90   0.020

        """)
    let lines = table.csv().split(separator: "\n").map(String.init)
    #expect(
      lines[0]
        == "analysis,term,estimate,std.error,statistic,df,p.value,conf.low,conf.high,riv,lambda,"
        + "fmi,ubar,b,t,m,mcse.estimate,mcse.std.error,mcse.statistic,mcse.df,mcse.p.value,"
        + "mcse.conf.low,mcse.conf.high,mcse.riv,mcse.lambda,mcse.fmi,mcse.ubar,mcse.b,mcse.t")
    #expect(
      lines[1] == "treatment effect,(Intercept),4.1271,0.123,,Inf,,,,,,,,,,,,,,,,,,,,,,,")
    #expect(
      lines[2]
        == "treatment effect,arm,0.54112,0.17234,3.1398,21.04,0.0049,0.18276,0.89948,,0.02,"
        + "0.1012,,,0.0297,30,0.0051,,,,,,,,,,,,")
  }

  @Test func severalAnalysesAreNamed() {
    var other = arm
    other.analysis = "adjusted"
    let text = Table.pooledEstimates([arm, other]).rendered()
    #expect(text.contains("\ntreatment effect  arm "))
    #expect(text.contains("\nadjusted          arm "))
  }

  @Test func completeCasesBesidePooled() {
    var complete = arm
    complete.figures = [.estimate: 0.5375, .standardError: 0.1709, .degreesOfFreedom: 23]
    let table = Table.completeCasesBesidePooled(
      completeCases: [complete], pooled: [intercept, arm], title: nil)
    let lines = table.rendered().split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    #expect(
      lines[0] == [
        "term", "data", "estimate", "std.error", "df", "p.value", "conf.low", "conf.high",
      ])
    #expect(
      lines[2].prefix(6) == ["arm", "complete", "0.54", "0.17", "23.0", "-"])
    #expect(
      lines[3].prefix(6) == ["arm", "imputed", "0.54", "0.17", "21.0", "0.0049"])
    #expect(
      lines[4].prefix(6) == ["(Intercept)", "imputed", "4.13", "0.12", "Inf", "-"])
    #expect(lines.count == 5)
  }

  @Test func varianceComponents() {
    let table = Table.varianceComponents([
      VarianceComponentRow(
        analysis: "a", group: "school", term: "sd__(Intercept)", estimate: 0.3958,
        confidenceLow: 0.27, confidenceHigh: 0.58, lambda: 0.036, fractionMissing: 0.04,
        imputations: 30, boundaryCount: 0),
      VarianceComponentRow(
        analysis: "a", group: "school", term: "icc", estimate: 0.0285, boundaryCount: 2),
    ])
    #expect(
      table.rendered() == """
        Variance components
        group   term             estimate  conf.low  conf.high  lambda  boundary
        ------  ---------------  --------  --------  ---------  ------  --------
        school  sd__(Intercept)   0.396       0.270      0.580   0.036         0
        school  icc               0.02850         -          -       -         2

        """)
  }

  /// Digits by a quarter of such an interval would print 0, 0 and 800.
  @Test func whatIsNotZeroIsNotShownAsZero() {
    let lines = Table.varianceComponents([
      VarianceComponentRow(
        analysis: "a", group: "school", term: "sd__(Intercept)", estimate: 0.0517,
        confidenceLow: 0.0000033, confidenceHigh: 820.4)
    ]).rendered().split(separator: "\n")
    #expect(
      lines.last?.split(separator: " ").prefix(5).map(String.init)
        == ["school", "sd__(Intercept)", "0.052", "0.000", "820.400"])
    // A correlation near 0 is as uncertain as its interval says.
    let other = Table.varianceComponents([
      VarianceComponentRow(
        analysis: "a", group: "school", term: "cor__(Intercept).x", estimate: 0.0017,
        confidenceLow: -0.5, confidenceHigh: 0.5)
    ]).rendered()
    #expect(other.contains("0.00 "))
  }

  @Test func missingPatternAsMicePrintsIt() {
    // mice's md.pattern(nhanes).
    let table = Table.missingPattern(
      variables: ["age", "hyp", "bmi", "chl"],
      patterns: [
        (13, [true, true, true, true]), (3, [true, true, true, false]),
        (1, [true, true, false, true]), (1, [true, false, false, true]),
        (7, [true, false, false, false]),
      ], missingCounts: [0, 8, 9, 10])
    #expect(
      table.rendered() == """
        Missing-data pattern (1 observed, 0 missing)
        rows  age  hyp  bmi  chl  missing
        ----  ---  ---  ---  ---  -------
          13    1    1    1    1        0
           3    1    1    1    0        1
           1    1    1    0    1        1
           1    1    0    0    1        2
           7    1    0    0    0        3
           -    0    8    9   10       27

        """)
  }

  @Test func predictorMatrixStatusAndEvents() {
    #expect(
      Table.predictorMatrix(
        rows: [("y", [-2, 0, 3]), ("x", [0, 1, 0])], columns: ["g", "y", "x"], title: nil
      ).rendered() == """
        target   g  y  x
        ------  --  -  -
        y       -2  0  3
        x        0  1  0

        """)
    #expect(
      Table.status([("state", .text("running")), ("chains", .integer(12))]).csv()
        == "key,value\nstate,running\nchains,12\n")
    #expect(
      Table.events(
        [EventRow(target: "y", kind: "collinear", detail: "x", chains: 3, count: 600)], title: nil
      ).csv() == "target,event,detail,chains,count\ny,collinear,x,3,600\n")
  }

  @Test func variables() {
    let table = Table.variables([
      VariableRow(
        name: "scpar", label: "Parents' class", type: "numeric", isDeclared: true,
        missingCount: 120, rowCount: 5854, method: "2l.pmm", visit: 1, mean: 3.14159,
        standardDeviation: 1.5),
      VariableRow(
        name: "sex", type: "binary", isDeclared: false, levelCount: 2, missingCount: 0,
        rowCount: 5854),
    ])
    #expect(
      table.rendered() == """
        Variables
        variable  label           type     type.from   levels  missing  missing.share   mean  \
          sd  method  visit
        --------  --------------  -------  ----------  ------  -------  -------------  -----  \
        ----  ------  -----
        scpar     Parents' class  numeric  study file       -      120           2.0%  3.142  \
        1.50  2l.pmm      1
        sex       -               binary   data             2        0           0.0%      -  \
           -  -           -

        """)
  }
}
