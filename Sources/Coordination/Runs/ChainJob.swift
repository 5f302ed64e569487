import Analyses
import Formulas
import Foundation
import Imputation
import MixedModels
import Study
import Tabular

/// What every rank needs to compute chains: sent once, from rank 0, so that the data file need not
/// be readable on other nodes.
struct ChainJob: Sendable {
  struct Analysis: Codable, Sendable {
    var name: String
    var formula: String
    var estimation: String
    var levels: [String: [Level]]
    /// A level of a factor; neither number nor text stands for a numeric column.
    struct Level: Codable, Sendable {
      var number: Double?
      var text: String?
      var label: String
    }
  }

  struct Head: Codable, Sendable {
    var specification: ImputationSpecification
    var analyses: [Analysis]
    var iterations: Int
    /// Chains of which every visit is to be logged.
    var logged: [UInt32] = []
  }

  var head: Head
  var dataset: Dataset

  init(loaded: LoadedStudy, iterations: Int, logged: [UInt32] = []) {
    dataset = loaded.dataset
    head = Head(
      specification: loaded.study.imputation, analyses: loaded.analyses.map(Self.analysis),
      iterations: iterations, logged: logged)
  }

  init(encoded bytes: [UInt8]) throws {
    var reader = ByteReader(bytes)
    head = try JSONDecoder().decode(Head.self, from: Data(try reader.readBytes()))
    dataset = try Dataset(encoded: try reader.readBytes())
  }

  func encoded() throws -> [UInt8] {
    var writer = ByteWriter()
    writer.append([UInt8](try JSONEncoder().encode(head)))
    writer.append(dataset.encoded())
    return writer.bytes
  }

  /// The job's plan, the same on every rank.
  func plan() throws -> ImputationPlan {
    try ImputationPlan(dataset: dataset, specification: head.specification)
  }

  /// The analyses, ready to be fitted.
  func prepared() throws -> [PreparedStudyAnalysis] {
    try head.analyses.map { analysis in
      let specification = AnalysisSpecification(
        formula: try Formula(analysis.formula),
        estimation: Estimation(rawValue: analysis.estimation) ?? .reml,
        encodings: analysis.levels.mapValues(Self.encoding))
      return PreparedStudyAnalysis(
        name: analysis.name, formula: specification.formula,
        references: ReferenceLevels(specification, data: dataset),
        analysis: try AnalysisRegistry.model(specification).prepare(dataset))
    }
  }

  private static func analysis(_ analysis: StudyAnalysis) -> Analysis {
    Analysis(
      name: analysis.name, formula: analysis.specification.formula.text,
      estimation: analysis.specification.estimation.rawValue,
      levels: analysis.specification.encodings.mapValues { encoding in
        switch encoding {
        case .numeric: [Analysis.Level(number: nil, text: nil, label: "")]
        case .factor(let levels):
          levels.map { level in
            switch level.value {
            case .number(let number): Analysis.Level(number: number, label: level.label)
            case .text(let text): Analysis.Level(text: text, label: level.label)
            }
          }
        }
      })
  }

  private static func encoding(_ levels: [Analysis.Level]) -> VariableEncoding {
    if levels.count == 1, levels[0].number == nil, levels[0].text == nil { return .numeric }
    return .factor(
      levels.map { level in
        FactorLevel(
          level.text.map(FactorLevel.Value.text) ?? .number(level.number ?? .nan),
          label: level.label)
      })
  }
}
