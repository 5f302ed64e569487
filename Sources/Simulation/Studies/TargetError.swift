/// How many replicates a wanted Monte Carlo standard error takes.
///
/// Only of measures that are proportions can it be known beforehand: √(p(1−p)/n) with p as the
/// method should have it, or 1/2 where it may be anything (Morris, White & Crowther 2019, §5.3).
public struct TargetError: Sendable, Equatable {
  public var measure: String
  /// The error wanted, as a proportion.
  public var error: Double
  /// The p assumed.
  package var proportion: Double
  public var replicates: Int

  /// Measures that can be asked for.
  static let measures = [
    Coverage.name, BiasEliminatedCoverage.name, "type-1-error", "power", ConvergenceRate.name,
  ]

  init(measure: String, error: Double, level: Double) {
    self.measure = measure
    self.error = error
    switch measure {
    case "type-1-error": proportion = 1 - level
    case "power": proportion = 0.5
    case ConvergenceRate.name: proportion = 0.95
    default: proportion = level
    }
    // Rounding must not turn 1900 into 1901.
    let exact = proportion * (1 - proportion) / (error * error)
    replicates = max(1, Int(min((exact * (1 - 1e-12)).rounded(.up), Double(Int32.max))))
  }

  /// Reads `0.5 percent`, `0.5 %` or `0.005`; nil for anything else, and unless it lies between 0
  /// and 0.5.
  static func read(_ text: String) -> Double? {
    var number = text.trimmingPrefix { $0 == " " }[...]
    var scale = 1.0
    for unit in ["percent", "%"] where number.hasSuffix(unit) {
      number = number.dropLast(unit.count)
      scale = 0.01
      break
    }
    while number.last == " " { number = number.dropLast() }
    guard let value = Double(String(number)), value * scale > 0, value * scale < 0.5 else {
      return nil
    }
    return value * scale
  }

  /// Why so many, for people.
  public var explanation: String {
    func rounded(_ value: Double) -> String {
      let text = "\((value * 1e6).rounded() / 1e6)"
      return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
    return "\(replicates) replicates a scenario: the Monte Carlo standard error of a \(measure) of "
      + "\(rounded(100 * proportion)) % is then √(\(rounded(proportion)) × "
      + "\(rounded(1 - proportion)) / \(replicates)), at most the \(rounded(100 * error)) % asked for"
  }
}
