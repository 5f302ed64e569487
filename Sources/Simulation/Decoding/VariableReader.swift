import Numerics
import Study
import Yams

/// Reads how one variable is generated: a covariate's entry, or the outcome's settings.
struct VariableReader {
  /// The settings that describe a variable's random part and scale.
  static let sharedKeys = [
    "icc", "sd", "cluster-sd", "residual-sd", "residual", "cluster-effects", "slopes",
    "residual-variance-cv", "cut-points", "proportions", "range", "codes", "link",
  ]
  /// Those of a covariate's entry.
  static let covariateKeys = ["level", "type", "mean", "model", "proportion"] + sharedKeys

  /// The kinds of variables.
  enum Kind: String, CaseIterable {
    case continuous, binary, ordinal
  }

  enum Link: String, CaseIterable {
    case logit, probit
  }

  let reader: MappingReader
  let name: String
  let isOutcome: Bool
  /// The standard deviations of a fit: what the file leaves out stays as fitted.
  let fitted: Spread?
  private var problems: ProblemList { reader.problems }

  init(_ reader: MappingReader, name: String, isOutcome: Bool, fitted: Spread? = nil) {
    self.reader = reader
    self.fitted = fitted
    self.name = name
    self.isOutcome = isOutcome
  }

  private func complain(_ sentence: String, at position: SourcePosition?) {
    problems.add(.other(sentence), at: position ?? reader.position)
  }

  private func place(_ key: String) -> SourcePosition? {
    reader.entries.first { $0.key.value == key }?.key.position
  }

  /// Refuses keys that the variable's kind has no use for.
  private func refuse(_ keys: [String], because reason: String) {
    for key in keys {
      if let place = place(key) {
        complain("'\(reader.path(of: key))' cannot be given: \(reason)", at: place)
      }
    }
  }

  /// The variable.
  ///
  /// - Parameters:
  ///   - model: its model, read; nil if it has none.
  ///   - kindKey: the key that says its kind.
  /// - Returns: nil, or a variable that is not to be used, with problems recorded.
  func read(model: ModelReader.Model?, kindKey: String) -> VariableDesign? {
    let kind = reader.choice(kindKey, as: Kind.self)?.value ?? .continuous
    let level =
      isOutcome
      ? .individual : reader.choice("level", as: VariableDesign.Level.self)?.value ?? .individual
    let link = reader.choice("link", as: Link.self)?.value
    if kind != .binary {
      refuse(["link"] + (isOutcome ? [] : ["proportion"]), because: "'\(name)' is not binary")
    }
    if kind != .ordinal {
      refuse(
        ["cut-points", "proportions", "range", "codes"], because: "'\(name)' is not ordinal")
    }
    if kind == .binary, !isOutcome, model == nil, place("proportion") == nil {
      complain(
        "'\(reader.path(of: "proportion"))' is missing: a binary variable needs the share of 1, or "
          + "a 'model'", at: reader.position)
      return nil
    }
    // A covariate with a proportion is a cut normal variable; with a model, a logit unless said.
    let usesLogit = kind == .binary && (link == .logit || (link == nil && model != nil))
    guard
      let spread = spreads(
        kind: kind, level: level, usesLogit: usesLogit, hasIntercept: hasIntercept(model))
    else { return nil }
    let slopes = readSlopes(model)
    var clusterEffects = reader.distribution("cluster-effects") ?? .normal
    var residual = VariableDesign.Residual.distributed(reader.distribution("residual") ?? .normal)
    if kind == .binary {
      refuse(["residual"], because: "the link decides the residual of a binary variable")
      if usesLogit { residual = .logistic }
    }
    let variation = reader.number(
      "residual-variance-cv", expected: "a number of at least 0", where: { $0 >= 0 })
    if level == .cluster {
      refuse(
        ["residual", "residual-variance-cv", "slopes", "residual-sd", "icc"],
        because: "'\(name)' is constant within clusters")
    }
    if level == .cluster, kind == .binary, model != nil {
      refuse(
        ["cluster-effects"], because: "the link decides the distribution of a binary variable")
      clusterEffects = usesLogit ? .logistic : .normal
    }
    let noise = LatentNoise(
      clusterSD: spread.cluster, residualSD: spread.residual, clusterEffects: clusterEffects,
      residual: residual, variation: variation?.value ?? 0)
    guard let fixed = fixedPart(model, kind: kind, noise: noise),
      let scale = scale(kind, noise: noise)
    else { return nil }
    return VariableDesign(
      name: name, level: level, scale: scale, fixed: fixed, clusterSD: spread.cluster,
      residualSD: spread.residual, slopes: slopes, clusterEffects: clusterEffects,
      residual: residual, residualVarianceVariation: variation?.value ?? 0)
  }

  /// Whether clusters have intercepts; a covariate needn't say so in a model.
  private func hasIntercept(_ model: ModelReader.Model?) -> Bool {
    if let random = model?.random { return random.hasIntercept }
    return !isOutcome
  }

  // MARK: Standard deviations

  /// Of the logistic distribution.
  private static let logisticSD = Double.pi / 3.0.squareRoot()

  struct Spread {
    var cluster: Double
    var residual: Double
    var total: Double { (cluster * cluster + residual * residual).squareRoot() }
    var icc: Double { total > 0 ? cluster * cluster / (total * total) : 0 }
  }

  private func spreads(
    kind: Kind, level: VariableDesign.Level, usesLogit: Bool, hasIntercept: Bool
  ) -> Spread? {
    let positive = "a number above 0"
    let total = reader.number("sd", expected: positive) { $0 > 0 }
    let cluster = reader.number("cluster-sd", expected: "a number of at least 0") { $0 >= 0 }
    let residual = reader.number("residual-sd", expected: positive) { $0 > 0 }
    let icc = reader.number("icc", expected: "a number of at least 0 and below 1") {
      0 <= $0 && $0 < 1
    }
    let given = ["sd", "cluster-sd", "residual-sd", "icc"].filter { place($0) != nil }
    let valid = [
      "sd": total != nil, "cluster-sd": cluster != nil, "residual-sd": residual != nil,
      "icc": icc != nil,
    ]
    guard given.allSatisfy({ valid[$0] == true }) else { return nil }
    if let fitted, given.count < 2, kind != .binary || given.isEmpty {
      return fitted.replacing(
        total: total?.value, cluster: cluster?.value, residual: residual?.value, icc: icc?.value)
    }
    if level == .cluster {
      if kind == .binary {
        let isCut = place("proportion") != nil
        refuse(
          ["sd", "cluster-sd"],
          because: isCut ? "the proportion decides it" : "the link of a binary variable decides it")
        return Spread(cluster: usesLogit && !isCut ? Self.logisticSD : 1, residual: 0)
      }
      return Spread(cluster: total?.value ?? cluster?.value ?? 1, residual: 0)
    }
    if !hasIntercept, (icc?.value ?? 0) > 0 || (cluster?.value ?? 0) > 0 {
      complain(
        "'\(name)' has an ICC or a standard deviation between clusters, but its model has no "
          + "(1 | cluster); add it", at: icc?.position ?? cluster?.position)
      return nil
    }
    if hasIntercept, isOutcome, icc == nil, cluster == nil {
      problems.add(
        .missingKey(
          reader.path(of: "icc"),
          explanation: "the model has (1 | cluster); give 'icc', or 'cluster-sd' and 'residual-sd'"),
        at: reader.position)
      return nil
    }
    return combine(
      total: total?.value, cluster: cluster?.value, residual: residual?.value, icc: icc?.value,
      fixedResidual: kind == .binary ? (usesLogit ? Self.logisticSD : 1) : nil,
      cutsAtProportion: kind == .binary && place("proportion") != nil, given: given)
  }

  private func combine(
    total: Double?, cluster: Double?, residual: Double?, icc: Double?, fixedResidual: Double?,
    cutsAtProportion: Bool, given: [String]
  ) -> Spread? {
    if cutsAtProportion {
      refuse(["sd", "cluster-sd", "residual-sd"], because: "the proportion decides it; give 'icc'")
      let icc = icc ?? 0
      return Spread(cluster: icc.squareRoot(), residual: (1 - icc).squareRoot())
    }
    if let fixedResidual {
      refuse(["sd", "residual-sd"], because: "the link of a binary variable decides it")
      let between = cluster ?? fixedResidual * ((icc ?? 0) / (1 - (icc ?? 0))).squareRoot()
      return Spread(cluster: between, residual: fixedResidual)
    }
    switch (total, cluster, residual, icc) {
    case (let total, nil, nil, let icc):
      let (total, icc) = (total ?? 1, icc ?? 0)
      return Spread(cluster: total * icc.squareRoot(), residual: total * (1 - icc).squareRoot())
    case (nil, let cluster?, let residual?, nil):
      return Spread(cluster: cluster, residual: residual)
    case (nil, nil, let residual?, let icc):
      let icc = icc ?? 0
      return Spread(cluster: residual * (icc / (1 - icc)).squareRoot(), residual: residual)
    case (nil, let cluster?, nil, let icc?) where icc > 0 && cluster > 0:
      return Spread(cluster: cluster, residual: cluster * ((1 - icc) / icc).squareRoot())
    default:
      complain(
        "'\(name)' needs one of these: 'icc' and 'sd' (of both levels together, 1 if left out), "
          + "'icc' and 'residual-sd', or 'cluster-sd' and 'residual-sd'", at: place(given[0]))
      return nil
    }
  }

  // MARK: Slopes

  private func readSlopes(_ model: ModelReader.Model?) -> [VariableDesign.Slope] {
    let wanted = model?.random?.slopes ?? []
    let labels = wanted.map(\.label)
    guard let section = reader.section("slopes", allowed: nil) else {
      if let first = wanted.first, place("slopes") == nil {
        problems.add(
          .missingKey(
            reader.path(of: "slopes"),
            explanation: "the model has a random slope of '\(first.label)'; write "
              + "'slopes: {\(first.label): 0.3}', its standard deviation between clusters"),
          at: model?.random?.position ?? reader.position)
      }
      return []
    }
    for (key, _) in section.entries where !labels.contains(key.value) {
      complain(
        "'\(section.path(of: key.value))' has a standard deviation, but the model has no random "
          + "slope of it; write (1 + \(key.value.shown()) | cluster)", at: key.position)
    }
    return wanted.compactMap { factor in
      let key = factor.label
      if section.isMissing(key) {
        problems.add(
          .missingKey(
            section.path(of: key), explanation: "the model has a random slope of it"),
          at: section.position)
        return nil
      }
      if case .mapping? = section.node(key) {
        guard let entry = section.section(key, allowed: ["sd", "correlation"]) else { return nil }
        let sd = entry.required("sd", expected: "a number of at least 0") { $0 >= 0 }
        let correlation = entry.number("correlation", expected: "a number from -1 to 1") {
          abs($0) <= 1
        }
        if let correlation, correlation.value != 0, model?.random?.correlated == false {
          complain(
            "the model says || for effects without correlation; write | or leave it out",
            at: correlation.position)
        }
        guard let sd else { return nil }
        return .init(factor, sd: sd.value, correlation: correlation?.value ?? 0)
      }
      let sd = section.number(key, expected: "a number of at least 0") { $0 >= 0 }
      return sd.map { .init(factor, sd: $0.value) }
    }
  }

  // MARK: Fixed part and scale

  private func fixedPart(
    _ model: ModelReader.Model?, kind: Kind, noise: LatentNoise
  ) -> LinearPredictor? {
    if isOutcome { return model?.fixed ?? LinearPredictor() }
    let mean = reader.number("mean", expected: "a number") { _ in true }
    let proportion = reader.number("proportion", expected: "a number between 0 and 1") {
      0 < $0 && $0 < 1
    }
    if kind == .binary {
      refuse(["mean"], because: "'\(name)' is binary; give 'proportion'")
    }
    if let model {
      refuse(["mean", "proportion"], because: "the model has an intercept of its own")
      return model.fixed
    }
    if kind == .binary {
      // The share of the latent values above 0.
      return proportion.map { LinearPredictor([.init(noise.shift(above: $0.value))]) }
    }
    if place("mean") != nil, mean == nil { return nil }
    return LinearPredictor((mean?.value).map { $0 == 0 ? [] : [.init($0)] } ?? [])
  }

  private func scale(_ kind: Kind, noise: LatentNoise) -> VariableDesign.Scale? {
    switch kind {
    case .continuous: return .continuous
    case .binary: return .binary
    case .ordinal: break
    }
    let given = ["cut-points", "proportions", "range"].filter { place($0) != nil }
    guard given.count == 1 else {
      complain(
        "the ordinal '\(name)' needs one of 'cut-points' (of the latent value), 'proportions' and "
          + "'range' (the latent value rounded, as [0, 10])",
        at: given.last.flatMap { place($0) } ?? reader.position)
      return nil
    }
    if place("range") != nil {
      guard let range = reader.counts("range", atLeast: -1_000_000) else { return nil }
      guard range.count == 2, range[0] < range[1], range[1] - range[0] <= 10_000 else {
        complain(
          "'\(reader.path(of: "range"))' must be the lowest and the highest whole number",
          at: place("range"))
        return nil
      }
      refuse(["codes"], because: "the range names them")
      return .ordinal(OrdinalScale(rounding: range[0]...range[1]))
    }
    let cuts: [Double]
    if given == ["proportions"] {
      guard let shares = reader.proportions("proportions") else { return nil }
      var sum = 0.0
      cuts = shares.value.dropLast().map {
        sum += $0
        return noise.quantile(sum)
      }
    } else {
      guard let list = reader.numbers("cut-points", expected: "a list of increasing numbers")
      else { return nil }
      guard zip(list.value, list.value.dropFirst()).allSatisfy({ $0 < $1 }) else {
        complain("'\(reader.path(of: "cut-points"))' must increase", at: list.position)
        return nil
      }
      cuts = list.value
    }
    let codes = reader.numbers("codes", expected: "a list of numbers")
    if place("codes") != nil, codes == nil { return nil }
    let values = codes?.value ?? (0...cuts.count).map { Double($0 + 1) }
    guard values.count == cuts.count + 1, Set(values).count == values.count else {
      complain(
        "'\(reader.path(of: "codes"))' must be \(cuts.count + 1) different numbers, one for each "
          + "category", at: codes?.position)
      return nil
    }
    return .ordinal(OrdinalScale(codes: values, cutPoints: cuts))
  }
}

extension VariableReader.Spread {
  /// A fit's standard deviations with at most one figure given otherwise: `icc` divides the total
  /// anew, the total keeps the ICC, the standard deviation of a level leaves the other level's.
  fileprivate func replacing(
    total newTotal: Double?, cluster newCluster: Double?, residual newResidual: Double?,
    icc newICC: Double?
  ) -> Self {
    if newTotal != nil || newICC != nil {
      let (total, icc) = (newTotal ?? total, newICC ?? icc)
      return Self(cluster: total * icc.squareRoot(), residual: total * (1 - icc).squareRoot())
    }
    return Self(cluster: newCluster ?? cluster, residual: newResidual ?? residual)
  }
}
