import Imputation
import Numerics

/// `hotdeck`: an observed value from the same cluster, or from any where the cluster has none.
struct ClusterHotDeck: ImputationMethod {
  static let fromElsewhere = EventKind(rawValue: "donor from elsewhere")

  static let description: MethodDescription = {
    var description = MethodDescription(
      name: "hotdeck", summary: "observed value of the same cluster",
      suitableTypes: [.numeric, .binary, .ordered], levels: 2, roles: .twoLevel,
      borrowsDonors: true, phrase: { _ in "an observed value of the same cluster" })
    description.events = [
      (fromElsewhere, "a cluster has no observed value, and donors came from all clusters")
    ]
    return description
  }()

  init(options: MethodOptions) {}

  func impute(
    _ target: inout TargetView, state: inout NoState?, using stream: inout RandomStream
  ) throws(NeverFails) -> [Double] {
    var donors = [[Int]](repeating: [], count: target.clusterCount)
    for (unit, cluster) in target.clusters(.observed).enumerated() {
      donors[Int(cluster)].append(unit)
    }
    let all = Array(target.observed.indices)
    for cluster in target.clusters(.missing) {
      let own = donors[Int(cluster)]
      if own.isEmpty { target.log.remarks.append(.init(Self.fromElsewhere)) }
      let pool = own.isEmpty ? all : own
      target.log.donors.append(Int32(pool[stream.index(below: pool.count)]))
    }
    return target.log.donors.map { target.observed[Int($0)] }
  }
}
