/// What a study file can say of an option: a word, a whole number or a number.
public enum OptionValue: Sendable, Hashable, CustomStringConvertible {
  case word(String)
  case integer(Int)
  case number(Double)

  /// As study files have it.
  public var description: String {
    switch self {
    case .word(let word): word
    case .integer(let integer): String(integer)
    case .number(let number): "\(number)"
    }
  }
}

extension OptionValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let integer = try? container.decode(Int.self) {
      self = .integer(integer)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else {
      self = .word(try container.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .word(let word): try container.encode(word)
    case .integer(let integer): try container.encode(integer)
    case .number(let number): try container.encode(number)
    }
  }
}

/// An option of a method: declared once, by the method; read, checked, shown and written by this.
public struct MethodOption: Sendable {
  /// What values it takes.
  public enum Form: Sendable, Equatable, CustomStringConvertible {
    /// One of these.
    case word([String])
    case count(ClosedRange<Int>)
    case number(ClosedRange<Double>)

    /// What is possible.
    public var description: String {
      switch self {
      case .word(let words): words.joined(separator: ", ")
      case .count(let range):
        "a whole number from \(range.lowerBound) to \(range.upperBound)"
      case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
      }
    }
  }

  /// In study files, and a column of `plan`.
  public let key: String
  /// One line for the documentation.
  public let help: String
  public var form: Form
  /// What holds where nothing is stated; may depend on the other options.
  let byDefault: @Sendable (MethodOptions) -> OptionValue

  public init(
    key: String, help: String, form: Form,
    byDefault: @escaping @Sendable (MethodOptions) -> OptionValue
  ) {
    self.key = key
    self.help = help
    self.form = form
    self.byDefault = byDefault
  }

  /// Whether it can have this value.
  public func allows(_ value: OptionValue) -> Bool {
    switch (form, value) {
    case (.word(let words), .word(let word)): words.contains(word)
    case (.count(let range), .integer(let integer)): range.contains(integer)
    case (.number(let range), .number(let number)): range.contains(number)
    case (.number(let range), .integer(let integer)): range.contains(Double(integer))
    default: false
    }
  }
}

extension MethodOption {
  /// A whole number stated where any number may stand is that number.
  func normalised(_ value: OptionValue) -> OptionValue {
    if case .number = form, case .integer(let integer) = value { return .number(Double(integer)) }
    return value
  }
}

/// Values of the options of one target's method, by key; a method reads those it declares.
public struct MethodOptions: Sendable, Equatable {
  private var values: [String: OptionValue] = [:]

  public init() {}

  public subscript(key: String) -> OptionValue? {
    get { values[key] }
    set { values[key] = newValue }
  }

  /// In the order of the keys.
  public var entries: [(key: String, value: OptionValue)] {
    values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The options that `method` has, with its defaults written out.
  public func resolved(for method: MethodDescription?) -> MethodOptions {
    var result = MethodOptions()
    for option in method?.options ?? [] {
      result[option.key] = option.normalised(self[option.key] ?? option.byDefault(self))
    }
    return result
  }

  /// These options, whether `method` has them or not, and its defaults of those that are not stated.
  public func completed(for method: MethodDescription?) -> MethodOptions {
    var result = self
    for (key, value) in resolved(for: method).entries { result[key] = value }
    return result
  }

  /// As one line in a fixed order, for digests: "donors 20 matching calibrated variance draw".
  public var canonical: String {
    entries.map { "\($0.key) \($0.value)" }.joined(separator: " ")
  }
}

extension MethodOptions: Codable {
  public init(from decoder: any Decoder) throws {
    values = try [String: OptionValue](from: decoder)
  }

  public func encode(to encoder: any Encoder) throws { try values.encode(to: encoder) }
}
