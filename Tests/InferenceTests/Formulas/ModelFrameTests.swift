import Analyses
import Formulas
import Numerics
import Tabular
import Testing

/// Model matrices against what R's `model.matrix` makes.
@Suite struct ModelFrameTests {
  let data = Dataset(columns: [
    numericColumn("y", [1, 2, 3, 4, 5, 6]),
    numericColumn("x", [1, 2, 3, 1, 2, 3]),
    textColumn("a", ["q", "p", "q", "p", "q", "p"]),
    textColumn("b", ["u", "v", "w", "u", "v", "w"]),
    numericColumn("f", [20, 2.5, 100_000, 20, 2.5, 100_000]),
  ])

  private func frame(_ formula: String) throws -> ModelFrame {
    try ModelFrame(formula: Formula(formula), data: data)
  }

  /// Names as R 4.2 gives them, with its rule for which factors get contrasts.
  static let matrices: [(formula: String, names: [String], assign: [Int]?)] = [
    ("y ~ x", ["(Intercept)", "x"], [0, 1]),
    ("y ~ a", ["(Intercept)", "aq"], [0, 1]),
    ("y ~ 0 + a", ["ap", "aq"], [1, 1]),
    ("y ~ 0 + a + b", ["ap", "aq", "bv", "bw"], [1, 1, 2, 2]),
    ("y ~ 0 + x + a", ["x", "ap", "aq"], [1, 2, 2]),
    ("y ~ factor(f)", ["(Intercept)", "factor(f)20", "factor(f)1e+05"], [0, 1, 1]),
    ("y ~ a*b", ["(Intercept)", "aq", "bv", "bw", "aq:bv", "aq:bw"], [0, 1, 2, 2, 3, 3]),
    ("y ~ a:b", ["(Intercept)", "ap:bu", "aq:bu", "ap:bv", "aq:bv", "ap:bw", "aq:bw"], nil),
    ("y ~ a + a:b", ["(Intercept)", "aq", "ap:bv", "aq:bv", "ap:bw", "aq:bw"], nil),
    ("y ~ b + a:b", ["(Intercept)", "bv", "bw", "bu:aq", "bv:aq", "bw:aq"], nil),
    ("y ~ a/b", ["(Intercept)", "aq", "ap:bv", "aq:bv", "ap:bw", "aq:bw"], nil),
    ("y ~ x:a", ["(Intercept)", "x:ap", "x:aq"], [0, 1, 1]),
    ("y ~ x + x:a", ["(Intercept)", "x", "x:aq"], [0, 1, 2]),
    ("y ~ a + x:a", ["(Intercept)", "aq", "ap:x", "aq:x"], nil),
    ("y ~ 0 + a:b", ["ap:bu", "aq:bu", "ap:bv", "aq:bv", "ap:bw", "aq:bw"], nil),
    ("y ~ 0 + a*b", ["ap", "aq", "bv", "bw", "aq:bv", "aq:bw"], [1, 1, 2, 2, 3, 3]),
    ("y ~ I(x^2) + log(f)", ["(Intercept)", "I(x^2)", "log(f)"], [0, 1, 2]),
  ]

  @Test(arguments: matrices) func columnNames(formula: String, names: [String], assign: [Int]?)
    throws
  {
    let frame = try frame(formula)
    #expect(frame.fixedNames == names)
    if let assign { #expect(frame.assign == assign) }
    #expect(frame.fixed.rows == 6 && frame.fixed.columns == names.count)
  }

  @Test func values() throws {
    let frame = try frame("log(y) ~ a*b + I(x^2 - 2*x/4) + sqrt(x)")
    #expect(frame.responseName == "log(y)")
    #expect(frame.response.map { Elementary.exp($0).rounded() } == [1, 2, 3, 4, 5, 6])
    #expect(frame.fixed.column(1) == [1, 0, 1, 0, 1, 0])  // aq
    #expect(frame.fixed.column(2) == [0, 1, 0, 0, 1, 0])  // bv
    #expect(frame.fixedNames[4] == "I(x^2 - 2 * x/4)")
    #expect(frame.fixed.column(4) == [0.5, 3, 7.5, 0.5, 3, 7.5])
    #expect(frame.fixed.column(5) == [1, 2, 3, 1, 2, 3].map { $0.squareRoot() })
    #expect(frame.fixedNames[7] == "aq:bw")
    #expect(frame.fixed.column(7) == [0, 0, 1, 0, 0, 0])
  }

  @Test func arithmetic() throws {
    let frame = try frame("y ~ 0 + I(-x^2) + I(2^-x) + I((x + 1)*2) + abs(x - 2) + I(x^0.5)")
    #expect(frame.fixedNames[0] == "I(-x^2)" && frame.fixedNames[1] == "I(2^-x)")
    #expect(frame.fixed.column(0).prefix(3) == [-1, -4, -9])
    #expect(frame.fixed.column(1).prefix(3) == [0.5, 0.25, 0.125])
    #expect(frame.fixed.column(2).prefix(3) == [4, 6, 8])
    #expect(frame.fixed.column(3).prefix(3) == [1, 0, 1])
    #expect(abs(frame.fixed[2, 4] - 1.7320508075688772) < 1e-15)
    let logs = try ModelFrame(
      formula: Formula("y ~ log2(x) + log10(f) + log1p(x) + exp(x)"), data: data)
    // R: log2(3), log10(2.5), log1p(3), exp(3)
    for (cell, value) in [
      (logs.fixed[2, 1], 1.58496250072116), (logs.fixed[1, 2], 0.397940008672038),
      (logs.fixed[2, 3], 1.38629436111989), (logs.fixed[2, 4], 20.0855369231877),
    ] {
      #expect(relativeError(cell, value) < 1e-14)
    }
  }

  @Test func orthodontAsR() throws {
    let data = try csvFixture("Orthodont.csv")
    let formula = try Formula("distance ~ age*Sex + (age | Subject)")
    let frame = try ModelFrame(formula: formula, data: data, encodings: ["Sex": orthodontSex])
    #expect(frame.fixedNames == ["(Intercept)", "age", "SexFemale", "age:SexFemale"])
    let random = try #require(frame.random.first)
    #expect(random.columnNames == ["(Intercept)", "age"] && random.correlated)
    #expect(random.groupLabels.count == 27 && frame.response.count == 108)
    let sex = frame.fixed.column(2)
    #expect(sex.reduce(0, +) == 44)
    #expect(frame.fixed.column(3) == zip(frame.fixed.column(1), sex).map { $0 * $1 })
    // Without a declaration levels are alphabetical, as factor() makes them.
    let plain = try ModelFrame(formula: formula, data: data)
    #expect(plain.fixedNames[2] == "SexMale")
  }

  /// R has `armB` twice. Both columns are told apart, so that neither is pooled with the other.
  @Test func namesThatClash() throws {
    let data = Dataset(columns: [
      Column(name: "y", values: .numeric((0..<12).map { Double($0 * 5 % 7) })),
      Column(name: "arm", values: .text(codes: (0..<12).map { $0 % 2 }, levels: ["A", "B"])),
      Column(name: "armB", values: .numeric((0..<12).map { Double($0 * 7 % 5) })),
    ])
    let formula = try Formula("y ~ arm + armB")
    let frame = try ModelFrame(formula: formula, data: data)
    #expect(frame.fixedNames == ["(Intercept)", "armB [arm]", "armB [armB]"])
    #expect(frame.repeatedNames == ["armB"])
    let fit = try AnalysisRegistry.model(AnalysisSpecification(formula: formula)).fit(data)
    #expect(fit.terms.map(\.term) == frame.fixedNames)
    #expect(
      fit.warnings == [
        "More than one column would be called armB; they are told apart by their terms: armB [arm], "
          + "armB [armB]."
      ])
    let alone = try ModelFrame(formula: Formula("y ~ armB"), data: data)
    #expect(alone.fixedNames[1] == "armB" && alone.repeatedNames.isEmpty)
  }

  @Test func nestedAndCrossedGroups() throws {
    let machines = try csvFixture("Machines.csv")
    let nested = try ModelFrame(
      formula: Formula("score ~ Machine + (1 | Worker/Machine)"), data: machines)
    #expect(nested.fixedNames == ["(Intercept)", "MachineB", "MachineC"])
    #expect(nested.random.map(\.grouping) == ["Machine:Worker", "Worker"])
    #expect(nested.random.map(\.groupLabels.count) == [18, 6])
    #expect(nested.random[0].groupLabels[0] == "A:1")
    let slopes = try ModelFrame(
      formula: Formula("score ~ Machine + (Machine || Worker)"), data: machines)
    // As in lme4: the intercept by itself, and the factor's indicators together.
    #expect(
      slopes.random.map(\.columnNames) == [["(Intercept)"], ["MachineA", "MachineB", "MachineC"]])
    #expect(slopes.random.map(\.correlated) == [true, true])
    let cells = try ModelFrame(
      formula: Formula("score ~ Machine + (0 + Machine | Worker)"), data: machines)
    #expect(cells.random[0].columnNames == ["MachineA", "MachineB", "MachineC"])
    let penicillin = try ModelFrame(
      formula: Formula("diameter ~ 1 + (1 | plate) + (1 | sample)"),
      data: csvFixture("Penicillin.csv"))
    #expect(penicillin.random.map(\.groupLabels.count) == [24, 6])
    #expect(penicillin.fixedNames == ["(Intercept)"])
  }

  @Test func incompleteRowsAreLeftOut() throws {
    let data = Dataset(columns: [
      numericColumn("y", [1, .nan, 3, 4, 5]),
      textColumn("a", ["p", "q", nil, "r", "p"]),
      textColumn("g", ["z", "z", "y", "x", "z"]),
      numericColumn("unused", [.nan, .nan, .nan, .nan, .nan]),
    ])
    let frame = try ModelFrame(formula: Formula("y ~ a + (1 | g)"), data: data)
    #expect(frame.rows == [0, 3, 4] && frame.droppedRows == 2)
    // Level q occurs only in a dropped row.
    #expect(frame.fixedNames == ["(Intercept)", "ar"])
    // Groups count by first appearance: renaming them changes nothing.
    #expect(frame.random[0].groups == [0, 1, 0])
    #expect(frame.random[0].groupLabels == ["z", "x"])
  }

  @Test func declaredLevelsSetOrderAndNames() throws {
    let levels = [
      FactorLevel(.number(3), label: "high"), FactorLevel(.number(1), label: "low"),
      FactorLevel(.number(2)),
    ]
    let frame = try ModelFrame(
      formula: Formula("y ~ x"), data: data, encodings: ["x": .factor(levels)])
    #expect(frame.fixedNames == ["(Intercept)", "xlow", "x2"])
    #expect(frame.fixed.column(1) == [1, 0, 0, 1, 0, 0])
    #expect(throws: ModelFrameError.undeclaredLevel(variable: "x", row: 2)) {
      try ModelFrame(
        formula: Formula("y ~ x"), data: data,
        encodings: ["x": .factor(Array(levels.prefix(2)))])
    }
    let numeric = #expect(throws: ModelFrameError.self) {
      try ModelFrame(formula: Formula("y ~ a"), data: data, encodings: ["a": .numeric])
    }
    #expect(numeric?.description.contains("a needs numbers, but a is a factor") == true)
  }

  private func failure(_ formula: String, _ other: Dataset? = nil) throws -> String {
    let formula = try Formula(formula)
    let error = #expect(throws: ModelFrameError.self) {
      try ModelFrame(formula: formula, data: other ?? data)
    }
    return error?.description ?? ""
  }

  @Test func unknownVariableWithItsPlaceAndNearestName() throws {
    let data = Dataset(columns: [numericColumn("kscore", [1, 2]), numericColumn("arm", [0, 1])])
    #expect(
      try failure("kscore ~ arn", data) == """
        Formula, column 10: the data have no column arn; did you mean arm?
          kscore ~ arn
                   ^
        """)
    #expect(try failure("kscore ~ arm + (1 | school)", data).contains("column 21"))
  }

  @Test func badModels() throws {
    #expect(try failure("a ~ x").contains("column 1: the response a is not numeric"))
    #expect(try failure("y ~ log(a)").contains("column 9: log(a) needs numbers"))
    #expect(try failure("y ~ 0").contains("neither an intercept nor a term"))
    #expect(try failure("y ~ x - x - 1").contains("neither an intercept nor a term"))
    #expect(try failure("y ~ log(x - 2)").contains("not a finite number in row 1"))
    #expect(try failure("y ~ sqrt(x - 2)").contains("not a finite number in row 1"))
    let gaps = Dataset(columns: [
      numericColumn("y", [1, .nan]), numericColumn("x", [.nan, 2]),
      numericColumn("z", [1, .infinity]), textColumn("a", ["p", "p"]),
    ])
    #expect(try failure("y ~ x", gaps).contains("None of the 2 rows has a value in every one"))
    #expect(try failure("y ~ a", gaps).contains("factor a has one level only"))
    #expect(try failure("y ~ z", gaps).contains("z is not a finite number in row 2"))
  }
}
