import Foundation
import RunRecord
import Study
import Tabular

/// How completed data sets stand together in one file: mice's `complete`.
public enum CompletedFormat: String, Sendable, CaseIterable {
  /// Below each other, with columns `.imp` (number of the imputation) and `.id` (row).
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
    if format != .wide && path.lowercased().hasSuffix(".csv") {
      return try writeCSV(to: path, numbers: numbers, isNumbered: format == .long)
    }
    var columns: [Column] = []
    switch format {
    case .wide:
      for k in numbers {
        guard let dataset = try dataset(k) else { continue }
        columns += dataset.columns.map { column in
          var renamed = column
          renamed.name = "\(column.name).\(k)"
          return renamed
        }
      }
      // A dot is no letter of a Stata name.
      if path.lowercased().hasSuffix(".dta") {
        for i in columns.indices {
          columns[i].name = columns[i].name.replacingOccurrences(of: ".", with: "_")
        }
      }
    case .long, .stacked:
      let sets = try numbers.compactMap { try dataset($0) }
      if format == .long {
        let isStata = path.lowercased().hasSuffix(".dta")
        let n = loaded.dataset.rowCount
        columns.append(
          Column(
            name: isStata ? "_imp" : ".imp", label: "Number of the imputation",
            values: .numeric(numbers.flatMap { k in Array(repeating: Double(k), count: n) })))
        columns.append(
          Column(
            name: isStata ? "_id" : ".id", label: "Row in the data file",
            values: .numeric(numbers.flatMap { _ in (1...max(1, n)).prefix(n).map(Double.init) })))
      }
      for (index, column) in loaded.dataset.columns.enumerated() {
        columns.append(Self.joined(column, sets.map { $0.columns[index].values }))
      }
    }
    try DataFile.write(Dataset(columns: columns), to: path)
  }

  private func writeCSV(to path: String, numbers: [Int], isNumbered: Bool) throws {
    let writer = try CSVWriter(
      path: path, header: (isNumbered ? [".imp", ".id"] : []) + loaded.dataset.names)
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
