import Foundation
import Tabular

/// True values that were found, kept in the study's directory until its results are written: a
/// search that is stopped goes on from there.
///
/// Values are found by their key, the digest of everything that decides them, so that values of
/// another design, precision or version of the engine are never taken.
final class TruthStore {
  static let fileName = "truths.json"

  private struct Value: Codable {
    var value, standardError: Double
  }

  private let path: String
  private var known: [String: [String: Value]]

  init(directory: URL) {
    path = directory.appending(path: Self.fileName).path
    known =
      FileManager.default.contents(atPath: path)
      .flatMap { try? JSONDecoder().decode([String: [String: Value]].self, from: $0) } ?? [:]
  }

  /// The values under `key`; nil when they have to be found.
  func values(_ key: String) -> TrueValues? {
    known[key].map { values in
      TrueValues(
        values: values.mapValues { TrueValue(value: $0.value, standardError: $0.standardError) })
    }
  }

  /// Keeps what was found; where some could not be, nothing: why is to be said again.
  func keep(_ found: TrueValues, _ key: String) {
    guard found.gap == nil,
      found.values.values.allSatisfy({ $0.value.isFinite && $0.standardError.isFinite })
    else { return }
    known[key] = found.values.mapValues {
      Value(value: $0.value, standardError: $0.standardError)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // That it can't be written costs the time of another search and nothing else.
    guard let data = try? encoder.encode(known) else { return }
    try? writeFileAtomically(path, [UInt8](data))
  }

  /// Takes the file away: the results have the values.
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
