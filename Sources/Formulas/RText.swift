import Foundation

/// Text as R prints it.
package enum RText {
  /// A number with as many of up to 15 significant digits as it needs, in the shorter of the
  /// fixed and the scientific form, as R's `as.character`: `20`, `2.5`, `1e+05`.
  package static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "Inf" }
    var scientific = ""
    var digits = 0
    repeat {
      digits += 1
      scientific = String(format: "%.\(digits - 1)e", value)
    } while digits < 15 && Double(scientific) != value
    let exponent = scientific.split(separator: "e").last.flatMap { Int($0) } ?? 0
    let fixed = String(format: "%.\(max(0, digits - 1 - exponent))f", value)
    return fixed.count <= scientific.count ? fixed : scientific
  }
}
