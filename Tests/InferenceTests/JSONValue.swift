import Foundation

/// A JSON document of any shape, for reading reference figures.
enum JSONValue: Decodable {
  case number(Double)
  case text(String)
  case flag(Bool)
  case list([JSONValue])
  case object([String: JSONValue])
  case null

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// A file of the folder `Reference`.
  static func reference(_ name: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: referenceFile(name)))
  }

  static func referenceFile(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/\(name)")
  }

  subscript(key: String) -> JSONValue {
    if case .object(let values) = self { return values[key] ?? .null }
    return .null
  }

  subscript(position: Int) -> JSONValue { list[position] }

  var list: [JSONValue] {
    if case .list(let values) = self { return values }
    return []
  }

  /// A number; "Inf" and "NaN" as R writes them; nil when it is neither.
  var double: Double? {
    switch self {
    case .number(let value): value
    case .text("Inf"): .infinity
    case .text("NaN"): .nan
    default: nil
    }
  }

  var doubles: [Double] { list.compactMap(\.double) }

  var string: String? {
    if case .text(let value) = self { return value }
    return nil
  }

  var flag: Bool? {
    if case .flag(let value) = self { return value }
    return nil
  }

  var strings: [String] { list.compactMap(\.string) }

  var keys: [String] {
    if case .object(let values) = self { return values.keys.sorted() }
    return []
  }
}

/// |a − b| relative to |b|, absolute where b is 0; 0 for equal infinities.
func relativeError(_ a: Double?, _ b: Double?) -> Double {
  guard let a, let b else { return .infinity }
  if a == b { return 0 }
  return abs(a - b) / (b == 0 ? 1 : abs(b))
}
