import Numerics

/// The criterion that a linear mixed model maximises.
public enum Estimation: String, Sendable, Codable, CaseIterable {
  /// Restricted maximum likelihood.
  case reml = "REML"
  /// Maximum likelihood.
  case ml = "ML"
}

/// One random-effects term, `(design | grouping)` in lme4's notation.
public struct RandomEffectsTerm: Sendable {
  /// The grouping factor's display name: `school`, `Worker:Machine`.
  public var grouping: String
  /// The group of each of n rows, 0 ..< `groupLabels.count`. Groups without a row are allowed.
  public var groups: [Int32]
  /// The name of each group.
  public var groupLabels: [String]
  /// n × q: the raw columns of Z that each group multiplies by its own effects.
  public var design: Matrix
  /// q names: `(Intercept)`, `age`.
  public var columnNames: [String]
  /// Whether the term's effects may correlate; false for `(x || g)`.
  public var correlated: Bool

  public init(
    grouping: String, groups: [Int32], groupLabels: [String], design: Matrix,
    columnNames: [String], correlated: Bool = true
  ) {
    self.grouping = grouping
    self.groups = groups
    self.groupLabels = groupLabels
    self.design = design
    self.columnNames = columnNames
    self.correlated = correlated
  }

  /// A random intercept.
  public static func intercept(
    grouping: String, groups: [Int32], groupLabels: [String]
  ) -> RandomEffectsTerm {
    RandomEffectsTerm(
      grouping: grouping, groups: groups, groupLabels: groupLabels,
      design: Matrix(
        rows: groups.count, columns: 1, storage: Array(repeating: 1, count: groups.count)),
      columnNames: ["(Intercept)"])
  }
}

/// What a linear mixed model is fitted to: y = Xβ + Zb + e.
public struct MixedModelData: Sendable {
  /// y, n values.
  public var response: [Double]
  /// X, n × p.
  public var fixed: Matrix
  /// p names of the columns of X.
  public var fixedNames: [String]
  /// The formula term that each column of X belongs to, 0 for the intercept; one term per column
  /// when nil. Used by tests of whole terms only.
  public var fixedTerms: [Int]?
  /// At least one term.
  public var random: [RandomEffectsTerm]

  public init(
    response: [Double], fixed: Matrix, fixedNames: [String], fixedTerms: [Int]? = nil,
    random: [RandomEffectsTerm]
  ) {
    self.response = response
    self.fixed = fixed
    self.fixedNames = fixedNames
    self.fixedTerms = fixedTerms
    self.random = random
  }
}
