import Imputation
import RunRecord
import Study
import Tabular

/// The imputed values of a run's finished chains.
struct ImputedValues: Sendable {
  /// One imputed variable.
  struct Target: Sendable {
    let name: String
    /// Rows (from 0, increasing) that it is missing in.
    let rows: [Int]
    /// By imputation, in the order of `rows`; as ``StudyVariable/cells`` has them.
    var values: [[Double]]
  }
  /// Values that are kept in memory together; further imputations are left out.
  private static let most = 20_000_000
  /// Numbers of the imputations that were read.
  let imputations: [Int]
  /// How many are finished.
  let available: Int
  let targets: [Target]

  /// - Throws: `RunRecordError`.
  init(_ source: ReportSource, loaded: LoadedStudy) throws {
    let rows = loaded.plan.missingRows
    var targets = zip(loaded.plan.targetNames, rows).map {
      Target(name: $0, rows: $1, values: [])
    }
    let specification = loaded.study.imputation
    // Text is imputed as a position among the levels in their order.
    let orders: [[Double]?] = targets.map { target in
      guard case .text? = loaded.dataset[target.name]?.values else { return nil }
      return specification.variables.first { $0.name == target.name }?.levels
    }
    let size = max(1, rows.reduce(0) { $0 + $1.count })
    available = source.results.finished.count
    imputations = Array(source.results.finished.prefix(max(1, Self.most / size)))
    for k in imputations {
      guard let chain = try source.reader.chain(k), chain.imputed.count == targets.count else {
        throw RunRecordError.damaged(path: source.reader.path)
      }
      for (t, values) in chain.imputed.enumerated() {
        guard values.count == targets[t].rows.count else {
          throw RunRecordError.damaged(path: source.reader.path)
        }
        guard let order = orders[t] else {
          targets[t].values.append(values)
          continue
        }
        targets[t].values.append(
          values.map { order.indices.contains(Int($0)) ? order[Int($0)] : .nan })
      }
    }
    self.targets = targets.filter { !$0.rows.isEmpty }
  }

  subscript(name: String) -> Target? { targets.first { $0.name == name } }
}
