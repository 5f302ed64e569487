import Analyses
import Formulas
import Tabular

/// Notes on what the data and the analyses hold.
extension StudyNote {
  /// A column with one value per cluster but in `rows` rows of `clusters` clusters.
  public struct Nearly: Sendable, Equatable {
    public var name: String
    public var rows: Int
    public var clusters: Int
    /// Clusters with two or more observed rows.
    public var of: Int

    public init(name: String, rows: Int, clusters: Int, of: Int) {
      self.name = name
      self.rows = rows
      self.clusters = clusters
      self.of = of
    }
  }

  /// A response with two values, and how far they are apart.
  public struct BinaryResponse: Sendable, Equatable {
    public var analysis: String
    public var name: String
    public var distance: Double

    public init(analysis: String, name: String, distance: Double) {
      self.analysis = analysis
      self.name = name
      self.distance = distance
    }
  }

  private static let most = 5

  private static func list(_ texts: [String]) -> String {
    texts.prefix(most).joined(separator: ", ")
      + (texts.count > most ? " and \(texts.count - most) more" : "")
  }

  private static func quoted(_ names: [String]) -> String { list(names.map { "'\($0.shown())'" }) }

  /// What is so, without what could be done in a study file.
  var dataSentence: String {
    switch self {
    case .mostlyNumbers(let name, let rows, let count, let decimalCommas):
      "'\(name)': most values are numbers but \(count) \(count == 1 ? "is" : "are") not ("
        + StudyProblem.rows(rows, of: count) + "); it counts as categorical"
        + (decimalCommas
          ? ". Some numbers seem to have decimal commas, or commas between thousands; write "
            + "decimal points, and nothing between thousands" : "")
    case .decimalCommas(let name):
      "'\(name)' counts as categorical: its numbers seem to have decimal commas, or commas between "
        + "thousands; write decimal points, and nothing between thousands"
    case .leadingZeros(let name):
      "'\(name)' counts as categorical: whole numbers in it begin with a zero, as codes do (0012 is "
        + "not 12); if they are amounts, write them without it"
    case .clusterLevelLeft(let names):
      "\(Self.quoted(names)): incomplete, with one value per cluster, which no method here keeps yet; "
        + "not imputed and no default predictor, so that analyses that use "
        + "\(names.count == 1 ? "it" : "them") leave rows out. To keep the rows, complete "
        + "\(names.count == 1 ? "it" : "them") once per cluster beforehand"
    case .nearlyClusterLevel(let columns):
      "one value per cluster but for a few rows: "
        + Self.list(
          columns.map {
            "'\($0.name.shown())' (\($0.rows) row\($0.rows == 1 ? "" : "s") of \($0.clusters) of "
              + "\($0.of) clusters)"
          })
        + "; if a cluster has one value, as one has one arm when arms are given to clusters, correct "
        + "these rows: with them the variable counts as varying within clusters"
    case .withoutCluster(let analyses, let cluster):
      "\(analyses.count == 1 ? "analysis" : "analyses") \(Self.quoted(analyses)): no random effect of "
        + "the cluster '\(cluster.shown())', so that its rows are taken for independent and standard "
        + "errors of what differs between clusters, such as the arm, are too small; add "
        + "(1 | \(cluster.shown()))"
    case .binaryResponse(let responses):
      "two values in a linear model: "
        + Self.list(
          responses.map { response in
            let name = response.name.shown()
            return "'\(name)'"
              + (response.analysis.isEmpty ? "" : " (analysis '\(response.analysis.shown())')")
              + (response.distance == 1
                ? "" : ", whose coefficients are \(shortest(response.distance)) times that")
          })
        + ". Coefficients are differences of the larger value's proportion (risk differences), "
        + "intraclass correlations and intervals are those of a normal response; there is no "
        + "logistic model here"
    default: description
    }
  }

  /// Whether it is about the data alone, whatever is done with them.
  public var isAboutData: Bool {
    switch self {
    case .nothingObserved, .constant, .manyLevels, .unusedLevels, .mostlyNumbers, .decimalCommas,
      .leadingZeros, .nearlyClusterLevel:
      true
    default: false
    }
  }
}

extension Formula {
  /// What `fit` says of the response that these data give the formula.
  public func notes(on dataset: Dataset) -> [String] {
    guard responsePart.kind == .plain, let name = responsePart.variables.first,
      case .numeric(let cells)? = dataset[name]?.values
    else { return [] }
    var values = Set<Double>()
    for cell in cells where !cell.isNaN {
      values.insert(cell)
      if values.count > 2 { return [] }
    }
    guard values.count == 2, let least = values.min(), let most = values.max() else { return [] }
    let note = StudyNote.binaryResponse([
      StudyNote.BinaryResponse(analysis: "", name: name, distance: most - least)
    ])
    return [note.dataSentence + "."]
  }
}

extension Dataset {
  /// The columns of these names.
  public func only(_ names: [String]) -> Dataset {
    let wanted = Set(names)
    return Dataset(columns: columns.filter { wanted.contains($0.name) }, rowCount: rowCount)
  }
}
