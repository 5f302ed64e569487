import Foundation

/// The intraclass correlation of a variable's observed values, by analysis of variance.
///
/// Donner & Koval (1980), The estimation of intraclass correlation in the analysis of family data,
/// Biometrics 36: (MSB − MSW) / (MSB + (n₀ − 1) MSW). Of a 0/1 variable it is the usual
/// proportion-scale ICC.
package struct ObservedICC: Sendable {
  package let observed: Int
  /// Clusters with an observed value.
  package let clusters: Int
  /// Nil when fewer than two clusters or nothing within them.
  package let icc: Double?
  /// With the means of the arms taken out; nil without arms.
  package let withinArms: Double?

  package init(_ variable: StudyVariable, clusters index: ClusterIndex, arm: RowGrouping?) {
    let all = [Int32](repeating: 0, count: index.count)
    let plain = Self.analysis(variable.cells, index, groups: all)
    observed = plain.n
    clusters = plain.clusters
    icc = plain.icc
    if let arm {
      let groups = index.groups(arm)
      withinArms =
        groups.allSatisfy { $0 >= 0 }
        ? Self.analysis(variable.cells, index, groups: groups).icc : nil
    } else {
      withinArms = nil
    }
  }

  private static func analysis(
    _ cells: [Double], _ index: ClusterIndex, groups: [Int32]
  ) -> (n: Int, clusters: Int, icc: Double?) {
    var n = [Double](repeating: 0, count: index.count)
    var sum = n
    for (row, cell) in cells.enumerated() where !cell.isNaN && index.codes[row] >= 0 {
      n[Int(index.codes[row])] += 1
      sum[Int(index.codes[row])] += cell
    }
    var within = 0.0
    for (row, cell) in cells.enumerated() where !cell.isNaN && index.codes[row] >= 0 {
      let code = Int(index.codes[row])
      let deviation = cell - sum[code] / n[code]
      within += deviation * deviation
    }
    let used = n.indices.filter { n[$0] > 0 }
    let total = used.reduce(0) { $0 + n[$1] }
    var between = 0.0
    var correction = 0.0
    var present = Set<Int32>()
    for group in Set(groups) {
      let members = used.filter { groups[$0] == group }
      guard !members.isEmpty else { continue }
      present.insert(group)
      let size = members.reduce(0) { $0 + n[$1] }
      let mean = members.reduce(0) { $0 + sum[$1] } / size
      for member in members {
        let deviation = sum[member] / n[member] - mean
        between += n[member] * deviation * deviation
        correction += n[member] * n[member] / size
      }
    }
    let betweenDF = Double(used.count - present.count)
    let withinDF = total - Double(used.count)
    guard betweenDF > 0, withinDF > 0 else { return (Int(total), used.count, nil) }
    let (msb, msw) = (between / betweenDF, within / withinDF)
    let n0 = (total - correction) / betweenDF
    let denominator = msb + (n0 - 1) * msw
    return (Int(total), used.count, denominator > 0 ? (msb - msw) / denominator : nil)
  }
}
