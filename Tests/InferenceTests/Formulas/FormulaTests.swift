import Formulas
import Testing

@Suite struct FormulaTests {
  /// What R 4.2's `attr(terms(f), "term.labels")` gives, but for `%in%`, which R keeps in
  /// the label of the same term.
  @Test(arguments: [
    ("y ~ a + b", ["a", "b"], true),
    ("y ~ a*b", ["a", "b", "a:b"], true),
    ("y ~ a:b + a", ["a", "a:b"], true),
    ("y ~ b + a + a:b", ["b", "a", "b:a"], true),
    ("y ~ (a + b + c)^2", ["a", "b", "c", "a:b", "a:c", "b:c"], true),
    ("y ~ (a + b + c)^3", ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"], true),
    ("y ~ a*b*c - a:b:c", ["a", "b", "c", "a:b", "a:c", "b:c"], true),
    ("y ~ a/b", ["a", "a:b"], true),
    ("y ~ (a + b)/c", ["a", "b", "a:b:c"], true),
    ("y ~ a/(b + c)", ["a", "a:b", "a:c"], true),
    ("y ~ a + b %in% a", ["a", "a:b"], true),
    ("y ~ a - 1", ["a"], false),
    ("y ~ 0 + a", ["a"], false),
    ("y ~ -1 + a", ["a"], false),
    ("y ~ 1", [], true),
    ("y ~ a - 1 + 1", ["a"], true),
    ("y ~ a + a + a", ["a"], true),
    ("y ~ a + b - a", ["b"], true),
    ("y ~ a - (a + b) + c", ["c"], true),
    ("y ~ a:a", ["a"], true),
    ("y ~ a^2", ["a"], true),
    ("log(y) ~ I(x^2) + log(x+1)", ["I(x^2)", "log(x + 1)"], true),
    ("y ~ factor(x)*a", ["factor(x)", "a", "factor(x):a"], true),
    ("y ~ I(x/2 - 1e5)", ["I(x/2 - 1e+05)"], true),
    ("y ~ I((x-2.50)^2)", ["I((x - 2.5)^2)"], true),
  ]) func termLabels(text: String, labels: [String], intercept: Bool) throws {
    let formula = try Formula(text)
    #expect(formula.termLabels == labels)
    #expect(formula.hasIntercept == intercept)
    #expect(formula.description == text)
  }

  /// As lme4's `findbars` expands them.
  @Test(arguments: [
    ("y ~ 1 + (1 | g)", ["g"]),
    ("y ~ 1 + (1 | g/h)", ["h:g", "g"]),
    ("y ~ 1 + (1 | g:h)", ["g:h"]),
    ("y ~ 1 + (1 | g) + (1 | h)", ["g", "h"]),
    ("y ~ 1 + (1 | a/b/c)", ["c:b:a", "b:a", "a"]),
    ("y ~ (x || factor(g))", ["g"]),
    ("y ~ x + ((x + z) | (g))", ["g"]),
  ]) func groupings(text: String, labels: [String]) throws {
    #expect(try Formula(text).groupingLabels == labels)
  }

  @Test func variablesInOrderOfMention() throws {
    let formula = try Formula("log(y) ~ a*I(b + y0) + (0 + t | g/h)")
    #expect(formula.variables == ["y", "a", "b", "y0", "t", "h", "g"])
    #expect(try Formula("`my y` ~ `a b`").variables == ["my y", "a b"])
    #expect(try Formula("y.1 ~ é_2").variables == ["y.1", "é_2"])
  }

  /// Each mistake with its column and a piece of the sentence.
  @Test(arguments: [
    ("", 1, "the end of the formula"),
    ("y", 2, "\"~\" after the response"),
    ("~ x", 1, "the response variable"),
    ("y ~", 4, "the end of the formula"),
    ("y ~ a +", 8, "expected a variable name"),
    ("y ~ a b", 7, "expected an operator"),
    ("y ~ a ~ b", 7, "expected an operator"),
    ("y ~ (a + b", 11, "\")\""),
    ("y ~ a)", 6, "expected an operator"),
    ("y ~ 1 | g", 7, "parentheses around a random-effects term"),
    ("y ~ (1 | )", 10, "expected a variable name"),
    ("y ~ ( | g)", 7, "expected a variable name"),
    ("y ~ (1 | g", 11, "\")\" after the grouping factor"),
    ("y ~ (0 | g)", 5, "no effect before"),
    ("y ~ (1 | g + h)", 12, "grouping factor"),
    ("y ~ (1 | log(g))", 10, "grouping factor"),
    ("y ~ a - (1 | g)", 9, "cannot be taken away"),
    ("y ~ a:(1 | g)", 7, "can only be added"),
    ("y ~ .", 5, "name the variables"),
    ("y ~ poly(x, 2)", 5, "no function poly()"),
    ("y ~ log(x, 2)", 10, "log() takes one argument"),
    ("y ~ 2*x", 5, "inside I( )"),
    ("y ~ a^b", 7, "whole number"),
    ("y ~ a^0", 7, "whole number"),
    ("y ~ a + 5", 9, "only + 1, + 0 and - 1"),
    ("y ~ a & b", 7, "found \"&\""),
    ("y ~ a %o% b", 7, "expected %in%"),
    ("y ~ `a", 5, "backticks"),
    ("y ~ 1.2.3", 5, "a number"),
    ("y ~ x + y", 9, "also stands on the right"),
    ("1 ~ x", 1, "a variable as the response"),
    ("factor(y) ~ x", 1, "cannot be the response"),
    ("y ~ I(a:b)", 8, "is not arithmetic"),
    ("y ~ log(factor(a))", 9, "is not a number"),
  ]) func mistakes(text: String, column: Int, sentence: String) throws {
    let error = #expect(throws: FormulaError.self) { try Formula(text) }
    let message = try #require(error).description
    #expect(error?.position.column == column, "\(message)")
    #expect(message.contains(sentence), "\(message)")
  }

  @Test func caretStandsBelowTheMistake() {
    let error = #expect(throws: FormulaError.self) { try Formula("y ~ a + ") }
    #expect(
      error?.description == """
        Formula, column 9: found the end of the formula, expected a variable name, a number, \
        a function or "(".
          y ~ a + 
                  ^
        """)
  }
}
