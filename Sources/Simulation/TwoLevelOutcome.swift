import Numerics

/// A Gaussian outcome with a random intercept: y = η + u_cluster + e.
package struct TwoLevelOutcome: Sendable, Equatable {
  /// Variance of u_cluster + e.
  package var totalVariance: Double
  /// Intracluster correlation: the clusters' share of `totalVariance`.
  package var icc: Double

  /// - Throws: ``SimulationError/variance(icc:total:)``.
  package init(totalVariance: Double, icc: Double) throws(SimulationError) {
    guard icc >= 0, icc < 1, totalVariance > 0, totalVariance.isFinite else {
      throw .variance(icc: icc, total: totalVariance)
    }
    self.totalVariance = totalVariance
    self.icc = icc
  }

  /// Outcomes of rows whose fixed part is `linearPredictor`.
  ///
  /// - Parameters:
  ///   - linearPredictor: η, one value a row.
  ///   - cluster: position of each row's cluster, 0 ..< `clusters`.
  ///   - effects: the stream of the cluster effects; one is drawn for every cluster, empty or not.
  ///   - residuals: the stream of the residuals, in the order of the rows.
  package func draw(
    linearPredictor: [Double], cluster: [Int], clusters: Int,
    effects: inout some RandomNumberGenerator, residuals: inout some RandomNumberGenerator
  ) -> [Double] {
    precondition(linearPredictor.count == cluster.count)
    let betweenSD = (icc * totalVariance).squareRoot()
    let withinSD = ((1 - icc) * totalVariance).squareRoot()
    let u = (0..<clusters).map { _ in betweenSD * effects.standardNormal() }
    return linearPredictor.indices.map { row in
      linearPredictor[row] + u[cluster[row]] + withinSD * residuals.standardNormal()
    }
  }
}

/// An ordinal variable seen as cuts through a latent continuous one.
public struct OrdinalScale: Sendable, Equatable {
  /// Codes in increasing order of the latent variable.
  public let codes: [Double]
  /// One fewer than codes, increasing: code k is seen between cut points k − 1 and k.
  package let cutPoints: [Double]

  /// - Precondition: `cutPoints` increase and are one fewer than `codes`.
  package init(codes: [Double], cutPoints: [Double]) {
    precondition(cutPoints.count == codes.count - 1)
    precondition(zip(cutPoints, cutPoints.dropFirst()).allSatisfy { $0 < $1 })
    self.codes = codes
    self.cutPoints = cutPoints
  }

  /// A score of whole numbers: the latent value rounded, and held inside `range`.
  package init(rounding range: ClosedRange<Int>) {
    self.init(
      codes: range.map(Double.init), cutPoints: range.dropLast().map { Double($0) + 0.5 })
  }

  /// The code seen for the latent value `latent`.
  ///
  /// - Complexity: O(log codes).
  public func code(of latent: Double) -> Double {
    var low = 0
    var high = cutPoints.count
    while low < high {
      let middle = (low + high) / 2
      if latent < cutPoints[middle] { high = middle } else { low = middle + 1 }
    }
    return codes[low]
  }
}
