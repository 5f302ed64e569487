import Foundation

/// How many digits of a number people are shown. Machines always get all of them.
public enum NumberRule: Sendable, Equatable {
  /// A fixed number of decimals (negative: rounded to tens, hundreds, …).
  case decimals(Int)
  case significant(Int)
  /// `<0.001`, two significant digits below 0.1, else two decimals, `>0.99`.
  case pValue
  /// One decimal.
  case degreesOfFreedom
  /// A share, in per cent with one decimal.
  case percent
  /// All digits that it takes to read back the same number: for data as they are.
  case shortest

  /// Decimals with which a standard error shows two significant digits, so that estimates and
  /// their errors are rounded alike.
  ///
  /// Always two, also where imputing anew would change the second: an estimate and its limits with
  /// one digit mislead more than one digit too many. The report tells which digits would change.
  ///
  /// - Parameter standardError: positive; else four significant digits are shown.
  package static func byUncertainty(standardError: Double?) -> NumberRule {
    guard let standardError, standardError > 0, standardError.isFinite else {
      return .significant(4)
    }
    return .decimals(1 - leadingPlace(rounding: standardError, to: 2))
  }

  /// Decimals of a variance component and its limits: a quarter of the interval stands for the
  /// standard error, which is on another scale. The interval is lopsided, so that one much wider
  /// than a positive `estimate` leaves it its two digits: what is not 0 is not shown as 0.
  static func byInterval(
    _ estimate: Double?, low: Double?, high: Double?
  ) -> NumberRule {
    let spread = high.flatMap { high in low.map { (high - $0) / 4 } }
    let isPositive = (estimate ?? 0) > 0 && (low ?? -1) >= 0
    return byUncertainty(
      standardError: spread.map { isPositive ? min($0, estimate ?? $0) : $0 })
  }

  /// The power of ten of the first digit after rounding to `digits` significant ones, so that
  /// 0.0996 counts as 0.10.
  private static func leadingPlace(rounding number: Double, to digits: Int) -> Int {
    let text = String(format: "%.*e", digits - 1, abs(number))
    return text.firstIndex(of: "e").flatMap { Int(text[text.index(after: $0)...]) } ?? 0
  }

  /// The number as people read it; `infinity` is what stands for an infinite one.
  func text(_ number: Double, infinity: String) -> String {
    if number.isInfinite { return (number < 0 ? "-" : "") + infinity }
    switch self {
    case .decimals(let count): return Self.fixed(number, count)
    case .significant(let digits):
      if number == 0 { return "0" }
      return Self.fixed(number, digits - 1 - Self.leadingPlace(rounding: number, to: digits))
    case .pValue:
      if number < 0.001 { return "<0.001" }
      if number > 0.99 { return ">0.99" }
      let place = Self.leadingPlace(rounding: number, to: 2)
      return Self.fixed(number, place < -1 ? 1 - place : 2)
    case .degreesOfFreedom: return Self.fixed(number, 1)
    case .shortest: return shortestDecimal(number)
    case .percent: return Self.fixed(number * 100, 1) + "%"
    }
  }

  private static func fixed(_ number: Double, _ decimals: Int) -> String {
    // Too long to read as a decimal fraction.
    if abs(number) >= 1e15 { return String(format: "%.4g", number) }
    if decimals > 8 {
      let place = number == 0 ? 0 : leadingPlace(rounding: number, to: 1)
      return String(format: "%.*e", min(17, max(0, decimals + place)), number)
    }
    let scale = decimals < 0 ? pow(10, Double(-decimals)) : 1
    let text = String(
      format: "%.*f", max(0, decimals), (number / scale).rounded(to: decimals) * scale)
    // −0.00 is 0.00.
    return text.hasPrefix("-") && !text.contains { "123456789".contains($0) }
      ? String(text.dropFirst()) : text
  }
}

extension Double {
  /// Rounded to whole units for coarse rounding; unchanged where printf rounds decimals itself.
  fileprivate func rounded(to decimals: Int) -> Double { decimals < 0 ? rounded() : self }
}

/// The shortest decimal that reads back as the same number; whole numbers without ".0".
func shortestDecimal(_ number: Double) -> String {
  let text = "\(number)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
