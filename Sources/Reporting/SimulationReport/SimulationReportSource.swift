import Foundation
import RunRecord
import Simulation
import Study

/// What a simulation study's report is made from: its record.
public struct SimulationReportSource {
  /// A method's failures in one scenario.
  struct Failures {
    /// Replicates that are in the record.
    var replicates: Int
    /// Those of them in which the method failed or a fit did not converge.
    var failed: Int
  }

  struct Key: Hashable {
    var scenario: Int
    var method: String
    var term: String
    var measure: String
  }

  private struct Cell: Hashable {
    var scenario: Int
    var method: String
  }

  public let directory: URL
  public let file: SimulationFile
  public let study: SimulationStudy
  public let status: SimulationStatus
  /// Replicates of each scenario that are in the record, of those asked for, by its position.
  public let done: [Int: Int]
  /// As `performance.csv` has them.
  public let rows: [PerformanceRow]
  /// Estimands in order of first appearance.
  let terms: [String]
  let varianceTerms: Set<String>
  /// Sentences about failures, by method.
  let failureNotes: [String]
  /// Intervals of the scenarios in which coverage is furthest from nominal, in the study's order.
  let zips: [ZipSummary]
  private let byKey: [Key: PerformanceRow]
  private var failuresByCell: [Cell: Failures] = [:]

  /// - Parameters:
  ///   - study: the study and its file where the caller has read them already; nil: from the
  ///     record.
  ///   - folder: where a data file that the study is based on is looked for, if its path is
  ///     relative; nil: in `directory`.
  /// - Throws: `RunRecordError`; `StudyError` when the record's study cannot be read again;
  ///   ``SimulationReportError`` when it has become another.
  public init(
    directory: URL, study given: (file: SimulationFile, study: SimulationStudy)? = nil,
    folder: String? = nil
  ) throws {
    self.directory = directory
    let reader = try RecordReader(directory: directory)
    status = try SimulationStatus(reader)
    if let given {
      (file, study) = given
    } else {
      file = try SimulationFile(
        text: status.description.studyText,
        path: (folder.map { URL(filePath: $0, directoryHint: .isDirectory) } ?? directory)
          .appending(path: "study.yaml").path)
      study = try SimulationStudy(file: file)
      guard study.scenarios.map(\.digest) == status.scenarios.map(\.digest) else {
        throw SimulationReportError.otherScenarios(directory.relativePath)
      }
    }
    var results = SimulationResults(study: study, reader: reader)
    results.knownTruths = SimulationFiles.recordedTruths(
      in: directory, studyText: status.description.studyText)
    var done: [Int: Int] = [:]
    for scenario in study.scenarios {
      done[scenario.position] = min(status.tallies[scenario.digest]?.count ?? 0, study.replicates)
    }
    self.done = done
    let main = MainEstimand(study)
    var rows: [PerformanceRow] = []
    var terms: [String] = []
    var variance = Set<String>()
    var zips = ZipSelection(level: study.level)
    for scenario in study.scenarios where done[scenario.position, default: 0] > 0 {
      let estimands = try results.estimands(of: scenario)
      for estimand in estimands where !terms.contains(estimand.term) {
        terms.append(estimand.term)
        if estimand.isVarianceParameter { variance.insert(estimand.term) }
      }
      let own = estimands.flatMap(\.performance)
      rows += own
      if let term = main.term(among: terms) {
        zips.offer(scenario, estimands.filter { $0.term == term }, own)
      }
    }
    self.rows = rows
    self.terms = terms
    varianceTerms = variance
    self.zips = zips.chosen
    failureNotes = try results.failureNotes()
    byKey = Dictionary(
      rows.map {
        (Key(scenario: $0.scenario, method: $0.method, term: $0.term, measure: $0.measure), $0)
      }, uniquingKeysWith: { first, _ in first })
    mainTerm = main.term(among: terms)
    failuresByCell = failures(of: mainTerm)
  }

  /// The estimand that figures are about: the arm's coefficient, else the first but the intercept.
  let mainTerm: String?

  /// A method need not estimate `main`: then its first estimand counts.
  private func failures(of main: String?) -> [Cell: Failures] {
    var result: [Cell: Failures] = [:]
    for row in rows where row.measure == ConvergenceRate.name {
      let cell = Cell(scenario: row.scenario, method: row.method)
      guard row.term == main || result[cell] == nil else { continue }
      result[cell] = Failures(replicates: row.figure.count, failed: row.figure.failures)
    }
    return result
  }

  func row(
    _ scenario: SimulationScenario, _ method: SimulationMethod, _ term: String, _ measure: String
  ) -> PerformanceRow? {
    byKey[
      Key(scenario: scenario.position, method: method.name, term: term, measure: measure)]
  }

  func failures(_ scenario: SimulationScenario, _ method: SimulationMethod) -> Failures {
    failuresByCell[Cell(scenario: scenario.position, method: method.name)]
      ?? Failures(replicates: 0, failed: 0)
  }

  /// Scenarios with a replicate.
  var begun: [SimulationScenario] {
    study.scenarios.filter { done[$0.position, default: 0] > 0 }
  }

  /// Methods by position, with names short enough for figures and no two alike.
  var methodLabels: [String] { Self.labels(study.methods.map(\.name), most: 34) }

  /// `3: icc 0.05, effect 0.3`, by position in ``SimulationStudy/scenarios``.
  func label(_ scenario: SimulationScenario, most: Int = 60) -> String {
    scenario.settings.isEmpty
      ? "\(scenario.position)" : figureLabel("\(scenario.position): \(scenario.label)", most: most)
  }

  /// ``label(_:most:)`` for panels, with ` · ` where a line of a narrow one may end.
  func panelTitle(_ scenario: SimulationScenario) -> String {
    var lines: [String] = []
    var line = "\(scenario.position):"
    for (factor, value) in scenario.settings {
      let part = figureLabel("\(factor) \(value)", most: 32)
      if line.count + part.count > 32, line.count > 4, lines.count < 3 {
        lines.append(line)
        line = part
      } else {
        line += line.hasSuffix(":") ? " \(part)" : ", \(part)"
      }
    }
    return (lines + [line]).joined(separator: " · ")
  }

  /// Vega's expression that makes lines of a panel's title.
  static let titleLines = "split(datum.label, ' · ')"

  /// Names shortened for figures; equal ones are numbered.
  static func labels(_ names: [String], most: Int) -> [String] {
    var seen: [String: Int] = [:]
    return names.map { name in
      let short = figureLabel(name, most: most)
      let count = seen[short, default: 0] + 1
      seen[short] = count
      return count == 1 ? short : "\(short) (\(count))"
    }
  }
}

/// Why a simulation study has no report.
enum SimulationReportError: Error, Equatable, CustomStringConvertible {
  /// The study read again has other scenarios than the record.
  case otherScenarios(String)

  var description: String {
    switch self {
    case .otherScenarios(let path):
      "The study in \(path) gives other scenarios now than when it was computed: the data file that "
        + "it is based on has changed, or --data names the folder of another one."
    }
  }
}

/// Which estimand a report is about.
struct MainEstimand {
  private let arm: String?

  init(_ study: SimulationStudy) { arm = study.scenarios.first?.design.trial.arm }

  func term(among terms: [String]) -> String? {
    if let arm, terms.contains(arm) { return arm }
    return terms.first { $0 != "(Intercept)" && !$0.hasPrefix("sd__") } ?? terms.first
  }
}
