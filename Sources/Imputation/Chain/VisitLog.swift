import MixedModels

/// What a method says of one visit besides the values: what it drew, whom it borrowed from, and what
/// went otherwise than asked.
public struct VisitLog: Sendable, Equatable {
  /// Something that went otherwise than asked.
  public struct Remark: Sendable, Equatable {
    public var kind: EventKind
    /// What it concerns: a column's name, or empty.
    public var detail: String

    public init(_ kind: EventKind, _ detail: String = "") {
      self.kind = kind
      self.detail = detail
    }
  }

  /// Parameters drawn, in the order of the method's ``MethodDescription/parameters``; those that were
  /// not drawn may be left out at the end.
  public var parameters: [Double] = []
  public var remarks: [Remark] = []
  /// Donors by position among the observed units, one for each missing unit; empty for methods that
  /// borrow no values.
  public var donors: [Int32] = []

  public init() {}
}
