/// How a column enters a model.
public enum VariableEncoding: Sendable, Equatable {
  /// As its numbers.
  case numeric
  /// As a factor with these levels, the first being the reference. Empty: the values that occur,
  /// numbers in increasing order, text by Unicode value (as R's `factor` in the C locale).
  ///
  /// Ordered variables are factors too: their coefficients are differences from the reference
  /// level, not R's polynomial contrasts.
  case factor([FactorLevel])
}

/// A level of a factor: a value of the data and the name it has in coefficients.
public struct FactorLevel: Sendable, Equatable {
  public enum Value: Sendable, Equatable, Hashable {
    case number(Double)
    case text(String)
  }
  public var value: Value
  public var label: String

  public init(_ value: Value, label: String? = nil) {
    self.value = value
    switch value {
    case .number(let number): self.label = label ?? RText.number(number)
    case .text(let text): self.label = label ?? text
    }
  }
}
