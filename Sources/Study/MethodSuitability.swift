import Imputation

/// Which variables an imputation method can impute.
struct MethodSuitability {
  let name: String
  let needsClusters: Bool
  let types: Set<VariableType>
  /// Whether a text column will do (its levels standing for numbers).
  let takesText: Bool

  static let all: [MethodSuitability] = {
    let ranked: Set<VariableType> = [.numeric, .binary, .ordered]
    return [
      MethodSuitability(name: "2l.pmm", needsClusters: true, types: ranked, takesText: true),
      MethodSuitability(
        name: "2l.continuous", needsClusters: true, types: ranked, takesText: false),
      MethodSuitability(name: "pmm", needsClusters: false, types: ranked, takesText: true),
      MethodSuitability(name: "norm", needsClusters: false, types: ranked, takesText: false),
      MethodSuitability(
        name: "sample", needsClusters: false, types: Set(VariableType.allCases), takesText: true),
      MethodSuitability(name: "mean", needsClusters: false, types: ranked, takesText: false),
    ]
  }()

  static let names = all.map(\.name)

  static func named(_ name: String) -> MethodSuitability? { all.first { $0.name == name } }
}
