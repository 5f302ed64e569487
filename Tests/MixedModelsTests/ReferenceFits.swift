import Foundation
import MixedModels
import Numerics
import Testing

/// One fit by lme4 or nlme, from `Reference/linear_mixed_fits.json`.
struct ReferenceFit: Sendable, CustomTestStringConvertible {
  var dataset: String
  var fixedFormula: String
  var randomTerms: String
  var grouping: [String]
  var estimation: Estimation
  var engine: String
  var logLikelihood: Double
  var coefficients: [String: (estimate: Double, error: Double, df: Double?)]
  var sigma: Double
  var theta: [Double]
  var isSingular: Bool
  var covariances: [String: (names: [String], rows: [[Double]])]
  var icc: Double?

  var isTrial: Bool { dataset.hasPrefix("SHARE") }

  var testDescription: String {
    "\(dataset): \(fixedFormula) + (\(randomTerms) | \(grouping.joined(separator: ", "))), "
      + "\(estimation.rawValue), \(engine)"
  }

  /// All fits of an engine, those on the trial's data or the others.
  static func all(engine: String, trial: Bool) -> [ReferenceFit] {
    every.filter { $0.engine == engine && $0.isTrial == trial }
  }

  private static let every: [ReferenceFit] = {
    let url = Bundle.module.url(
      forResource: "linear_mixed_fits", withExtension: "json", subdirectory: "Reference")!
    let root = try! JSONSerialization.jsonObject(with: Data(contentsOf: url)) as! [String: Any]
    return (root["fits"] as! [[String: Any]]).map(ReferenceFit.init)
  }()

  private init(_ json: [String: Any]) {
    dataset = json["dataset"] as! String
    fixedFormula = json["fixed_formula"] as! String
    randomTerms = json["random_terms"] as! String
    grouping = Self.strings(json["grouping"])
    estimation = Estimation(rawValue: json["criterion"] as! String)!
    engine = json["engine"] as! String
    logLikelihood = json["logLik"] as! Double
    coefficients = (json["fixed_effects"] as! [String: [String: Double]]).mapValues {
      ($0["estimate"]!, $0["std_error"]!, $0["df"])
    }
    sigma = json["residual_sd"] as! Double
    theta = Self.numbers(json["theta_relative_cholesky"])
    isSingular = json["is_singular"] as? Bool ?? false
    covariances = (json["random_effects_covariance"] as! [String: [String: Any]]).mapValues {
      (Self.strings($0["names"]), Self.table($0["rows"]))
    }
    icc = json["icc"] as? Double
  }

  // jsonlite writes vectors of length one as scalars.
  private static func strings(_ value: Any?) -> [String] {
    (value as? [String]) ?? [value as! String]
  }
  private static func numbers(_ value: Any?) -> [Double] {
    (value as? [Double]) ?? (value as? Double).map { [$0] } ?? []
  }
  private static func table(_ value: Any?) -> [[Double]] {
    (value as! [Any]).map { numbers($0) }
  }
}

/// A CSV file's columns as text.
struct TextTable: Sendable {
  var columns: [String: [String]] = [:]
  var rows = 0

  /// The folder beside the package that holds the trial's data, which is never committed.
  static let trialFolder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "shared/reference/data")

  static let trialIsThere = FileManager.default.fileExists(
    atPath: trialFolder.appending(path: "SHARE_kscore_observed.csv").path)

  init(dataset: String) throws {
    let url =
      dataset.hasPrefix("SHARE")
      ? Self.trialFolder.appending(path: dataset + ".csv")
      : Bundle.module.url(
        forResource: dataset, withExtension: "csv", subdirectory: "Reference")!
    let text = try String(contentsOf: url, encoding: .utf8)
    var lines = text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.replacingOccurrences(of: "\"", with: "")
      }
    }
    let header = lines.removeFirst()
    rows = lines.count
    for (j, name) in header.enumerated() { columns[name] = lines.map { $0[j] } }
  }

  func numbers(_ name: String) -> [Double] { columns[name]!.map { Double($0)! } }

  /// Level number of each row and the levels, sorted as R sorts a factor's.
  func factor(_ name: String) -> (codes: [Int32], levels: [String]) {
    let values = columns[name]!
    let numeric = values.allSatisfy { Double($0) != nil }
    let levels = Set(values).sorted {
      numeric ? Double($0)! < Double($1)! : $0 < $1
    }
    let codes = Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1, Int32($0)) })
    return (values.map { codes[$0]! }, levels)
  }
}

/// Named columns of a design.
struct Columns {
  var names: [String] = []
  var values: [Double] = []
  var terms: [Int] = []
  var rows: Int

  init(rows: Int, intercept: Bool = true) {
    self.rows = rows
    if intercept { add("(Intercept)", Array(repeating: 1, count: rows), term: 0) }
  }

  mutating func add(_ name: String, _ column: [Double], term: Int) {
    names.append(name)
    values += column
    terms.append(term)
  }

  mutating func addDummies(_ name: String, of table: TextTable, column: String, term: Int) {
    let (codes, levels) = table.factor(column)
    for k in 1..<levels.count {
      add(name + levels[k], codes.map { Int($0) == k ? 1 : 0 }, term: term)
    }
  }

  var matrix: Matrix { Matrix(rows: rows, columns: names.count, storage: values) }
}

extension ReferenceFit {
  /// The fit's data, its design built by hand from the formula.
  func data() throws -> MixedModelData {
    let table = try TextTable(dataset: dataset)
    var fixed = Columns(rows: table.rows)
    let parts = fixedFormula.components(separatedBy: " ~ ")
    switch parts[1] {
    case "1": break
    case "age*Sex":
      let age = table.numbers("age")
      let female = table.columns["Sex"]!.map { $0 == "Female" ? 1.0 : 0.0 }
      fixed.add("age", age, term: 1)
      fixed.add("SexFemale", female, term: 2)
      fixed.add("age:SexFemale", zip(age, female).map { $0 * $1 }, term: 3)
    default:
      for (index, name) in parts[1].components(separatedBy: " + ").enumerated() {
        switch name {
        case "Machine": fixed.addDummies(name, of: table, column: name, term: index + 1)
        case "scpar_f": fixed.addDummies(name, of: table, column: "scpar", term: index + 1)
        default: fixed.add(name, table.numbers(name), term: index + 1)
        }
      }
    }
    return MixedModelData(
      response: table.numbers(parts[0]), fixed: fixed.matrix, fixedNames: fixed.names,
      fixedTerms: fixed.terms, random: terms(table))
  }

  private func terms(_ table: TextTable) -> [RandomEffectsTerm] {
    if grouping == ["Worker/Machine"] {
      let worker = table.factor("Worker")
      let machine = table.factor("Machine")
      let width = Int32(machine.levels.count)
      let inner = zip(worker.codes, machine.codes).map { $0 * width + $1 }
      let labels = worker.levels.flatMap { w in machine.levels.map { "\($0):\(w)" } }
      return [
        .intercept(grouping: "Machine:Worker", groups: inner, groupLabels: labels),
        .intercept(grouping: "Worker", groups: worker.codes, groupLabels: worker.levels),
      ]
    }
    return grouping.map { name in
      let (codes, levels) = table.factor(name)
      var columns = Columns(rows: table.rows)
      switch randomTerms {
      case "1": break
      case "Machine": columns.addDummies("Machine", of: table, column: "Machine", term: 1)
      default: columns.add(randomTerms, table.numbers(randomTerms), term: 1)
      }
      return RandomEffectsTerm(
        grouping: name, groups: codes, groupLabels: levels, design: columns.matrix,
        columnNames: columns.names)
    }
  }
}
