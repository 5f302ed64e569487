import Imputation
import RunRecord

/// How evenly donors lent their values to one target in the last iteration of the finished chains.
struct DonorSummary: Sendable {
  /// How often a donor was borrowed, in classes that figures tell apart.
  static let classes = ["once", "twice", "3 to 5 times", "more than 5 times"]

  let target: String
  /// Imputed values of an imputation.
  let cells: Int
  /// Donors that were borrowed at all: median over imputations.
  let donors: Double
  /// How often the donor borrowed most often was: median over imputations.
  let mostTimes: Double
  /// Share of the imputed values that it filled: median over imputations, and the largest.
  let share: Double
  let largestShare: Double
  /// Imputations in which that share was unusual (``DonorUse/isOneSided``).
  let oneSided: Int
  /// Mean share of the imputed values by how often their donor was borrowed, as ``classes``.
  let shareByClass: [Double]

  /// A summary for each target that has donors, in the order of their names in `targets`.
  static func all(_ uses: [(k: Int, use: DonorUseRecord)], targets: [String]) -> [DonorSummary] {
    targets.compactMap { name in
      let own = uses.filter { $0.use.target == name }
        .map { DonorUse(donorsByTimes: $0.use.donorsByTimes) }.filter { $0.cells > 0 }
      return own.isEmpty ? nil : DonorSummary(name, own)
    }
  }

  private init(_ target: String, _ uses: [DonorUse]) {
    func median(_ figure: (DonorUse) -> Double) -> Double {
      let sorted = uses.map(figure).sorted()
      let middle = sorted.count / 2
      return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
    self.target = target
    cells = uses.map(\.cells).max() ?? 0
    donors = median { Double($0.distinctDonors) }
    mostTimes = median { Double($0.mostTimes) }
    share = median(\.largestShare)
    largestShare = uses.map(\.largestShare).max() ?? 0
    oneSided = uses.count(where: \.isOneSided)
    var shares = [Double](repeating: 0, count: Self.classes.count)
    for use in uses {
      for (index, share) in use.shareOfCells.enumerated() {
        let place = index < 2 ? index : index < 5 ? 2 : 3
        shares[place] += share / Double(uses.count)
      }
    }
    shareByClass = shares
  }
}
