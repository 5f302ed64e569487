import Study
import Yams

/// Reads one mechanism: `mcar: 0.2`, `mar: {on: [x], rate: 0.3}`, `mnar: …`, `whole-clusters: …`.
struct RuleReader {
  let reader: MissingnessReader
  let section: MappingReader
  let patterns: [MissingnessRule.Pattern]
  private var problems: ProblemList { reader.problems }

  init(
    reader: MissingnessReader, section: MappingReader, patterns: [MissingnessRule.Pattern]
  ) {
    self.reader = reader
    self.section = section
    self.patterns = patterns
  }

  /// The rule under `key`, and the variables that decide it.
  ///
  /// - Parameter rate: given already, by the patterns.
  func rule(
    _ key: Located<String>, rate given: Double?
  ) -> (rule: MissingnessRule, predictors: [Located<String>])? {
    guard let node = section.node(key.value) else { return nil }
    let path = section.path(of: key.value)
    if case .mapping = node {
    } else if key.value == "mcar" || key.value == "whole-clusters" {
      let rate = section.number(key.value, expected: Self.rateExpected) { 0 <= $0 && $0 < 1 }
      guard let rate else { return nil }
      return make(
        key, unit: key.value == "mcar" ? .row : .cluster, mechanism: .completelyAtRandom,
        rate: .overall(rate.value), correlation: nil, predictors: [])
    }
    var allowed = ["rate", "by-arm"]
    switch key.value {
    case "mcar": allowed += ["icc", "latent-icc"]
    case "mar": allowed += ["on", "model", "icc", "latent-icc"]
    case "mnar": allowed += ["on", "model", "delta", "slope", "icc", "latent-icc"]
    default: allowed += ["on", "model"]
    }
    guard let entry = MappingReader(node, path: path, allowed: allowed, problems: problems),
      let rate = rate(entry, given: given), let correlation = correlation(entry),
      let (mechanism, predictors) = mechanism(key.value, entry)
    else { return nil }
    return make(
      key, unit: key.value == "whole-clusters" ? .cluster : .row, mechanism: mechanism, rate: rate,
      correlation: correlation.value, predictors: predictors)
  }

  private static let rateExpected = "a rate of at least 0 and below 1"

  private func make(
    _ key: Located<String>, unit: MissingnessRule.Unit, mechanism: MissingnessRule.Mechanism,
    rate: MissingnessRule.Rate, correlation: MissingnessRule.Correlation?,
    predictors: [Located<String>]
  ) -> (rule: MissingnessRule, predictors: [Located<String>])? {
    if unit == .cluster || correlation != nil, reader.cluster == nil {
      problems.add(
        .other("'\(section.path(of: key.value))' needs clusters; name their column in 'cluster'"),
        at: key.position)
      return nil
    }
    if case .byArm = rate, reader.arm == nil {
      problems.add(
        .other("'\(section.path(of: key.value))' has rates by arm; name its column in 'arm'"),
        at: key.position)
      return nil
    }
    do {
      let rule = try MissingnessRule(
        patterns: patterns, unit: unit, mechanism: mechanism, rate: rate, correlation: correlation)
      return (rule, predictors)
    } catch {
      problems.add(.other(error.description), at: key.position)
      return nil
    }
  }

  // MARK: Rate and correlation

  private func rate(_ entry: MappingReader, given: Double?) -> MissingnessRule.Rate? {
    let overall = entry.number("rate", expected: Self.rateExpected) { 0 <= $0 && $0 < 1 }
    let hasRate = entry.node("rate") != nil
    if let given {
      if hasRate || entry.node("by-arm") != nil {
        problems.add(
          .other("'\(section.path)' has its rates in 'monotone'; leave out the others"),
          at: entry.position)
        return nil
      }
      return .overall(given)
    }
    if hasRate, overall == nil { return nil }
    if entry.node("by-arm") != nil {
      guard
        let rates = entry.numbers(
          "by-arm", expected: "two rates of at least 0 and below 1, [control, intervention]",
          where: { 0 <= $0 && $0 < 1 })
      else { return nil }
      guard rates.value.count == 2 else {
        problems.add(
          .other(
            "'\(entry.path(of: "by-arm"))' must be two rates, [control, intervention], but these "
              + "are \(rates.value.count)"), at: rates.position)
        return nil
      }
      if let overall, !(rates.value.min()!...rates.value.max()!).contains(overall.value) {
        problems.add(
          .other(
            "the rate cannot be reached: it lies outside those of the arms in "
              + "'\(entry.path(of: "by-arm"))'"), at: overall.position)
        return nil
      }
      return .byArm(rates.value)
    }
    guard let overall else {
      if entry.isMissing("rate") {
        problems.add(
          .missingKey(
            entry.path(of: "rate"), explanation: "give it, or 'by-arm: [control, intervention]'"),
          at: entry.position)
      }
      return nil
    }
    return .overall(overall.value)
  }

  /// Nil with a problem; else what was said, perhaps nothing.
  private func correlation(
    _ entry: MappingReader
  ) -> (value: MissingnessRule.Correlation?, Void)? {
    let keys = ["icc", "latent-icc"].filter { entry.node($0) != nil }
    guard let key = keys.first else { return (nil, ()) }
    guard keys.count == 1 else {
      problems.add(
        .other("'\(entry.path)' must have one of 'icc' and 'latent-icc'"), at: entry.position)
      return nil
    }
    let icc = entry.number(key, expected: "a number of at least 0 and below 1") {
      0 <= $0 && $0 < 1
    }
    return icc.map { (key == "icc" ? .indicator($0.value) : .latent($0.value), ()) }
  }

  // MARK: Mechanism

  private func mechanism(
    _ key: String, _ entry: MappingReader
  ) -> (MissingnessRule.Mechanism, [Located<String>])? {
    let forms = ["on", "model", "delta", "slope"].filter { entry.node($0) != nil }
    switch key {
    case "mcar": return (.completelyAtRandom, [])
    case "mnar":
      if forms == ["delta"] { return shift(entry) }
      if forms.contains("slope"), !forms.contains("model"), !forms.contains("delta") {
        return ownSlope(entry)
      }
    default:
      if forms.isEmpty, key == "whole-clusters" { return (.completelyAtRandom, []) }
    }
    guard forms == ["on"] || forms == ["model"] else {
      let advice =
        key == "mnar"
        ? "'delta' (how far the missing values lie from the others, in standard deviations), "
          + "'slope' (log odds ratio of one standard deviation of the variable itself), 'on' or "
          + "'model'"
        : "'on: [x, arm]', 'on: {x: 0.7}' (log odds ratios of one standard deviation) or 'model: "
          + "0.7*x + 0.5*arm*x' (in units of the variables)"
      problems.add(
        .other("'\(entry.path)' must say what decides who is missing: \(advice)"),
        at: entry.position)
      return nil
    }
    guard let (predictor, names) = predictor(entry, forms[0]) else { return nil }
    if key == "mnar" {
      let own = Set(patterns.flatMap(\.variables))
      guard names.contains(where: { own.contains($0.value) }) else {
        problems.add(
          .other(
            "'\(entry.path)' does not depend on the incomplete variable itself; that is 'mar'"),
          at: entry.position)
        return nil
      }
      return (.notAtRandom(predictor), names)
    }
    return (.atRandom(predictor), names)
  }

  private func ownVariable(_ entry: MappingReader) -> String? {
    let own = Set(patterns.flatMap(\.variables))
    guard own.count == 1, let variable = own.first else {
      problems.add(
        .other(
          "'\(entry.path)' depends on the incomplete variable itself, but several go missing "
            + "here; say which by 'on' or 'model'"), at: entry.position)
      return nil
    }
    return variable
  }

  private func shift(_ entry: MappingReader) -> (MissingnessRule.Mechanism, [Located<String>])? {
    let delta = entry.number("delta", expected: "a number") { _ in true }
    guard let delta, let variable = ownVariable(entry) else { return nil }
    return (.shifted(variable: variable, delta: delta.value), [])
  }

  private func ownSlope(_ entry: MappingReader) -> (MissingnessRule.Mechanism, [Located<String>])? {
    let slope = entry.number("slope", expected: "a number") { _ in true }
    guard let slope, let variable = ownVariable(entry) else { return nil }
    var terms = LinearPredictor([.init(slope.value, [.init(variable)])])
    if entry.node("on") != nil {
      guard let (others, _) = predictor(entry, "on") else { return nil }
      for term in others.terms.terms { terms.add(term) }
    }
    return (.notAtRandom(MissingnessPredictor(terms, standardised: true)), [])
  }

  private func predictor(
    _ entry: MappingReader, _ key: String
  ) -> (MissingnessPredictor, [Located<String>])? {
    if key == "model" {
      guard let text = entry.formula("model"),
        let model = ModelReader.read(
          text, needsOutcome: false, parameters: reader.parameters, problems: problems)
      else { return nil }
      guard model.outcome == nil, model.random == nil else {
        problems.add(
          .other(
            "'\(entry.path(of: "model"))' is a sum such as 0.7*x + 0.5*arm*x, without outcome and "
              + "random effects; 'icc' makes clusters differ"), at: text.position)
        return nil
      }
      guard known(model.mentions), hasClusters(for: model.fixed, at: text.position) else {
        return nil
      }
      return (MissingnessPredictor(model.fixed, standardised: false), model.mentions)
    }
    if case .mapping? = entry.node("on") {
      guard let section = entry.section("on", allowed: nil) else { return nil }
      var terms: [LinearPredictor.Term] = []
      for (name, _) in section.entries {
        let value = section.number(name.value, expected: "a log odds ratio") { _ in true }
        guard let value else { return nil }
        terms.append(.init(value.value, [.init(name.value)]))
      }
      let names = section.entries.map(\.key)
      return known(names)
        ? (MissingnessPredictor(LinearPredictor(terms), standardised: true), names) : nil
    }
    guard let names = entry.names("on"), known(names) else { return nil }
    guard !names.isEmpty else {
      problems.add(
        .nothingNamed(key: entry.path(of: "on"), advice: "name a variable"), at: entry.position)
      return nil
    }
    let terms = names.map { LinearPredictor.Term(1, [.init($0.value)]) }
    return (MissingnessPredictor(LinearPredictor(terms), standardised: true), names)
  }

  private func known(_ names: [Located<String>]) -> Bool {
    for name in names where !reader.columns.contains(name.value) { reader.complainUnknown(name) }
    return names.allSatisfy { reader.columns.contains($0.value) }
  }

  private func hasClusters(for terms: LinearPredictor, at position: SourcePosition) -> Bool {
    guard reader.cluster == nil,
      terms.terms.flatMap(\.factors).contains(where: { $0.transform == .mean })
    else { return true }
    problems.add(.other("mean() is of a cluster; name their column in 'cluster'"), at: position)
    return false
  }
}
