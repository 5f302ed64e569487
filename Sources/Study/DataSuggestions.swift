import Imputation
import Tabular

/// What names, labels and values of columns suggest to a reader, and only suggest: nothing is ever
/// done about it.
public struct DataSuggestions: Sendable, Equatable {
  /// Numbers of a column that look like codes for missing.
  public struct Codes: Sendable, Equatable {
    public var column: String
    public var codes: [Code]

    public struct Code: Sendable, Equatable {
      public var value: Double
      public var rows: Int
      /// Whether the data file labels it so; otherwise it lies beyond all other values.
      public var isLabelled: Bool

      public init(value: Double, rows: Int, isLabelled: Bool) {
        self.value = value
        self.rows = rows
        self.isLabelled = isLabelled
      }
    }

    public init(column: String, codes: [Code]) {
      self.column = column
      self.codes = codes
    }
  }

  /// A column with so much missing, or so regularly, that it is missing by design.
  public struct Structural: Sendable, Equatable {
    public var column: String
    public var missing: Int
    public var rows: Int
    /// The complete column some of whose values go with nothing observed.
    public var explainedBy: String?

    public init(column: String, missing: Int, rows: Int, explainedBy: String?) {
      self.column = column
      self.missing = missing
      self.rows = rows
      self.explainedBy = explainedBy
    }
  }

  public var identifiers: [String] = []
  public var dates: [String] = []
  public var codes: [Codes] = []
  public var structural: [Structural] = []

  /// Looks at every column but the cluster.
  ///
  /// - Complexity: O(rows · columns) and, for columns with 40 % missing and more, that once more for
  ///   each complete column of few values, of which at most 200 are tried.
  public init(_ dataset: Dataset, cluster: String? = nil) {
    let columns = dataset.columns.filter { $0.name != cluster }
    for column in columns {
      let shape = ColumnShape(column)
      if shape.looksLikeDate {
        dates.append(column.name)
      } else if shape.looksLikeIdentifier {
        identifiers.append(column.name)
      } else {
        let found = MissingCodes.found(in: column)
        if !found.isEmpty { codes.append(Codes(column: column.name, codes: found)) }
      }
    }
    structural = StructuralGaps(dataset).found(in: columns)
  }

  /// The same about what a study uses: identifiers and dates that predict or are imputed, codes in
  /// what enters a model, gaps of targets.
  func about(_ study: Study, analyses: Set<String>) -> DataSuggestions {
    let targets = Set(study.imputation.targets.map(\.name))
    let modelled = targets.union(
      study.imputation.targets.flatMap(\.predictors).map(\.name))
    var own = self
    own.identifiers.removeAll { !modelled.contains($0) }
    own.dates.removeAll { !modelled.contains($0) }
    own.codes.removeAll { !modelled.contains($0.column) && !analyses.contains($0.column) }
    own.structural.removeAll { !targets.contains($0.column) }
    return own
  }

  /// A sentence for each kind.
  public var sentences: [String] {
    var sentences: [String] = []
    if !identifiers.isEmpty {
      sentences.append(
        "Identifiers, to judge by names and values: \(Self.list(identifiers)). An identifier says "
          + "nothing about other variables: leave it out of 'data.columns', or give it role 0.")
    }
    if !dates.isEmpty {
      sentences.append(
        "Dates, to judge by names and values: \(Self.list(dates)). Derive what matters (an age, a "
          + "time since) and leave the date out.")
    }
    if !codes.isEmpty {
      let columns = codes.map { entry in
        entry.column.shown() + " "
          + entry.codes.map {
            "\(shortest($0.value)) (\($0.rows) row\($0.rows == 1 ? "" : "s")"
              + "\($0.isLabelled ? ", labelled so" : ""))"
          }.joined(separator: ", ")
      }
      let example = codes[0]
      let values = example.codes.map { shortest($0.value) }.joined(separator: ", ")
      sentences.append(
        "Numbers that look like codes for missing: \(Self.list(columns)). If they are, say so under "
          + "'data.missing', as in {\(example.column.shown()): [\(values)]}.")
    }
    if !structural.isEmpty {
      let columns = structural.map { gap in
        let percent = Int((100 * Double(gap.missing) / Double(gap.rows)).rounded())
        return "\(gap.column.shown()) (\(percent) %"
          + (gap.explainedBy.map { ", nothing observed at some values of \($0.shown())" } ?? "")
          + ")"
      }
      sentences.append(
        "Missing by design, to judge by how much is missing and where: \(Self.list(columns)). What "
          + "a row cannot have should not be imputed: leave such columns out of 'impute.targets'.")
    }
    return sentences
  }

  private static func list(_ texts: [String]) -> String {
    let most = 5
    return texts.prefix(most).map { $0.shown(upTo: 160) }.joined(separator: ", ")
      + (texts.count > most ? " and \(texts.count - most) more" : "")
  }
}

extension LoadedStudy {
  /// What names, labels and values suggest about the variables that the study's models use.
  public var suggestions: DataSuggestions {
    DataSuggestions(dataset, cluster: study.imputation.cluster).about(
      study, analyses: Set(analyses.flatMap { $0.specification.formula.variables }))
  }
}

extension ResolvedStudy {
  /// What names, labels and values suggest about all the study's columns.
  public var suggestions: DataSuggestions {
    DataSuggestions(dataset, cluster: study.imputation.cluster)
  }
}
