/// A node of a formula's syntax tree.
package struct FormulaExpression: Sendable, Equatable {
  package indirect enum Kind: Sendable, Equatable {
    case variable(String)
    case number(Double)
    case call(String, FormulaExpression)
    case unary(String, FormulaExpression)
    case binary(String, FormulaExpression, FormulaExpression)
    case parenthesis(FormulaExpression)
  }
  package let kind: Kind
  /// Column of the node's operator or first character, from 1.
  package let column: Int
  /// Nodes on the longest way down, this one included. What walks a tree recurses so deep.
  package let height: Int

  package init(kind: Kind, column: Int) {
    self.kind = kind
    self.column = column
    switch kind {
    case .variable, .number: height = 1
    case .call(_, let inner), .unary(_, let inner), .parenthesis(let inner):
      height = inner.height + 1
    case .binary(_, let left, let right): height = max(left.height, right.height) + 1
    }
  }

  /// The node as R's `deparse` writes it: `I(x^2)`, `log(x + 1)`.
  package var label: String {
    switch kind {
    case .variable(let name): name
    case .number(let value): RText.number(value)
    case .call(let name, let argument): "\(name)(\(argument.label))"
    case .unary(let symbol, let operand): symbol + operand.label
    case .parenthesis(let inner): "(\(inner.label))"
    case .binary(let symbol, let left, let right):
      switch symbol {
      case "^", "/", ":": left.label + symbol + right.label
      default: "\(left.label) \(symbol) \(right.label)"
      }
    }
  }

  /// The variables it mentions, with the column of each mention.
  package var variables: [(name: String, column: Int)] {
    switch kind {
    case .variable(let name): [(name, column)]
    case .number: []
    case .call(_, let inner), .unary(_, let inner), .parenthesis(let inner): inner.variables
    case .binary(_, let left, let right): left.variables + right.variables
    }
  }

  /// The node without enclosing parentheses.
  package var unwrapped: FormulaExpression {
    if case .parenthesis(let inner) = kind { return inner.unwrapped }
    return self
  }
}
