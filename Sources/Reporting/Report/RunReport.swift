import Analyses
import Coordination
import Foundation
import Imputation
import RunRecord
import Study
import Tabular

/// What a run's report is made from: its record, and the data where they can still be read.
public struct ReportSource {
  public let directory: URL
  public let reader: RecordReader
  public let results: RunResults
  public let status: RunStatus
  public let rule: DegreesOfFreedomRule
  public let level: Double
  /// Pooled by `rule`, in the study's order.
  public let pooled: [PooledAnalysis]
  /// The study with its data; nil when they cannot be had.
  public let loaded: LoadedStudy?
  /// Why not.
  let withoutData: String?

  /// - Parameters:
  ///   - data: where the data file is now; nil: where the record says.
  ///   - loaded: the study with its data, where the caller has read them already.
  ///   - rule: nil: the study's.
  ///   - level: nil: the study's.
  /// - Throws: `RunRecordError`, `StudyError`. Data that are not there are no error.
  public init(
    directory: URL, data: String? = nil, loaded: LoadedStudy? = nil,
    rule: DegreesOfFreedomRule? = nil, level: Double? = nil
  ) throws {
    self.directory = directory
    reader = try RecordReader(directory: directory)
    results = try RunResults(reader)
    status = try RunStatus(reader)
    let file = try StudyFile(
      text: results.description.studyText, path: directory.appending(path: "study.yaml").path)
    self.rule = rule ?? file.degreesOfFreedom?.value ?? .standard
    self.level = level ?? file.level?.value ?? Study.Defaults.level
    pooled = results.pooled(rule: self.rule, level: self.level)
    if let loaded {
      self.loaded = loaded
      withoutData = nil
    } else {
      (self.loaded, withoutData) = Self.load(
        directory, data: data, identity: results.description.identity)
    }
  }

  /// The data, if they are where the record says and are still the same.
  private static func load(
    _ directory: URL, data: String?, identity: RunIdentity
  ) -> (LoadedStudy?, String?) {
    let consequence =
      "Sections 2, 3 and 5 and parts of section 1 need the data and are left out; dormouse report "
      + "--data PATH says where they are now."
    do {
      let loaded = try LoadedStudy(
        recordedIn: directory, overrides: StudyOverrides(dataFile: data))
      let digest = loaded.dataset.digest(of: loaded.dataset.names)
      guard digest == identity.dataSHA256 else {
        return (
          nil,
          "The data file \(loaded.study.dataPath) is not the one that was imputed (SHA-256 "
            + "\(digest.prefix(12))…, recorded \(identity.dataSHA256.prefix(12))…). \(consequence)"
        )
      }
      return (loaded, nil)
    } catch {
      return (nil, "The data cannot be read: \(error). \(consequence)")
    }
  }

  /// Where the page goes unless another place is asked for: ``ReportFiles/fileName`` in the run's
  /// directory. A page made without the data never takes the place of one that shows them.
  public var pagePath: String {
    let usual = directory.appending(path: ReportFiles.fileName)
    guard loaded == nil, let page = try? String(contentsOf: usual, encoding: .utf8),
      page.contains("<section id=\"\(DataSection.id)\">")
    else { return usual.relativePath }
    return directory.appending(path: ReportFiles.nameWithoutData).relativePath
  }

  /// `name` with its label from the data file, for axes and headings.
  func label(_ name: String) -> String {
    guard let label = loaded?.dataset[name]?.label, !label.isEmpty, label != name else {
      return figureLabel(name)
    }
    // Isolated, so that a label written from right to left leaves the rest in order.
    return "\u{2068}\(figureLabel(label, most: 60))\u{2069} (\(figureLabel(name, most: 24)))"
  }
}

/// The report of a run as one page.
public struct RunReport {
  public let source: ReportSource
  public let programVersion: String

  public init(_ source: ReportSource, programVersion: String) {
    self.source = source
    self.programVersion = programVersion
  }

  /// The page's content.
  ///
  /// - Throws: `RunRecordError`.
  public func content() throws -> PageContent {
    let description = source.results.description
    let traces = try ConvergenceTraces(source)
    let verdicts = traces.verdicts
    let caveats = RunCaveats(verdicts: verdicts, description: description)
    var sections = [try DoneSection(source: source, verdicts: verdicts).section()]
    let variables = source.loaded.map { StudyVariables($0, label: source.label) }
    if let loaded = source.loaded, let variables {
      sections.append(
        DataSection(source: source, loaded: loaded, variables: variables).section())
      sections.append(
        MissingSection(
          source: source, data: loaded.dataset, variables: variables,
          cluster: loaded.study.imputation.cluster
        ).section())
    }
    sections.append(
      ConvergenceSection(source: source, traces: traces, found: verdicts).section())
    if let loaded = source.loaded, let variables {
      sections.append(
        try PlausibilitySection(source: source, loaded: loaded, variables: variables).section())
    }
    sections.append(ResultsSection(source, caveats: caveats).section())
    sections.append(EventsSection(source).section())
    return PageContent(
      title: description.studyName,
      subtitle: "Multiple imputation report, dormouse \(programVersion)",
      highlights: highlights, notices: notices(caveats), sections: sections,
      colophon: "Made by dormouse \(programVersion) from the run's record of "
        + "\(description.identity.dataPath). The page loads nothing from the network.")
  }

  private func notices(_ caveats: RunCaveats) -> [String] {
    var notices = caveats.sentences.map(\.asSentence)
    let finished = source.results.finished.count
    let m = source.results.description.m
    if finished < m {
      notices.append(
        "This run is not complete (\(source.status.state)): \(finished) of \(m) imputations are "
          + "finished, and the report shows those.")
    }
    if let reason = source.withoutData { notices.append(reason) }
    if finished == 1 {
      notices.append(
        "With one imputation the uncertainty due to missing data cannot be seen: there are no "
          + "pooled standard errors.")
    }
    return notices
  }

  private var highlights: [(label: String, value: String)] {
    var values: [(label: String, value: String)] = []
    if let loaded = source.loaded {
      values.append(("Rows", "\(loaded.dataset.rowCount)"))
      if let cluster = loaded.study.imputation.cluster {
        values.append(("Clusters (\(figureLabel(cluster)))", "\(loaded.plan.clusterCount)"))
      }
    }
    values.append(
      ("Imputations", "\(source.results.finished.count) of \(source.results.description.m)"))
    values.append(("Iterations", "\(source.results.description.iterations)"))
    for analysis in source.pooled.prefix(1) {
      let rows = analysis.rows
      if let row = rows.first(where: { $0.term != "(Intercept)" }) ?? rows.first {
        values.append((figureLabel(row.term), Self.estimate(row)))
      }
    }
    return values
  }

  /// `0.54 (0.18 to 0.90)`.
  static func estimate(_ row: EstimateRow) -> String {
    let text = row.cell(.estimate).displayed
    guard row.figures[.confidenceLow] != nil else { return text }
    return "\(text) (\(row.cell(.confidenceLow).displayed) to "
      + "\(row.cell(.confidenceHigh).displayed))"
  }
}
