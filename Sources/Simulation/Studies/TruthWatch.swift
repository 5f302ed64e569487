import Synchronization

/// What the search for true values is at, seen by another thread, which may also end it.
public final class TruthWatch: Sendable {
  private struct State {
    var place = ""
    var dataSet = 0
    var dataSets = 0
    var isCancelled = false
  }
  private let state = Mutex(State())

  public init() {}

  /// What is looked for: a scenario and an analysis.
  func begin(_ place: String) {
    state.withLock {
      $0.place = place
      $0.dataSet = 0
    }
  }

  /// A large data set is begun, of so many.
  func begin(dataSet: Int, of count: Int) {
    state.withLock {
      $0.dataSet = dataSet
      $0.dataSets = count
    }
  }

  /// Asks the search to end at the next data set; what it then returns is worth nothing.
  public func cancel() { state.withLock { $0.isCancelled = true } }

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// In words.
  public var description: String {
    state.withLock {
      if $0.place.isEmpty { return "putting the results together" }
      let set = $0.dataSet > 0 ? ", large data set \($0.dataSet) of \($0.dataSets)" : ""
      return "looking for true values: \($0.place)\(set)"
    }
  }
}
