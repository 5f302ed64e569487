/// What a formula is made of, for those who ask whether imputation models hold as much.
extension Formula {
  /// A term with the data columns that it mentions.
  package struct Part: Sendable, Equatable {
    /// As R labels it: `arm:x`, `log(x)`.
    package var label: String
    package var variables: [String]
    package var kind: Kind

    package enum Kind: Sendable, Equatable {
      /// A column as it is.
      case plain
      /// `factor(x)`.
      case factor
      /// A function of columns, such as `log(x)` or `I(x^2)`.
      case transformed
      /// A product of several of these, such as `arm:x`.
      case product
    }
  }

  /// Random effects of one grouping factor.
  package struct RandomPart: Sendable, Equatable {
    /// The data columns that form the groups.
    package var grouping: [String]
    package var label: String
    /// What has a slope of its own in each group.
    package var slopes: [Part]
  }

  package var responsePart: Part {
    Part(
      label: response.label, variables: Self.names(response.variables),
      kind: Self.kind(response))
  }

  package var fixedParts: [Part] { fixed.parts }

  package var randomParts: [RandomPart] {
    random.map {
      RandomPart(
        grouping: Self.names($0.grouping.flatMap(\.variables)), label: $0.label,
        slopes: $0.effects.parts)
    }
  }

  /// Each name once.
  fileprivate static func names(_ mentions: [(name: String, column: Int)]) -> [String] {
    var seen = Set<String>()
    return mentions.map(\.name).filter { seen.insert($0).inserted }
  }

  fileprivate static func kind(_ expression: FormulaExpression) -> Part.Kind {
    switch expression.unwrapped.kind {
    case .variable: return .plain
    case .call("factor", let argument):
      if case .variable = argument.unwrapped.kind { return .factor }
      return .transformed
    default: return .transformed
    }
  }
}

extension ExpandedTerms {
  /// The terms but the intercept.
  fileprivate var parts: [Formula.Part] {
    terms.map { term in
      let expressions = term.map { variables[$0] }
      return Formula.Part(
        label: label(term), variables: Formula.names(expressions.flatMap(\.variables)),
        kind: expressions.count == 1 ? Formula.kind(expressions[0]) : .product)
    }
  }
}
