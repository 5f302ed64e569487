import Foundation
import RunRecord
import Study
import Tabular

/// How completed data sets stand together in one file: mice's `complete`.
public enum CompletedFormat: String, Sendable, CaseIterable {
  /// Below each other, with columns `.imp` (number of the imputation) and `.id` (row); `_imp` and
  /// `_id` in Stata files, where a dot is no letter of a name, `Imputation_` (by which SPSS knows
  /// imputed data) and `Row_` in SPSS files.
  case long
  /// Side by side: `x.1`, `x.2`, … for every variable.
  case wide
  /// Below each other, without `.imp` and `.id`.
  case stacked
}

/// The completed data sets of a run, read from its record.
public struct CompletedData {
  private let loaded: LoadedStudy
  private let reader: RecordReader
  /// Numbers of the finished imputations, in order.
  public let imputations: [Int]

  /// - Throws: `RunRecordError`.
  public init(loaded: LoadedStudy, reader: RecordReader) throws {
    self.loaded = loaded
    self.reader = reader
    try reader.demandAllChains()
    imputations = try reader.finishedChains(
      iterations: try reader.description().iterations)
  }

  /// Completed data set `k`; nil when chain k is not finished. k = 0 are the data as they are.
  public func dataset(_ k: Int) throws -> Dataset? {
    if k == 0 { return loaded.dataset }
    guard imputations.contains(k), let chain = try reader.chain(k) else { return nil }
    return loaded.plan.complete(loaded.dataset, with: chain.imputed)
  }

  /// Writes the data sets `numbers` to `path`; the format of the file follows its extension.
  ///
  /// CSV files in long and stacked format are written data set by data set, so that only one is
  /// in memory.
  ///
  /// - Throws: `TabularError`, `RunRecordError`.
  public func write(to path: String, format: CompletedFormat, numbers: [Int]) throws {
    let file = FileNames(path: path)
    if format != .wide && file.isText {
      return try writeCSV(to: path, numbers: numbers, isNumbered: format == .long)
    }
    var columns: [Column] = []
    var names = DistinctNames(path: path)
    switch format {
    case .wide:
      for k in numbers {
        guard let dataset = try dataset(k) else { continue }
        for var column in dataset.columns {
          let source = "column '\(column.name)' of imputation \(k)"
          column.name = file.wide(column.name, k)
          try names.insert(column.name, of: source)
          columns.append(column)
        }
      }
    case .long, .stacked:
      let sets = try numbers.compactMap { try dataset($0) }
      if format == .long {
        let n = loaded.dataset.rowCount
        columns.append(
          Column(
            name: file.imputation, label: "Number of the imputation",
            values: .numeric(numbers.flatMap { k in Array(repeating: Double(k), count: n) })))
        columns.append(
          Column(
            name: file.row, label: "Row in the data file",
            values: .numeric(numbers.flatMap { _ in (1...max(1, n)).prefix(n).map(Double.init) })))
      }
      try names.insert(loaded.dataset.names, below: columns.map(\.name))
      for (index, column) in loaded.dataset.columns.enumerated() {
        columns.append(Self.joined(column, sets.map { $0.columns[index].values }))
      }
    }
    try DataFile.write(Dataset(columns: columns), to: path)
  }

  private func writeCSV(to path: String, numbers: [Int], isNumbered: Bool) throws {
    let file = FileNames(path: path)
    let added = isNumbered ? [file.imputation, file.row] : []
    var names = DistinctNames(path: path)
    try names.insert(loaded.dataset.names, below: added)
    let writer = try CSVWriter(path: path, header: added + loaded.dataset.names)
    for k in numbers {
      guard let dataset = try dataset(k) else { continue }
      for row in 0..<dataset.rowCount {
        var cells: [CSVCell] = isNumbered ? [.integer(k), .integer(row + 1)] : []
        for column in dataset.columns {
          switch column.values {
          case .numeric(let values):
            cells.append(values[row].isNaN ? .missing : .number(values[row]))
          case .text(let codes, let levels):
            cells.append(codes[row] < 0 ? .missing : .text(levels[Int(codes[row])]))
          }
        }
        try writer.append(cells)
      }
    }
    try writer.finish()
  }

  private static func joined(_ column: Column, _ parts: [Column.Values]) -> Column {
    var result = column
    var numbers: [Double] = []
    var codes: [Int32] = []
    for part in parts {
      switch part {
      case .numeric(let values): numbers += values
      case .text(let values, _): codes += values
      }
    }
    switch column.values {
    case .numeric: result.values = .numeric(numbers)
    case .text(_, let levels): result.values = .text(codes: codes, levels: levels)
    }
    return result
  }
}

/// What the columns that are added, or renamed, are called in a kind of file.
private struct FileNames {
  let isText: Bool
  let imputation: String
  let row: String
  private let isStata: Bool

  init(path: String) {
    let path = path.lowercased()
    isText = path.hasSuffix(".csv")
    isStata = path.hasSuffix(".dta")
    let isSPSS = path.hasSuffix(".sav")
    imputation = isSPSS ? "Imputation_" : isStata ? "_imp" : ".imp"
    row = isSPSS ? "Row_" : isStata ? "_id" : ".id"
  }

  /// A dot is no letter of a Stata name.
  func wide(_ name: String, _ k: Int) -> String {
    isStata ? "\(name).\(k)".replacingOccurrences(of: ".", with: "_") : "\(name).\(k)"
  }
}

/// The names of a file's columns, and where each comes from.
private struct DistinctNames {
  let path: String
  private var sources: [String: String] = [:]

  init(path: String) { self.path = path }

  /// - Throws: `TabularError.sameNames`.
  mutating func insert(_ name: String, of source: String) throws {
    if let first = sources.updateValue(source, forKey: name) {
      throw TabularError.sameNames(path: path, name: name, first: first, second: source)
    }
  }

  /// The data's columns after those that are added.
  mutating func insert(_ names: [String], below added: [String]) throws {
    for name in added { try insert(name, of: "the column that numbers imputations or rows") }
    for name in names { try insert(name, of: "column '\(name)' of the data") }
  }
}
