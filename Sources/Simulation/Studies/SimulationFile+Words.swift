import Yams

/// The file's parts on one line each, for reports.
extension SimulationFile {
  /// The entries of `data`, in order.
  public var dataSettings: [(key: String, value: String)] { Self.settings(data) }

  /// What of `missing` the scenarios do not set: its entries, or the whole under an empty key.
  public var missingSettings: [(key: String, value: String)] { Self.settings(missing) }

  /// The factors that are crossed, and their values.
  public var factorValues: [(name: String, values: [String])] {
    factors.map { ($0.name.value, $0.values.map(\.label)) }
  }

  /// The conditions of `only` and of `except`, each as `icc 0.2 or 0.3, effect 0`.
  public var filters: (only: [String], except: [String]) {
    (only.map(\.words), except.map(\.words))
  }

  private static func settings(_ node: Node?) -> [(key: String, value: String)] {
    guard let node else { return [] }
    guard case .mapping(let mapping) = node else { return [("", node.label)] }
    return mapping.map { ($0.key.canonical, $0.value.label) }
  }
}

extension SimulationFile.Condition {
  fileprivate var words: String {
    parts.map { part in
      "\(part.factor.value) " + part.values.map(\.label).joined(separator: " or ")
    }.joined(separator: ", ")
  }
}
