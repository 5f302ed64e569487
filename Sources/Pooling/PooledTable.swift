/// One term of one fit, ready to be pooled.
public struct PoolingInput: Sendable, Equatable {
  public var term: String
  public var estimate: Double
  /// Squared standard error.
  public var variance: Double
  /// ν_com of this term in this fit; infinity for a large sample.
  public var completeDataDF: Double

  package init(
    term: String, estimate: Double, variance: Double, completeDataDF: Double = .infinity
  ) {
    self.term = term
    self.estimate = estimate
    self.variance = variance
    self.completeDataDF = completeDataDF
  }
}

/// A term that was not pooled, and why.
public struct RefusedTerm: Sendable, Equatable, Codable {
  public var term: String
  /// Number of fits that hold the term.
  public var present: Int
  /// Number of fits.
  public var imputations: Int

  package init(term: String, present: Int, imputations: Int) {
    self.term = term
    self.present = present
    self.imputations = imputations
  }

  /// The reason as a sentence.
  public var reason: String {
    "\(term) was estimated in \(present) of \(imputations) imputations only (it was dropped in "
      + "the others), and the imputations that can estimate it are not a random part of them; "
      + "it is not pooled."
  }
}

/// The pooled estimates of a model.
public struct PooledTable: Sendable, Equatable, Codable {
  /// Pooled terms, in the order in which they first appear in the fits.
  public var estimates: [PooledEstimate]
  /// Terms that only some fits estimated.
  public var refused: [RefusedTerm]
  /// Sentences that the reader of the table must see; empty when all is well.
  public var notes: [String]
}

/// Which of the fits' ν_com a pooled term has.
public enum CompleteDataDFChoice: Sendable {
  /// The smallest: a count, which differs where fits use different rows or columns.
  case smallest
  /// The median: an estimate, which differs between fits by chance.
  case median

  /// - Precondition: not empty, no NaN.
  func chosen(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    switch self {
    case .smallest: return sorted[0]
    case .median where sorted.count % 2 == 0 && sorted[middle] < .infinity:
      return 0.5 * (sorted[middle - 1] + sorted[middle])
    case .median: return sorted[middle]
    }
  }
}

extension Pooling {
  /// Pools every term of a model over the fits on m completed data sets.
  ///
  /// A term that some fits lack, because it was collinear there and dropped, is refused: a mean
  /// over the fits that have it would be conditional on data that can estimate it. The other
  /// terms are pooled, with a note, because in the fits without the term they come from a
  /// smaller model.
  ///
  /// - Parameters:
  ///   - fits: for each imputation, in order, its terms in any order.
  ///   - choice: which ν_com is used where those of a term differ between fits.
  ///   - level: coverage of the confidence limits, between 0 and 1.
  ///   - monteCarloErrors: whether to compute them; they are most of the work.
  /// - Throws: ``PoolingError``.
  public static func pool(
    fits: [[PoolingInput]], choosing choice: CompleteDataDFChoice = .smallest,
    level: Double = 0.95, monteCarloErrors: Bool = true
  ) throws(PoolingError) -> PooledTable {
    guard !fits.isEmpty else { throw .noEstimates }
    var order: [String] = []
    var collected: [String: [PoolingInput]] = [:]
    for (k, fit) in fits.enumerated() {
      for input in fit {
        if collected[input.term] == nil { order.append(input.term) }
        collected[input.term, default: []].append(input)
      }
      var seen: Set<String> = []
      for input in fit where !seen.insert(input.term).inserted {
        throw .repeatedTerm(term: input.term, imputation: k + 1)
      }
    }
    var table = PooledTable(estimates: [], refused: [], notes: [])
    for term in order {
      let inputs = collected[term] ?? []
      guard inputs.count == fits.count else {
        table.refused.append(
          RefusedTerm(term: term, present: inputs.count, imputations: fits.count))
        continue
      }
      let dfs = inputs.map(\.completeDataDF)
      guard dfs.allSatisfy({ $0 >= 0 }) else { throw .completeDataDFInvalid(term: term) }
      let df = choice.chosen(dfs)
      if case .smallest = choice, dfs.contains(where: { $0 != df }) {
        table.notes.append(
          "The complete-data degrees of freedom of \(term) differ between imputations; "
            + "the smallest is used.")
      }
      table.estimates.append(
        try pool(
          term: term, estimates: inputs.map(\.estimate), variances: inputs.map(\.variance),
          completeDataDF: df, level: level, monteCarloErrors: monteCarloErrors))
    }
    for refusal in table.refused { table.notes.append(refusal.reason) }
    if !table.refused.isEmpty && !table.estimates.isEmpty {
      table.notes.append(
        "The other terms were estimated without the dropped ones in some imputations and "
          + "together with them in the rest.")
    }
    return table
  }
}
