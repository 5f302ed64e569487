import Foundation
import Imputation
import MixedModels
import Numerics
import Tabular
import Testing

/// Where data that the project does not carry may lie: beside the checkout.
enum SharedFiles {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("shared")
  static var shareCSV: URL { root.appendingPathComponent("reference/data/SHARE_subset.csv") }
  static var hasShare: Bool { FileManager.default.fileExists(atPath: shareCSV.path) }
}

/// Numeric columns of a plain CSV file; blank is missing. For tests only.
func readNumericCSV(_ url: URL) throws -> Dataset {
  let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
  let names = lines[0].split(separator: ",").map {
    $0.replacingOccurrences(of: "\"", with: "")
  }
  var columns = names.map { _ in [Double]() }
  for line in lines.dropFirst() {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    for (i, field) in fields.enumerated() { columns[i].append(Double(field) ?? .nan) }
  }
  return Dataset(columns: zip(names, columns).map { Column(name: $0, values: .numeric($1)) })
}

func numericDataset(_ columns: [(String, [Double])]) -> Dataset {
  Dataset(columns: columns.map { Column(name: $0.0, values: .numeric($0.1)) })
}

/// A plan with one target.
func plan(
  _ dataset: Dataset, cluster: String? = "g", target: String = "y", method: String,
  _ predictors: [(String, Role)], seed: UInt64 = 1, types: [VariableSpecification] = [],
  configure: (inout MethodOptions) -> Void = { _ in }
) throws -> ImputationPlan {
  var options = MethodOptions()
  configure(&options)
  return try ImputationPlan(
    dataset: dataset,
    specification: ImputationSpecification(
      cluster: cluster, variables: types,
      targets: [
        TargetSpecification(
          name: target, method: method,
          predictors: predictors.map { PredictorSpecification(name: $0.0, role: $0.1) },
          options: options)
      ], visit: [target], seed: seed))
}

/// Imputed values of the only target after `iterations`.
func imputed(
  _ plan: ImputationPlan, imputation: Int = 1, iterations: Int = 1
) throws -> [Double] {
  var chain = Chain(plan: plan, imputation: imputation)
  try chain.run(to: iterations)
  return chain.state.imputed[0]
}

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

func standardDeviation(_ values: [Double]) -> Double {
  let m = mean(values)
  let squares = values.reduce(0) { $0 + ($1 - m) * ($1 - m) }
  return (squares / Double(values.count - 1)).squareRoot()
}

func correlation(_ a: [Double], _ b: [Double]) -> Double {
  let (ma, mb) = (mean(a), mean(b))
  var sab = 0.0
  for (x, y) in zip(a, b) { sab += (x - ma) * (y - mb) }
  return sab / Double(a.count - 1) / standardDeviation(a) / standardDeviation(b)
}
