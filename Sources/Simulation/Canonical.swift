/// Designs and rules as text in one fixed form: the same for the same numbers, whatever order or
/// spelling a file has.
///
/// Numbers are written as Swift writes them, the shortest decimal that reads back to the same bits.
extension TrialDesign {
  package var canonicalText: String {
    var lines = ["dormouse trial 1"]
    lines.append("columns \(quoted(cluster)) \(quoted(arm))")
    lines.append("clusters \(clustersPerArm[0]) \(clustersPerArm[1])")
    let sizes =
      switch self.sizes {
      case .fixed(let size): "fixed \(size)"
      case .varying(let sizes): "varying \(sizes.mean) \(sizes.coefficientOfVariation)"
      case .listed(let list): "listed \(list)"
      case .sampled(let list): "sampled \(list)"
      case .source: "source"
      }
    lines.append("sizes \(sizes) effect correlation \(sizeEffectCorrelation)")
    if let source { lines.append("source \(source.digest)") }
    for variable in variables {
      lines.append("variable \(quoted(variable.name)) \(variable.level.rawValue)")
      lines.append("  fixed \(variable.fixed.canonicalText)")
      lines.append("  sd \(variable.clusterSD) \(variable.clusterEffects.canonicalText)")
      for slope in variable.slopes {
        lines.append(
          "  slope \(slope.factor.canonicalText) \(slope.sd) \(slope.correlation)")
      }
      let residual =
        switch variable.residual {
        case .distributed(let distribution): distribution.canonicalText
        case .logistic: "logistic"
        }
      lines.append(
        "  residual \(variable.residualSD) \(residual) \(variable.residualVarianceVariation)")
      switch variable.scale {
      case .continuous: break
      case .binary: lines.append("  binary")
      case .ordinal(let scale): lines.append("  ordinal \(scale.codes) \(scale.cutPoints)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension MissingnessRules {
  package var canonicalText: String {
    var lines = ["dormouse missing 1"]
    lines.append("columns \(cluster.map(quoted) ?? "none") \(arm.map(quoted) ?? "none")")
    for rule in rules {
      lines.append("rule \(rule.unit.rawValue)")
      for pattern in rule.patterns {
        let names = pattern.variables.map(quoted).joined(separator: " ")
        lines.append("  pattern \(pattern.share) \(names)")
      }
      let mechanism =
        switch rule.mechanism {
        case .completelyAtRandom: "completely at random"
        case .atRandom(let predictor): "at random \(predictor.canonicalText)"
        case .notAtRandom(let predictor): "not at random \(predictor.canonicalText)"
        case .shifted(let variable, let delta): "shifted \(quoted(variable)) \(delta)"
        }
      lines.append("  \(mechanism)")
      switch rule.rate {
      case .overall(let rate): lines.append("  rate \(rate)")
      case .byArm(let rates): lines.append("  rates \(rates)")
      }
      switch rule.correlation {
      case nil: break
      case .indicator(let icc): lines.append("  icc \(icc)")
      case .latent(let icc): lines.append("  latent icc \(icc)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension MissingnessPredictor {
  fileprivate var canonicalText: String {
    (standardised ? "standardised " : "") + terms.canonicalText
  }
}

extension LinearPredictor {
  fileprivate var canonicalText: String {
    terms.map { term in
      ([String(term.coefficient)] + term.factors.map(\.canonicalText)).joined(separator: "*")
    }.joined(separator: " + ")
  }
}

extension LinearPredictor.Factor {
  fileprivate var canonicalText: String { "\(transform.rawValue)(\(quoted(variable)))^\(power)" }
}

extension StandardisedDistribution {
  fileprivate var canonicalText: String {
    switch self {
    case .normal: "normal"
    case .studentT(let df): "t \(df)"
    case .skewed(let skewness): "skewed \(skewness)"
    case .mixture(let share, let distance): "mixture \(share) \(distance)"
    case .uniform: "uniform"
    case .logistic: "logistic"
    }
  }
}

/// `text` between quotation marks, unambiguous whatever it holds.
private func quoted(_ text: String) -> String { text.debugDescription }
