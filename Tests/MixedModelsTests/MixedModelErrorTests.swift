import MixedModels
import Numerics
import Testing

@Suite("Linear mixed models: data that cannot be fitted")
struct MixedModelErrorTests {
  private let good = MixedModelPropertyTests.Layout.slope.data()

  private func expect(
    _ error: MixedModelError, _ data: MixedModelData,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: error, sourceLocation: sourceLocation) {
      try LinearMixedModel.fit(data, estimation: .reml)
    }
    #expect(!error.description.isEmpty, sourceLocation: sourceLocation)
  }

  private func first(_ rows: Int) -> MixedModelData {
    func cut(_ matrix: Matrix) -> Matrix {
      Matrix(
        rows: rows, columns: matrix.columns,
        storage: (0..<matrix.columns).flatMap { Array(matrix.column($0)[..<rows]) })
    }
    var data = good
    data.response = Array(good.response[..<rows])
    data.fixed = cut(good.fixed)
    data.random[0].groups = Array(good.random[0].groups[..<rows])
    data.random[0].design = cut(good.random[0].design)
    return data
  }

  @Test("too few rows")
  func tooFewRows() {
    expect(.tooFewRows(rows: 0, columns: 3), first(0))
    expect(.tooFewRows(rows: 1, columns: 1), first(1))
  }

  @Test("one group")
  func oneGroup() {
    var data = good
    data.random[0].groups = good.random[0].groups.map { _ in 3 }
    expect(.oneGroup(grouping: "f0"), data)
  }

  @Test("as many random effects as rows")
  func tooManyEffects() {
    var data = good
    data.random[0].groups = (0..<90).map { Int32($0 / 2) }
    data.random[0].groupLabels = (0..<45).map(String.init)
    expect(.tooManyRandomEffects(term: "(1 + x | f0)", effects: 90, rows: 90), data)
    data.random[0].groups[0] = 1
    data.random[0].groups[1] = 1
    #expect(throws: Never.self) { try LinearMixedModel.fit(data, estimation: .reml) }
  }

  @Test("values that are not finite", arguments: [Double.nan, .infinity])
  func notFinite(_ value: Double) {
    var data = good
    data.response[7] = value
    expect(.notFinite(column: nil, row: 8), data)
    data = good
    data.fixed[4, 1] = value
    expect(.notFinite(column: "x", row: 5), data)
    data = good
    data.random[0].design[2, 1] = value
    expect(.notFinite(column: "x", row: 3), data)
  }

  @Test("shapes that do not match")
  func shapes() {
    var data = good
    data.fixedNames.removeLast()
    expect(.shape(what: "names of the fixed columns", count: 2, expected: 3), data)
    data = good
    data.random[0].groups.removeLast()
    expect(.shape(what: "groups of (1 + x | f0)", count: 89, expected: 90), data)
    data = good
    data.random = []
    expect(.noRandomEffects, data)
    data = good
    data.random[0].groups[11] = 9
    expect(.groupOutOfRange(grouping: "f0", row: 12), data)
  }

  @Test("random-effects columns that cannot be told apart")
  func collinear() {
    var data = good
    for row in 0..<90 { data.random[0].design[row, 1] = 2 }
    expect(.collinearRandomEffects(term: "(1 + x | f0)", column: "x"), data)
    for row in 0..<90 { data.random[0].design[row, 1] = 0 }
    expect(.collinearRandomEffects(term: "(1 + x | f0)", column: "x"), data)
    data = good
    data.random.append(data.random[0])
    expect(.duplicateRandomEffects(term: "(1 + x | f0)", column: "(Intercept)"), data)
  }

  @Test("a response without residual variance")
  func noResidualVariance() {
    var data = good
    data.response = data.response.map { _ in 3.1 }
    expect(.noResidualVariance, data)
    data.response = (0..<90).map { 0.1 + 0.3 * data.fixed[$0, 1] }
    expect(.noResidualVariance, data)
    // The groups explain everything.
    data.response = data.random[0].groups.map { Double($0 * $0) }
    data.fixed = Columns(rows: 90).matrix
    data.fixedNames = ["(Intercept)"]
    expect(.noResidualVariance, data)
    data.random[0].design = Columns(rows: 90).matrix
    data.random[0].columnNames = ["(Intercept)"]
    expect(.noResidualVariance, data)
  }

  @Test("collinear fixed columns are dropped, the later ones, and named")
  func dropped() throws {
    let whole = try LinearMixedModel.fit(good, estimation: .reml)
    var columns = Columns(rows: 90)
    let x = good.fixed.column(1)
    columns.add("x", x, term: 1)
    columns.add("twice", x.map { 2 * $0 + 1 }, term: 2)
    columns.add("arm", good.fixed.column(2), term: 3)
    columns.add("zero", x.map { _ in 0 }, term: 4)
    var data = good
    data.fixed = columns.matrix
    data.fixedNames = columns.names
    let fit = try LinearMixedModel.fit(data, estimation: .reml)
    #expect(fit.droppedColumns == ["twice", "zero"])
    #expect(fit.coefficientNames == whole.coefficientNames)
    #expect(fit.coefficients == whole.coefficients)
    #expect(fit.containment == whole.containment)
  }
}
