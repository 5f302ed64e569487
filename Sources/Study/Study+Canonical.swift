import Imputation

extension Study {
  /// Everything that decides the imputed values and the fits, as text in one fixed form.
  ///
  /// Two studies with the same text, seed, data, and version of the program give the same imputation
  /// k and the same fits, bit for bit. The seed is left out because a run's record compares it by
  /// itself, so that a changed seed is not told as a changed plan too. m, the number of iterations, the output directory and the
  /// options of pooling are left out: a run may be extended or pooled anew. So are the study's
  /// name and the data file's path; the data are told apart by their own digest.
  public func canonicalPlan() -> String { canonicalImputation() + canonicalAnalyses() }

  /// The part of ``canonicalPlan()`` that decides the imputed values.
  public func canonicalImputation() -> String {
    var lines = ["dormouse plan 1"]
    for rule in missing {
      let codes = rule.codes.map { code in
        switch code {
        case .number(let number): "number \(number)"
        case .text(let text): "text \(quoted(text))"
        }
      }
      lines.append("missing \(quoted(rule.column)): \(codes.joined(separator: ", "))")
    }
    lines.append("cluster \(imputation.cluster.map(quoted) ?? "none")")
    for variable in imputation.variables {
      // The levels' text, not their positions, which depend on the order of the rows.
      let names = (levels[variable.name] ?? []).map(quoted).joined(separator: ", ")
      lines.append("variable \(quoted(variable.name)) \(variable.type.rawValue): \(names)")
    }
    for target in imputation.targets {
      lines.append(
        "target \(quoted(target.name)) \(target.method) \(target.options.canonical)")
      for predictor in target.predictors {
        lines.append("  \(quoted(predictor.name)) \(predictor.role.rawValue)")
      }
    }
    lines.append("visit " + imputation.visit.map(quoted).joined(separator: ", "))
    return lines.joined(separator: "\n") + "\n"
  }

  /// The part of ``canonicalPlan()`` that decides the fits, given the imputed values.
  public func canonicalAnalyses() -> String {
    analyses.map {
      "analysis \(quoted($0.name)) \($0.estimation.rawValue): \(quoted($0.model))\n"
    }.joined()
  }
}

/// `text` between quotation marks, unambiguous whatever it holds.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
