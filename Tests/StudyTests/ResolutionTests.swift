import Imputation
import Study
import Tabular
import Testing

/// Six rows in two clusters: `x` varies within clusters, `arm` doesn't; y misses 2, x misses 1.
let trial = Dataset(columns: [
  Column(name: "g", values: .numeric([7, 7, 7, 40, 40, 40])),
  Column(name: "arm", values: .numeric([0, 0, 0, 1, 1, 1])),
  Column(name: "x", values: .numeric([1, 2, .nan, 4, 5, 6])),
  Column(name: "y", values: .numeric([.nan, 2.5, 1, 0, .nan, 3])),
])

func resolve(
  _ text: String, _ dataset: Dataset = trial, overrides: StudyOverrides = StudyOverrides()
) throws -> ResolvedStudy {
  try Study.resolve(
    file: StudyFile(text: text, path: "s.yaml"), dataset: dataset, overrides: overrides)
}

/// The problems that appear only with the data.
func resolutionMessages(
  _ text: String, _ dataset: Dataset = trial, overrides: StudyOverrides = StudyOverrides()
) -> [String] {
  do {
    _ = try resolve(text, dataset, overrides: overrides)
    return []
  } catch {
    return "\(error)".split(separator: "\n").map(String.init)
  }
}

@Suite struct Defaults {
  @Test func everythingIsDecided() throws {
    let resolved = try resolve("data: {file: a.csv, cluster: g}")
    let study = resolved.study
    #expect(study.name == "s")
    #expect(study.columns == ["g", "arm", "x", "y"])
    #expect(study.imputations == 20)
    #expect(study.iterations == 20)
    #expect(study.imputation.seed == 1)
    #expect(study.pooling == Study.Pooling(degreesOfFreedom: .standard, level: 0.95))
    #expect(study.outputDirectory == "runs/s")
    #expect(study.imputation.visit == ["x", "y"])
    #expect(
      study.imputation.targets == [
        TargetSpecification(
          name: "x", method: "2l.continuous",
          predictors: [
            PredictorSpecification(name: "arm", role: .fixed),
            PredictorSpecification(name: "y", role: .fixed),
          ], options: MethodOptions().resolved(for: TwoLevelContinuous.description)),
        TargetSpecification(
          name: "y", method: "2l.continuous",
          predictors: [
            PredictorSpecification(name: "arm", role: .fixed),
            PredictorSpecification(name: "x", role: .fixed),
          ], options: MethodOptions().resolved(for: TwoLevelContinuous.description)),
      ])
    #expect(study.imputation.variables.map(\.type) == [.binary, .binary, .numeric, .numeric])
    #expect(
      resolved.notes.map(\.description) == [
        "'impute.m' is not given; using 20", "'impute.iterations' is not given; using 20",
        "'impute.seed' is not given; using 1",
        "'x', 'y': too few observed values for predictive mean matching on two levels; by default "
          + "2l.continuous, which draws from the normal distribution (to have values that occur all "
          + "the same: 'method: 2l.pmm')",
        "clusters are too few for the cluster means of all predictors, so that default predictors "
          + "have role 1: 'x' would have 2 columns between 2 clusters with a value, 'y' would have 2 "
          + "columns between 2 clusters with a value; give role 3 to those whose means matter",
      ])
    #expect(resolved.clusterLevelVariables == ["arm"])
  }

  @Test func withoutClustersMethodsAreSingleLevel() throws {
    let study = try resolve("data: {file: a.csv, columns: [arm, x, y]}").study
    #expect(study.imputation.targets.map(\.method) == ["pmm", "pmm"])
    #expect(study.imputation.targets[0].predictors.map(\.role) == [.fixed, .fixed])
  }

  @Test func visitGoesByMissingCountThenColumn() throws {
    let data = Dataset(columns: [
      Column(name: "a", values: .numeric([.nan, .nan, 1, 2])),
      Column(name: "b", values: .numeric([.nan, 3, 1, 2])),
      Column(name: "c", values: .numeric([1, 2, 3, .nan])),
      Column(name: "d", values: .numeric([1, 2, 3, 4])),
    ])
    #expect(try resolve("data: {file: a.csv}", data).study.imputation.visit == ["b", "c", "a"])
  }

  @Test func optionsOfTheCommandLineWin() throws {
    let text = "data: {file: a.csv, cluster: g}\nimpute: {m: 3, iterations: 4, seed: 5}"
    let overrides = StudyOverrides(
      dataFile: "/d/b.csv", outputDirectory: "out", imputations: 30, iterations: 40,
      seed: .max)
    let study = try resolve(text, overrides: overrides).study
    #expect(study.imputations == 30)
    #expect(study.iterations == 40)
    #expect(study.imputation.seed == .max)
    #expect(study.dataPath == "/d/b.csv")
    #expect(study.outputDirectory == "out")
    #expect(
      resolutionMessages(text, overrides: StudyOverrides(imputations: 0, iterations: -1)) == [
        "--m: 'impute.m' must be a whole number from 1 to 2147483647, but this is 0",
        "--iterations: 'impute.iterations' must be a whole number from 1 to 2147483647, but this "
          + "is -1",
      ])
    for directory in ["", " "] {
      #expect(
        resolutionMessages(text, overrides: StudyOverrides(outputDirectory: directory)) == [
          "--output: 'output.directory' must be the path of a directory, but this is empty"
        ])
    }
  }

  @Test func dataFileIsRelativeToTheStudyFile() throws {
    let file = try StudyFile(text: "data: {file: ../b.csv}", path: "/a/config/s.yaml")
    #expect(file.dataPath() == "/a/b.csv")
  }
}

@Suite struct Types {
  private static let data = Dataset(columns: [
    Column(name: "two", values: .numeric([1, 2, 1])),
    Column(name: "many", values: .numeric([1, 2, 3])),
    Column(
      name: "labelled", values: .numeric([1, 2, 3]),
      valueLabels: [ValueLabel(value: 1, label: "low")]),
    Column(name: "sex", values: .text(codes: [0, 1, -1], levels: ["m", "f"])),
    Column(name: "region", values: .text(codes: [0, 1, 2], levels: ["z", "b", "a"])),
    Column(name: "none", values: .numeric([.nan, .nan, .nan])),
    Column(name: "same", values: .numeric([4, 4, 4])),
  ])

  @Test func areInferred() throws {
    let resolved = try resolve("data: {file: a.csv}", Self.data)
    let variables = resolved.study.imputation.variables
    #expect(
      variables.map(\.type) == [
        .binary, .numeric, .numeric, .binary, .categorical, .numeric, .numeric,
      ])
    // Text levels stand in alphabetical order, whatever the order of the rows.
    #expect(variables[4].levels == [2, 1, 0])
    #expect(resolved.study.levels["region"] == ["a", "b", "z"])
    #expect(variables[3].levels == [1, 0])
    #expect(
      resolved.notes.suffix(2).map(\.description) == [
        "'none' has no observed value; it is neither imputed nor used as a default predictor",
        "'same' has a single value; it is not used as a default predictor",
      ])
    let sex = try #require(resolved.study.imputation.targets.first)
    #expect(sex.predictors.map(\.name) == ["two", "many", "labelled", "region"])
  }

  @Test func areDeclared() throws {
    let text = """
      data: {file: a.csv}
      variables:
        region: {type: ordered, levels: [b, z, a]}
        many: {type: ordered, levels: [3, 1, 2, 9]}
      """
    let resolved = try resolve(text, Self.data)
    #expect(resolved.study.imputation.variables[4].levels == [1, 0, 2])
    #expect(resolved.study.imputation.variables[1].levels == [3, 1, 2])
    #expect(
      resolved.notes.map(\.description).contains(
        "1 of the declared levels of 'many' occurs in no row"))
    #expect(resolved.declaredTypes == ["region", "many"])
  }

  @Test func thatCannotBeAreRefused() {
    let text = """
      data: {file: a.csv}
      variables:
        region: {type: ordered}
        sex: {type: numeric}
        many: {type: binary}
        labelled: {type: numeric, levels: [1, 2]}
        two: {type: categorical, levels: [1]}
      """
    #expect(
      resolutionMessages(text, Self.data) == [
        "s.yaml:3:18: 'region' holds text, so its order is not known; list its 'levels' from low "
          + "to high",
        "s.yaml:4:15: 'sex' holds text in the data file and cannot be numeric; declare it "
          + "categorical, binary or ordered",
        "s.yaml:5:16: 'many' cannot be binary: the data file has 3 values; declare it ordered or "
          + "categorical",
        "s.yaml:6:38: 'labelled' is numeric and has no levels; remove 'levels'",
        "s.yaml:7:37: the 'levels' of 'two' leave out 1 value that the data file has",
      ])
  }

  @Test func missingCodesAreMissing() throws {
    let text = "data: {file: a.csv, missing: {many: [3, 1], region: b}}"
    let resolved = try resolve(text, Self.data)
    #expect(resolved.dataset["many"]?.missingCount == 2)
    #expect(resolved.dataset["region"]?.missingCount == 1)
    #expect(resolved.study.levels["region"] == ["a", "z"])
    #expect(
      resolutionMessages("data: {file: a.csv, missing: {many: none}}", Self.data) == [
        "s.yaml:1:37: the codes that mean missing in 'many' must be numbers as the column is"
      ])
  }
}
