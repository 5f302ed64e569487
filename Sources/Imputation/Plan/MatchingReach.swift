/// Whether predictive mean matching on two levels holds for a target, by how much of it is observed
/// and where: the designs in which the simulation study `config/matching.md` found it not to.
///
/// Its figures lie at 10, 30 and 60 % missing, in the mean over replicates, and at 35, 48, 70, 80, 96
/// and 100 observed rows. The limits lie between those that hold and those that do not.
public struct MatchingReach: Sendable, Equatable {
  public var target: String
  public var type: VariableType
  /// Rows in which the target is observed, and missing.
  public var observed: Int
  public var missing: Int
  /// Observed rows with the smallest value or with the largest, whichever are more.
  public var atEnd: Int

  /// Below this number of observed rows values that missing rows need may not occur.
  public static let fewRows = 50
  /// The same where ``largeShare`` or more is missing.
  public static let fewRowsOfMany = 100
  public static let largeShare = 0.5
  /// From this share of the observed rows at one end on, with ``noticeableShare`` or more missing,
  /// the bend of a ceiling or floor shows in the estimates.
  public static let endShare = 0.3
  public static let noticeableShare = 0.25

  public init(target: String, type: VariableType, observed: Int, missing: Int, atEnd: Int = 0) {
    self.target = target
    self.type = type
    self.observed = observed
    self.missing = missing
    self.atEnd = atEnd
  }

  private var shareMissing: Double {
    observed + missing > 0 ? Double(missing) / Double(observed + missing) : 0
  }

  /// Whether there are too few observed values to match with.
  public var hasFewRows: Bool {
    missing > 0
      && (observed < Self.fewRows
        || observed < Self.fewRowsOfMany && shareMissing >= Self.largeShare)
  }

  /// Whether much of what is observed lies at an end of the range, and much is missing.
  public var hasFullEnd: Bool {
    observed > 0 && shareMissing >= Self.noticeableShare
      && Double(atEnd) >= Self.endShare * Double(observed)
  }
}

extension ImputationPlan {
  /// Of every target that is matched on two levels.
  ///
  /// - Complexity: O(rows) for each.
  public var matchingReaches: [MatchingReach] {
    zip(targets, observedValues).compactMap { target, values in
      guard target.isTwoLevel, target.description.borrowsDonors, let low = values.min(),
        let high = values.max()
      else { return nil }
      return MatchingReach(
        target: target.name, type: variables[target.variable].type, observed: values.count,
        missing: target.missingRows.count,
        atEnd: max(values.count { $0 == low }, values.count { $0 == high }))
    }
  }
}
