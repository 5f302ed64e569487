import MixedModels

/// Everything that the program knows of an imputation method besides how it draws: decoder, `plan`,
/// the report, documentation and tests read this and nothing else.
public struct MethodDescription: Sendable {
  /// What one value of the target belongs to.
  public enum Unit: String, Sendable, Codable {
    case row
    /// The target has one value per cluster.
    case cluster
  }

  /// Name in study files, mice's where mice has the method, such as `2l.pmm`.
  public var name: String
  /// Names under which other software has the same model, and how this one differs: what a refusal of
  /// those names points to.
  public var aliases: [(name: String, difference: String)]
  /// One line for `plan` and the documentation.
  public var summary: String
  /// How the methods paragraph goes on after "y by ".
  public var phrase: @Sendable (MethodOptions) -> String
  /// Types of variable that it can impute.
  public var suitableTypes: Set<VariableType>
  public var unit: Unit
  /// Levels of data that its model has: 1 rows, 2 rows in clusters.
  public var levels: Int
  /// Roles of predictors that its model has a place for; empty for a method without a model.
  public var roles: Set<Role>
  /// In the order in which they are shown.
  public var options: [MethodOption]
  /// Whether it gives values that were observed, so that there are donors to count.
  public var borrowsDonors: Bool
  /// Whether imputations vary as proper ones do (Rubin 1987).
  public var isProper: Bool
  /// What it traces besides mean and SD of the imputed values, given the names of the columns with
  /// random slopes: the order of ``VisitLog/parameters``.
  public var parameters: @Sendable (_ slopes: [String]) -> [TracedQuantity]

  /// Kinds of event that only this method has, and what each means and asks for.
  public var events: [(kind: EventKind, meaning: String)] = []

  /// Whether it draws the parameters of a model, so that predictors matter.
  public var hasModel: Bool { !roles.isEmpty }
  /// Whether it models clusters and so needs the cluster column.
  public var isTwoLevel: Bool { levels > 1 }

  public init(
    name: String, aliases: [(name: String, difference: String)] = [], summary: String,
    suitableTypes: Set<VariableType>, unit: Unit = .row, levels: Int, roles: Set<Role>,
    options: [MethodOption] = [], borrowsDonors: Bool = false, isProper: Bool = true,
    parameters: @escaping @Sendable (_ slopes: [String]) -> [TracedQuantity] = { _ in [] },
    phrase: @escaping @Sendable (MethodOptions) -> String
  ) {
    self.name = name
    self.aliases = aliases
    self.summary = summary
    self.phrase = phrase
    self.suitableTypes = suitableTypes
    self.unit = unit
    self.levels = levels
    self.roles = roles
    self.options = options
    self.borrowsDonors = borrowsDonors
    self.isProper = isProper
    self.parameters = parameters
  }
}

extension Set<Role> {
  /// The roles of a model without random effects.
  public static let singleLevel: Set<Role> = [.fixed, .fixedWithMean]
  /// The roles of a model with random effects of clusters.
  public static let twoLevel: Set<Role> = [
    .fixed, .randomSlope, .fixedWithMean, .randomSlopeWithMean,
  ]
}
