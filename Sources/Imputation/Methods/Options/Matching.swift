/// How predictive mean matching goes from predictions to an observed value.
public enum Matching: String, Sendable, CaseIterable, Codable {
  /// The nearest rows' residuals from one draw, weighted so that mean and variance are the model's
  /// (see ``LocalResiduals``); for two-level models.
  case calibrated
  /// A local residual draw (Schenker & Taylor 1996), rounded to the nearest observed value.
  case localResidual = "local-residual"
  /// Observed rows from the estimates, missing rows from the draw (van Buuren 2018, §3.4: type 1).
  case type1
  /// Observed and missing rows from the same draw (type 2; miceadds' default).
  case type2
  /// Observed and missing rows from two independent draws (type 3).
  case type3

  /// What the methods paragraph calls it.
  public var words: String {
    switch self {
    case .calibrated: "residuals of one posterior draw, calibrated to the model's mean"
    case .localResidual: "local residual draws"
    case .type1: "type 1 matching"
    case .type2: "type 2 matching"
    case .type3: "type 3 matching"
    }
  }

  /// Number of donors where none is given.
  public var defaultDonors: Int {
    switch self {
    case .calibrated: 20
    case .localResidual: 50
    case .type1, .type2, .type3: 5
    }
  }

  /// `matching: …` of a method that knows `rules`, the first of which is its default.
  static func option(_ rules: [Matching]) -> MethodOption {
    MethodOption(
      key: matchingKey, help: "how predictions lead to an observed value",
      form: .word(rules.map(\.rawValue))
    ) { _ in .word((rules.first ?? .type1).rawValue) }
  }

  /// `donors: n` of a method whose default rule is the first of `rules`.
  static func donors(_ rules: [Matching]) -> MethodOption {
    MethodOption(
      key: donorsKey, help: "observed rows to choose from", form: .count(1...largestCount)
    ) { .integer(($0.matching ?? rules.first ?? .type1).defaultDonors) }
  }

  private static let largestCount = Int(Int32.max)
}

private let matchingKey = "matching"
private let donorsKey = "donors"

extension MethodOptions {
  /// Nil where nothing is stated.
  public var matching: Matching? {
    get {
      if case .word(let word)? = self[matchingKey] { Matching(rawValue: word) } else { nil }
    }
    set { self[matchingKey] = newValue.map { .word($0.rawValue) } }
  }

  /// Nil where nothing is stated.
  public var donors: Int? {
    get { if case .integer(let count)? = self[donorsKey] { count } else { nil } }
    set { self[donorsKey] = newValue.map(OptionValue.integer) }
  }

  /// Donors and rule as the methods paragraph has them.
  var matchingWords: String { "\(donors ?? 0) donors, \(matching?.words ?? "")" }
}
