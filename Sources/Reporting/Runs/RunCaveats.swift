import Convergence
import Imputation
import MixedModels
import RunRecord
import Study

/// What has to be known before a run's figures are read: that its chains have not converged or
/// that nobody can tell, and that a target was imputed improperly. Said wherever pooled figures
/// are shown.
public struct RunCaveats: Sendable, Equatable {
  /// Each a sentence; none where there is nothing to say.
  public let sentences: [String]

  public var isEmpty: Bool { sentences.isEmpty }

  /// - Parameter convergence: of the finished chains.
  public init(_ convergence: RunConvergence, description: RunDescription) {
    self.init(verdicts: convergence.targets, description: description)
  }

  /// The same of a record.
  ///
  /// - Throws: `RunRecordError`.
  /// - Complexity: reads every trace of the finished chains.
  public init(_ reader: RecordReader) throws {
    self.init(try RunConvergence(reader), description: try reader.description())
  }

  init(verdicts: [TargetConvergence], description: RunDescription) {
    sentences =
      Self.notConverged(verdicts) + Self.notJudged(verdicts)
      + Self.improper(verdicts.map(\.target), description)
  }

  /// The same with a sentence before the others, if there is one.
  public func preceded(by sentence: String?) -> RunCaveats {
    RunCaveats(sentences: (sentence.map { [$0] } ?? []) + sentences)
  }

  private init(sentences: [String]) { self.sentences = sentences }

  /// The names of a few, and how many more there are.
  private static func list(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ")
      + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }

  /// Chains that are known to remember their start, or that move in ways that more iterations do
  /// not mend.
  private static func notConverged(_ verdicts: [TargetConvergence]) -> [String] {
    var names: [String] = []
    for target in verdicts {
      switch target.verdict {
      case .moreIterations(let count) where target.isJudged:
        names.append("\(target.target) (about \(count) iterations needed)")
      case .pathological: names.append("\(target.target) (\(target.verdict.word))")
      default: break
      }
    }
    guard !names.isEmpty else { return [] }
    return [
      "not converged: \(list(names)); the figures may depend on where the chains began"
    ]
  }

  private static func notJudged(_ verdicts: [TargetConvergence]) -> [String] {
    var reasons: [(reason: String, names: [String])] = []
    for target in verdicts {
      let reason: String
      switch target.verdict {
      case .moreIterations(let count) where !target.isJudged:
        let number = target.iterations
        reason =
          "\(number) iteration\(number == 1 ? " is" : "s are") too few, use \(count) or more"
      case .oneChain: reason = "one chain cannot be compared with others"
      case .fewChains:
        reason =
          "R-hat is large, which so few chains can reach by chance or not, use "
          + "\(ConvergenceLimits.fewestChains) or more"
      default: continue
      }
      if let known = reasons.firstIndex(where: { $0.reason == reason }) {
        reasons[known].names.append(target.target)
      } else {
        reasons.append((reason, [target.target]))
      }
    }
    return reasons.map { "convergence cannot be judged: \(list($0.names)) (\($0.reason))" }
  }

  private static func improper(_ imputed: [String], _ description: RunDescription) -> [String] {
    guard let file = try? StudyFile(text: description.studyText, path: "study.yaml") else {
      return []
    }
    let known = Set(imputed)
    let names = (file.targets ?? []).filter { target in
      known.contains(target.name.value)
        && target.method.flatMap { MethodRegistry.method(named: $0.value) }?.isProper == false
    }.map(\.name.value)
    guard !names.isEmpty else { return [] }
    return [
      "improper imputation: every missing value of \(list(names)) is the mean of the observed ones "
        + "(method mean), so that standard errors are too small"
    ]
  }

  /// For machines, and for text where no table of results carries them.
  public var namedTable: NamedTable {
    NamedTable("warnings", title: "Warnings", sentences: sentences.map(\.asSentence))
  }
}

extension TargetConvergence {
  fileprivate var iterations: Int { quantities.first?.diagnostics.iterations ?? 0 }

  /// Whether there are iterations enough to tell anything.
  fileprivate var isJudged: Bool { iterations >= ConvergenceLimits.fewestIterations }
}

extension String {
  /// With a capital letter and a full stop.
  var asSentence: String { prefix(1).uppercased() + dropFirst() + "." }
}
