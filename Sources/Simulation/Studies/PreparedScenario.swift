import Imputation
import Tabular

/// One scenario of a study with what its replicates have in common.
public struct SimulationScenario: Sendable {
  /// Place in the study, from 1.
  public var position: Int
  /// The factors that vary and their values in words, in the order of the file.
  public var settings: [(factor: String, value: String)]
  public var design: ScenarioDesign

  public init(
    position: Int, settings: [(factor: String, value: String)], design: ScenarioDesign
  ) {
    self.position = position
    self.settings = settings
    self.design = design
  }

  /// The content that decides its replicates.
  public var content: String { design.canonicalText }

  /// SHA-256 of ``content``.
  public var digest: String { sha256(of: Array(content.utf8)) }

  /// `icc 0.05, effect 0.3`.
  public var label: String {
    settings.isEmpty
      ? "the only scenario" : settings.map { "\($0.factor) \($0.value)" }.joined(separator: ", ")
  }

  /// The columns of its data as imputation sees them.
  var columns: [SimulatedColumn] {
    let trial = design.trial
    var columns = [SimulatedColumn(name: trial.arm, type: .binary, isClusterLevel: true)]
    for column in trial.source?.columns ?? [] {
      let isText = if case .text = column.values { true } else { false }
      columns.append(
        SimulatedColumn(
          name: column.name, type: isText ? .categorical : .numeric, isClusterLevel: false))
    }
    for variable in trial.variables {
      let type: VariableType =
        switch variable.scale {
        case .continuous: .numeric
        case .binary: .binary
        case .ordinal: .ordered
        }
      columns.append(
        SimulatedColumn(
          name: variable.name, type: type, isClusterLevel: variable.level == .cluster))
    }
    return columns
  }
}

/// The work that the methods of a study share: each imputation once, each analysis of it once,
/// whatever number of methods pools it.
struct SharedWork: Sendable {
  struct Fit: Sendable {
    var data: DataUse
    var analysis: SimulationAnalysis
  }

  /// Distinct imputations.
  private(set) var imputations: [ImputationPlanSettings] = []
  /// Distinct analyses of each imputation.
  private(set) var analyses: [[SimulationAnalysis]] = []
  /// For each method its imputation and the position among its analyses; nil without imputation.
  private(set) var places: [(imputation: Int, analysis: Int)?] = []

  init(methods: [SimulationMethod]) {
    for method in methods {
      guard case .imputed(let settings) = method.data else {
        places.append(nil)
        continue
      }
      var imputation = imputations.firstIndex(of: settings)
      if imputation == nil {
        imputation = imputations.count
        imputations.append(settings)
        analyses.append([])
      }
      var analysis = analyses[imputation!].firstIndex(of: method.analysis)
      if analysis == nil {
        analysis = analyses[imputation!].count
        analyses[imputation!].append(method.analysis)
      }
      places.append((imputation!, analysis!))
    }
  }
}
