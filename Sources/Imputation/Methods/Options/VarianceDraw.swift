/// How the variance parameters of a two-level model enter an imputation.
public enum VarianceDraw: String, Sendable, CaseIterable, Codable {
  /// Drawn from their posterior: proper imputation.
  case draw
  /// Held at the REML estimate, as miceadds does.
  case plugIn = "plug-in"

  /// `variance: draw | plug-in`
  public static let option = MethodOption(
    key: "variance",
    help: "variances of a two-level model: drawn from their posterior, or held at their estimate",
    form: .word(allCases.map(\.rawValue))
  ) { _ in .word(draw.rawValue) }
}

extension MethodOptions {
  /// Nil where nothing is stated.
  public var variance: VarianceDraw? {
    get { word(VarianceDraw.option).flatMap(VarianceDraw.init) }
    set { self[VarianceDraw.option.key] = newValue.map { .word($0.rawValue) } }
  }

  func word(_ option: MethodOption) -> String? {
    if case .word(let word)? = self[option.key] { word } else { nil }
  }
}
