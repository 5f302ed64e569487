import Formulas
import Foundation
import Testing

/// Formulas that would overrun the stack, or the evening: a sentence instead, at once.
@Suite struct FormulaLimitTests {
  private static func nested(_ open: String, _ close: String, _ count: Int) -> String {
    "y ~ " + String(repeating: open, count: count) + "x" + String(repeating: close, count: count)
  }

  @Test(arguments: [("(", ")"), ("-", ""), ("I(", ")"), ("log(", ")"), ("x^(", ")"), ("x^", "")])
  func depth(open: String, close: String) throws {
    for count in [110, 5_000, 50_000] {
      let error = try #require(throws: FormulaError.self) {
        try Formula(Self.nested(open, close, count))
      }
      #expect(error.description.contains("more than"), "\(error.description.prefix(200))")
    }
  }

  @Test func whatPeopleWriteIsWithinTheLimits() throws {
    #expect(try Formula(Self.nested("(", ")", 50)).termLabels == ["x"])
    // A score of 300 items, 3,000 predictors, all pairs of 40 variables, nine crossed factors.
    let items = (1...300).map { "item\($0)" }.joined(separator: " + ")
    #expect(try Formula("y ~ I(\(items))").termLabels.count == 1)
    let many = (1...3_000).map { "x\($0)" }.joined(separator: " + ")
    #expect(try Formula("y ~ \(many)").termLabels.count == 3_000)
    let forty = (1...40).map { "x\($0)" }.joined(separator: " + ")
    #expect(try Formula("y ~ (\(forty))^2").termLabels.count == 820)
    let nine = (1...9).map { "f\($0)" }.joined(separator: " * ")
    #expect(try Formula("y ~ \(nine)").termLabels.count == 511)
  }

  @Test(arguments: [14, 25, 200])
  func productsOfManyFactors(count: Int) throws {
    let factors = (1...count).map { "f\($0)" }.joined(separator: " * ")
    let begin = ContinuousClock.now
    let error = try #require(throws: FormulaError.self) { try Formula("y ~ \(factors)") }
    #expect(error.description.contains("more than 2000 terms"), "\(error)")
    let sum = "(" + (1...count).map { "f\($0)" }.joined(separator: " + ") + ")"
    #expect(throws: FormulaError.self) { try Formula("y ~ \(sum)^15") }
    #expect(throws: FormulaError.self) { try Formula("y ~ (1 + \(factors) | g)") }
    #expect(ContinuousClock.now - begin < .seconds(5))
  }

  @Test func operatorsInARow() throws {
    let long = "y ~ I(" + Array(repeating: "x", count: 30_000).joined(separator: " + ") + ")"
    #expect(throws: FormulaError.self) { try Formula(long) }
    let longer = "y ~ I(" + Array(repeating: "x", count: 3_000).joined(separator: " + ") + ")"
    let error = try #require(throws: FormulaError.self) { try Formula(longer) }
    #expect(error.description.contains("1000 operators in a row"))
  }
}
