/// Reads decimal numbers as every locale's CSV file should write them.
///
/// Grammar: `[+-] digits [. digits] [(e|E) [+-] digits]` with at least one digit before the
/// exponent. No hexadecimal, no `inf`, no `nan`, no separators of thousands. Digits alone are a
/// number up to 2⁵³: beyond, a double would merge neighbours, and so long a whole number is an
/// identifier. Digits alone that begin with a zero are a code as well: 0012 and 12 are two.
enum NumberParser {
  /// Powers of ten that a double holds exactly.
  private static let exactPowers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// The number that `text` spells, correctly rounded; nil if it isn't one, is too large for a
  /// double, or is a whole number beyond 2⁵³, or with a leading zero, without point, exponent and
  /// (of the latter) sign.
  ///
  /// Digits up to 2⁵³ with a power of ten up to 10²² are exact doubles, so one multiplication or
  /// division rounds correctly (Clinger 1990, PLDI); anything else goes to the standard library,
  /// which rounds correctly too and, unlike strtod, ignores the locale.
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    var position = 0
    let end = text.count
    var negative = false
    if position < end, text[position] == 0x2B || text[position] == 0x2D {
      negative = text[position] == 0x2D
      position += 1
    }
    var digits: UInt64 = 0
    var significant = 0
    var seen = 0
    var scale = 0
    var inFraction = false
    while position < end {
      let byte = text[position]
      if byte &- 0x30 < 10 {
        seen += 1
        if significant > 0 || byte != 0x30 { significant += 1 }
        if significant <= 19 { digits = digits &* 10 &+ UInt64(byte &- 0x30) }
        if inFraction { scale -= 1 }
      } else if byte == 0x2E, !inFraction {
        inFraction = true
      } else {
        break
      }
      position += 1
    }
    guard seen > 0 else { return nil }
    if position < end {
      guard let exponent = parseExponent(text, from: position) else { return nil }
      scale += exponent
    } else if !inFraction, significant > 19 || digits > 1 << 53 || end > 1 && text[0] == 0x30 {
      return nil
    }
    if significant <= 19, digits <= 1 << 53, abs(scale) <= 22 {
      let magnitude =
        scale < 0
        ? Double(digits) / exactPowers[-scale] : Double(digits) * exactPowers[scale]
      return negative ? -magnitude : magnitude
    }
    guard let value = Double(String(decoding: text, as: UTF8.self)) else { return nil }
    return value.isFinite ? value : nil
  }

  /// The exponent that stands from `start` to the end; nil if anything else stands there.
  private static func parseExponent(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int
  ) -> Int? {
    guard text[start] | 0x20 == 0x65 else { return nil }
    var position = start + 1
    var negative = false
    if position < text.count, text[position] == 0x2B || text[position] == 0x2D {
      negative = text[position] == 0x2D
      position += 1
    }
    guard position < text.count else { return nil }
    var exponent = 0
    while position < text.count {
      guard text[position] &- 0x30 < 10 else { return nil }
      // Beyond this every number is 0 or infinite; the library decides from the text itself.
      exponent = min(exponent * 10 + Int(text[position] &- 0x30), 100_000)
      position += 1
    }
    return negative ? -exponent : exponent
  }
}
