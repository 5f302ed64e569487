import Formulas
import Imputation
import Tabular

extension Study {
  /// Checks a study file against its data and decides every default.
  ///
  /// - Parameters:
  ///   - dataset: the data file, with all its columns.
  ///   - overrides: what the command line says instead of the file.
  /// - Throws: ``StudyError`` with every problem found, at the places of the file.
  public static func resolve(
    file: StudyFile, dataset: Dataset, overrides: StudyOverrides = StudyOverrides()
  ) throws(StudyError) -> ResolvedStudy {
    var resolution = StudyResolution(file: file, source: dataset, overrides: overrides)
    resolution.run()
    guard resolution.problems.problems.isEmpty else {
      throw StudyError(file: file.path, problems: resolution.problems.problems, text: file.text)
    }
    return resolution.result()
  }
}

/// The steps from a study file and its data to a study.
struct StudyResolution {
  let file: StudyFile
  let source: Dataset
  let overrides: StudyOverrides
  let problems = ProblemList()
  var notes: [StudyNote] = []
  var dataset: Dataset
  var summaries: [ColumnSummary] = []
  var positions: [String: Int] = [:]
  var variables: [VariableSpecification] = []
  var levelNames: [String: [String]] = [:]
  var targets: [TargetSpecification] = []
  var visit: [String] = []

  init(file: StudyFile, source: Dataset, overrides: StudyOverrides) {
    self.file = file
    self.source = source
    self.overrides = overrides
    dataset = source
  }

  /// Each step needs what the earlier ones have checked, so it runs only if they found nothing.
  mutating func run() {
    checkOverrides()
    selectColumns()
    guard problems.problems.isEmpty else { return }
    applyMissingCodes()
    guard problems.problems.isEmpty, summarise() else { return }
    resolveVariables()
    guard problems.problems.isEmpty else { return }
    resolveTargets()
    resolveVisit()
    noteAnalyses()
    if targets.isEmpty, file.analyses.isEmpty, problems.problems.isEmpty {
      problems.add(file.targets?.isEmpty == true ? .nothingAsked : .nothingToDo, at: nil)
    }
  }

  private func checkOverrides() {
    let expected = StudyFile.countExpected
    let counts = 1...StudyFile.largestCount
    if let count = overrides.imputations, !counts.contains(count) {
      problems.add(
        StudyProblem(
          .outOfRange(key: "impute.m", found: "\(count)", expected: expected), option: "--m"))
    }
    if let count = overrides.iterations, !counts.contains(count) {
      problems.add(
        StudyProblem(
          .outOfRange(key: "impute.iterations", found: "\(count)", expected: expected),
          option: "--iterations"))
    }
    let name = file.studyName
    if overrides.outputDirectory == nil, file.outputDirectory == nil,
      !OutsideText.isFileName(name)
    {
      problems.add(.nameAsDirectory(name), at: file.name?.position)
    }
    if let directory = overrides.outputDirectory, directory.isBlank {
      problems.add(StudyProblem(StudyFile.noDirectory, option: "--output"))
    }
  }

  // MARK: Columns

  private mutating func selectColumns() {
    if source.rowCount == 0 { problems.add(.noRows, at: file.dataFile?.position) }
    var chosen: [Column] = []
    if let columns = file.columns {
      for name in columns {
        if let column = source[name.value] {
          chosen.append(column)
        } else {
          unknown(name, key: "data.columns", candidates: source.names)
        }
      }
    } else {
      chosen = source.columns
    }
    let names = chosen.map(\.name)
    positions = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
    dataset = Dataset(columns: chosen, rowCount: source.rowCount)
    if let cluster = file.cluster { check(cluster, key: "data.cluster") }
    for rule in file.missing { check(rule.column, key: "data.missing") }
    for variable in file.variables { check(variable.name, key: "variables") }
    for target in file.targets ?? [] {
      check(target.name, key: "impute.targets")
      for (name, _) in target.predictors ?? [] {
        check(name, key: "impute.targets.\(target.name.value.shown()).predictors")
      }
    }
    for (number, analysis) in file.analyses.enumerated() {
      guard let formula = try? Formula(analysis.model.value) else { continue }
      for name in formula.variables {
        let place = Self.place(of: name, in: analysis.model)
        check(Located(name, at: place), key: "analyse[\(number + 1)].model")
      }
    }
  }

  /// Where a formula first mentions `name` as a whole word; else where it begins.
  private static func place(of name: String, in model: Located<String>) -> SourcePosition {
    func isPart(_ letter: Character?) -> Bool {
      guard let letter else { return false }
      return letter.isLetter || letter.isNumber || letter == "_" || letter == "."
    }
    let text = model.value
    for range in text.ranges(of: name) {
      let before =
        range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : nil
      let after = range.upperBound < text.endIndex ? text[range.upperBound] : nil
      if !isPart(before), !isPart(after) {
        return model.position(
          ofCharacter: text.distance(from: text.startIndex, to: range.lowerBound))
      }
    }
    return model.position
  }

  private func unknown(_ name: Located<String>, key: String, candidates: [String]) {
    let nearest = nearestName(to: name.value, in: candidates)
    problems.add(.unknownColumn(name.value, key: key, nearest: nearest), at: name.position)
  }

  private func check(_ name: Located<String>, key: String) {
    if positions[name.value] != nil { return }
    if source[name.value] != nil {
      problems.add(.columnLeftOut(name.value), at: name.position)
    } else if !(file.columns ?? []).contains(where: { $0.value == name.value }) {
      unknown(name, key: key, candidates: source.names)
    }
  }

  var isTextFile: Bool { DataFile.isNamedAsTextFile(file.dataPath(overrides: overrides)) }

  private mutating func applyMissingCodes() {
    for rule in file.missing {
      guard let column = dataset[rule.column.value] else { continue }
      switch column.values {
      case .numeric(var cells):
        var codes = Set<Double>()
        for code in rule.codes {
          if case .number(let number) = code.value {
            codes.insert(number)
          } else {
            problems.add(
              .codeOfWrongKind(column: column.name, isText: false), at: code.position)
          }
        }
        for row in cells.indices where codes.contains(cells[row]) { cells[row] = .nan }
        dataset.setValues(.numeric(cells), of: column.name)
      case .text(var codes, let levels):
        // A code such as 99 in a column of text is the text "99".
        let texts = Set(rule.codes.map(\.value.text))
        let isMissing = levels.map { texts.contains($0) }
        for row in codes.indices where codes[row] >= 0 && isMissing[Int(codes[row])] {
          codes[row] = -1
        }
        // Without its codes, a column of a text file is numeric if the rest are numbers.
        let numbers =
          isTextFile && isMissing.contains(true)
          ? NumbersAsText.numbers(codes: codes, levels: levels) : nil
        dataset.setValues(
          numbers.map { .numeric($0) } ?? .text(codes: codes, levels: levels), of: column.name)
      }
    }
  }

  /// Looks at every column; false if there is no usable cluster to look at them by.
  private mutating func summarise() -> Bool {
    var clusters: (numbers: [Int], count: Int)?
    if let name = file.cluster, let column = dataset[name.value] {
      let found = column.clusterNumbers
      let missing = found.numbers.indices.filter { found.numbers[$0] < 0 }
      if !missing.isEmpty {
        problems.add(
          .clusterIdMissing(
            name.value, rows: missing.prefix(5).map { $0 + 1 }, count: missing.count),
          at: name.position)
      } else if found.count == 1 {
        problems.add(.singleCluster(name.value), at: name.position)
      }
      clusters = found
    }
    summaries = dataset.columns.map {
      ColumnSummary($0, clusters: clusters?.numbers, clusterCount: clusters?.count ?? 0)
    }
    return problems.problems.isEmpty
  }

  func summary(_ name: String) -> ColumnSummary? { positions[name].map { summaries[$0] } }

  // MARK: The result

  func result() -> ResolvedStudy {
    var notes = notes
    var defaults: [StudyNote] = []
    if !targets.isEmpty {
      if file.imputations == nil, overrides.imputations == nil {
        defaults.append(
          .defaultUsed(key: "impute.m", value: "\(Study.Defaults.imputations)"))
      }
      if file.iterations == nil, overrides.iterations == nil {
        defaults.append(
          .defaultUsed(key: "impute.iterations", value: "\(Study.Defaults.iterations)"))
      }
      if file.seed == nil, overrides.seed == nil {
        defaults.append(.defaultUsed(key: "impute.seed", value: "\(Study.Defaults.seed)"))
      }
    }
    notes.insert(contentsOf: defaults, at: 0)
    let clusterLevel = summaries.filter {
      !$0.variesWithinClusters && $0.name != file.cluster?.value
    }
    return ResolvedStudy(
      study: study(), dataset: dataset, notes: notes,
      declaredTypes: Set(file.variables.filter { $0.type != nil }.map(\.name.value)),
      clusterLevelVariables: Set(clusterLevel.map(\.name)))
  }

  private func study() -> Study {
    Study(
      name: file.studyName, dataPath: file.dataPath(overrides: overrides),
      columns: dataset.names,
      missing: file.missing.map {
        Study.MissingRule(column: $0.column.value, codes: $0.codes.map(\.value))
      },
      levels: levelNames,
      imputation: ImputationSpecification(
        cluster: file.cluster?.value, variables: variables, targets: targets, visit: visit,
        seed: overrides.seed ?? file.seed?.value ?? Study.Defaults.seed),
      imputations: overrides.imputations ?? file.imputations?.value
        ?? Study.Defaults.imputations,
      iterations: overrides.iterations ?? file.iterations?.value ?? Study.Defaults.iterations,
      analyses: analyses(),
      pooling: Study.Pooling(
        degreesOfFreedom: file.degreesOfFreedom?.value ?? .standard,
        level: file.level?.value ?? Study.Defaults.level),
      outputDirectory: overrides.outputDirectory ?? file.outputDirectory?.value
        ?? "runs/\(file.studyName)")
  }

  /// A model without a name is called as its formula; a repeated one gets a number.
  func analyses() -> [Study.Analysis] {
    var taken = Set(file.analyses.compactMap { $0.name?.value })
    return file.analyses.map { analysis in
      var name = analysis.name?.value ?? analysis.model.value
      if analysis.name == nil {
        var number = 2
        while !taken.insert(name).inserted {
          name = "\(analysis.model.value) [\(number)]"
          number += 1
        }
      }
      return Study.Analysis(
        name: name, model: analysis.model.value,
        estimation: analysis.estimation?.value ?? .reml)
    }
  }
}

extension MissingCode {
  /// As text; numbers as short as can be.
  var text: String {
    switch self {
    case .number(let number): shortest(number)
    case .text(let text): text
    }
  }
}
