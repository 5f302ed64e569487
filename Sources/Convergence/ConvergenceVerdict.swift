import Foundation

/// What a trace says about the question that matters: has the chain forgotten where it started?
///
/// Only the last iteration of each chain is used, and chains are independent of one another. So
/// chained equations need no long-run averages and no large effective size, as sampling one
/// posterior does; they need the effect of the random start to have died out (van Buuren 2018,
/// §6.5.2; Oberman, van Buuren & Vink 2021, Missing the Point: non-convergence in iterative
/// imputation algorithms, arXiv:2110.11951, who found inferences valid long before the usual
/// limits of R̂ were met).
public enum ConvergenceVerdict: Sendable, Equatable {
  /// Nothing to judge: the same value in every iteration of every chain.
  case constant
  case converged
  /// A single chain: whether chains agree cannot be seen.
  case oneChain
  /// R̂ is large, and with so few chains that may be chance or not.
  case fewChains
  /// About this many iterations in all are needed.
  case moreIterations(Int)
  /// More iterations will not help.
  case pathological(Pathology)

  public enum Pathology: Sendable, Equatable {
    /// Values that are not finite.
    case notFinite
    /// Chains, by number from 1, that keep one value while others move.
    case stuck(chains: [Int])
    /// Chains that stay at levels of their own.
    case separated
    /// All chains move in one direction and show no sign of levelling off.
    case trend
  }

  /// One word for tables: `constant`, `converged`, `one chain`, `few chains`, `more iterations`, `not finite`,
  /// `stuck`, `separated`, `trend`.
  public var word: String {
    switch self {
    case .constant: "constant"
    case .converged: "converged"
    case .oneChain: "one chain"
    case .fewChains: "few chains"
    case .moreIterations: "more iterations"
    case .pathological(.notFinite): "not finite"
    case .pathological(.stuck): "stuck"
    case .pathological(.separated): "separated"
    case .pathological(.trend): "trend"
    }
  }

  /// How many iterations are needed in all, where that is the verdict.
  public var neededIterations: Int? {
    if case .moreIterations(let count) = self { return count }
    return nil
  }

  /// Whether the chains do what they should, as far as can be seen.
  public var isGood: Bool { self == .converged || self == .constant }

  /// Of two verdicts on one target the worse decides.
  var severity: Int {
    switch self {
    case .constant: 0
    case .converged: 1
    case .oneChain: 2
    case .fewChains: 3
    case .moreIterations(let count): 4 + count
    case .pathological: .max
    }
  }
}

/// The limits of the verdict.
public enum ConvergenceLimits {
  /// Largest R̂ of chains that have converged.
  ///
  /// For a stationary chain with autocorrelation ρ^t, R̂² ≈ 1 + 2 (τ − 1)/T with
  /// τ = (1 + ρ)/(1 − ρ): at R̂ = 1.2 after T ≥ 10 iterations, less than 1 % of the start's effect
  /// (ρ^T) is left whatever ρ is. The 1.01 of Vehtari et al. is for long-run averages.
  public static let reduction = 1.2
  /// R̂ beyond which chains that hardly move are called separated, not slow: by the formula above
  /// 50 times the iterations would be needed.
  static let hopelessReduction = 5.0
  /// R̂ from which chains that move freely around levels of their own are called separated. Over
  /// fewer than 100 iterations a slow part under much noise could look the same and still mix.
  static func separatedReduction(iterations: Int) -> Double { iterations < 100 ? 1.5 : reduction }
  /// Drift over the second half, in standard deviations between chains, that is too small to
  /// matter: a quarter of what imputations differ by anyway.
  public static let drift = 0.25
  /// How unlikely R̂ or drift must be by chance before they count: with hundreds of targets and
  /// four quantities of each, false alarms must stay rare.
  public static let chance = 0.001
  /// Fewest chains with which a large R̂ counts as chance because chance makes as much: of chains
  /// with autocorrelation 0.9^t over 10 iterations that rule lets 41 % of pairs pass, 17 % of
  /// threes, and 3 % of fives.
  public static let fewestChains = 5
  /// Fewest iterations that can be judged.
  public static let fewestIterations = 10
}

extension TraceDiagnostics {
  func judge(_ traces: [[Double]]) -> ConvergenceVerdict {
    guard traces.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      return .pathological(.notFinite)
    }
    // A single value is not yet constant.
    let isConstant = !ChainTransform.isUsable(traces) && iterations * traces.count != 1
    if isConstant { return .constant }
    if iterations < ConvergenceLimits.fewestIterations {
      return .moreIterations(ConvergenceLimits.fewestIterations)
    }
    if traces.count == 1 { return .oneChain }
    let stuck = stuckChains(traces)
    if !stuck.isEmpty { return .pathological(.stuck(chains: stuck)) }
    if let verdict = judgeAgreement(traces) { return verdict }
    if let verdict = judgeDrift(traces) { return verdict }
    return isUndecided ? .fewChains : .converged
  }

  /// Whether R̂ is large, over the second half too where that can be told, with too few chains to
  /// say that it is not chance.
  private var isUndecided: Bool {
    guard chains < ConvergenceLimits.fewestChains, let reduction else { return false }
    return min(reduction.value, lateReduction?.value ?? .infinity) > ConvergenceLimits.reduction
  }

  /// Chains that repeat one value throughout, where the others make that a matter of less than
  /// one in a million. (A single imputed cell of a binary variable repeats itself often.)
  private func stuckChains(_ traces: [[Double]]) -> [Int] {
    var still: [Int] = []
    var repeats = 0
    var steps = 0
    for (index, trace) in traces.enumerated() {
      let own = zip(trace, trace.dropFirst()).count { $0 == $1 }
      if own == trace.count - 1 {
        still.append(index + 1)
      } else {
        repeats += own
        steps += trace.count - 1
      }
    }
    guard !still.isEmpty, steps > 0 else {
      // None moves, and they differ: each is stuck where it began.
      return still
    }
    let share = Double(repeats + 1) / Double(steps + 2)
    var likely = Double(traces.count)
    for _ in 1..<iterations { likely *= share }
    return likely < 1e-6 ? still : []
  }

  /// Judges R̂; nil when it is within its limit or could be chance.
  private func judgeAgreement(_ traces: [[Double]]) -> ConvergenceVerdict? {
    func isExceeded(_ found: PotentialScaleReduction?) -> Bool {
      guard let found else { return false }
      return found.value > ConvergenceLimits.reduction && found.chance < ConvergenceLimits.chance
    }
    guard isExceeded(reduction), let whole = reduction?.value else { return nil }
    // The start may show in the first half as long as the second knows nothing of it.
    if let lateReduction, !isExceeded(lateReduction) { return nil }
    if let drift = judgeDrift(traces) { return drift }
    let late = lateReduction?.value ?? whole
    let smaller = min(whole, late)
    if smaller > ConvergenceLimits.hopelessReduction { return .pathological(.separated) }
    if smaller > ConvergenceLimits.separatedReduction(iterations: iterations),
      let local = localAutocorrelation(traces), local < 0.5
    {
      return .pathological(.separated)
    }
    // R̂² − 1 falls as one over the number of iterations.
    let limit = ConvergenceLimits.reduction * ConvergenceLimits.reduction - 1
    let needed = min(
      Double(iterations) * (whole * whole - 1) / limit,
      Double(iterations) / 2 * (1 + (late * late - 1) / limit))
    return .moreIterations(rounded(needed))
  }

  /// Judges the chains' common movement in the second half; nil when there is none to speak of.
  private func judgeDrift(_ traces: [[Double]]) -> ConvergenceVerdict? {
    guard let drift, let driftChance, abs(drift) > ConvergenceLimits.drift,
      driftChance < ConvergenceLimits.chance
    else { return nil }
    let half = (iterations + 1) / 2
    func movement(_ part: (ArraySlice<Double>) -> Double) -> Double {
      traces.reduce(0) { $0 + part($1[...]) } / Double(traces.count)
    }
    // Over the same number of iterations before and after the middle.
    let before = movement { Self.change($0.prefix(half)) }
    let after = movement { Self.change($0.suffix(half)) }
    let ratio = before == 0 ? 1 : after / before
    // A start that is forgotten leaves less of it in each half than in the one before.
    if ratio > 0.7 || ratio < -0.7 { return .pathological(.trend) }
    guard drift.isFinite, ratio > 0.01 else { return .moreIterations(rounded(0)) }
    let halves = log(ConvergenceLimits.drift / abs(drift)) / log(ratio)
    return .moreIterations(rounded(Double(iterations) * (1 + halves / 2)))
  }

  /// Least-squares change over a stretch of iterations.
  private static func change(_ values: ArraySlice<Double>) -> Double {
    let n = Double(values.count)
    var sum = 0.0
    for (i, value) in values.enumerated() { sum += (Double(i) - (n - 1) / 2) * value }
    return sum * 12 / (n * (n + 1))
  }

  /// Autocorrelation at lag 1 around each chain's own level, freed of most of its bias
  /// −(1 + 3ρ)/n (Marriott & Pope 1954, Biometrika 41).
  private func localAutocorrelation(_ traces: [[Double]]) -> Double? {
    let n = Double(iterations)
    return ChainAutocorrelation(traces).withinChains(1).map { ($0 * n + 1) / (n - 3) }
  }

  /// At least a quarter more than there are; two digits are all that the estimate is worth.
  private func rounded(_ needed: Double) -> Int {
    let most = needed.isFinite ? min(needed, 1e12) : 1e12
    let wanted = max(most, 1.25 * Double(iterations)).rounded(.up)
    var unit = 1.0
    while wanted / unit >= 100 { unit *= 10 }
    return Int((wanted / unit).rounded(.up) * unit)
  }
}
