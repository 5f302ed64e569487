import Imputation

extension StudyFile {
  /// Checks what one part of the file says against another.
  func checkNames(problems: ProblemList) {
    checkColumns(problems: problems)
    checkTargets(problems: problems)
    checkVisit(problems: problems)
    var seen = Set<String>()
    for analysis in analyses {
      guard let name = analysis.name else { continue }
      if !seen.insert(name.value).inserted {
        problems.add(.repeatedName(name.value, key: "analyse"), at: name.position)
      }
    }
  }

  private func checkColumns(problems: ProblemList) {
    guard let cluster, let columns else { return }
    if !columns.contains(where: { $0.value == cluster.value }) {
      problems.add(.clusterNotAmongColumns(cluster.value), at: cluster.position)
    }
  }

  private func checkTargets(problems: ProblemList) {
    for target in targets ?? [] {
      if target.name.value == cluster?.value {
        problems.add(.clusterAsTarget(target.name.value), at: target.name.position)
      }
      if let method = target.method, MethodSuitability.named(method.value) == nil {
        problems.add(
          .notOneOf(
            key: "impute.targets.\(target.name.value).method", found: method.value,
            allowed: MethodSuitability.names,
            nearest: nearestName(to: method.value, in: MethodSuitability.names)),
          at: method.position)
      }
      if cluster == nil, let method = target.method,
        MethodSuitability.named(method.value)?.needsClusters == true
      {
        problems.add(
          .methodNeedsCluster(method.value, target: target.name.value), at: method.position)
      }
      for (name, role) in target.predictors ?? [] where role != .unused {
        if name.value == target.name.value {
          problems.add(.predictsItself(name.value), at: name.position)
        } else if name.value == cluster?.value {
          problems.add(.clusterAsPredictor(name.value), at: name.position)
        } else if cluster == nil, role != .fixed {
          problems.add(
            .roleNeedsCluster(role.rawValue, predictor: name.value), at: name.position)
        }
      }
    }
  }

  private func checkVisit(problems: ProblemList) {
    guard let visit, let targets else { return }
    let names = targets.map(\.name.value)
    for name in visit where !names.contains(name.value) {
      problems.add(
        .visitsNonTarget(name.value, nearest: nearestName(to: name.value, in: names)),
        at: name.position)
    }
    let visited = Set(visit.map(\.value))
    for name in names where !visited.contains(name) {
      problems.add(.neverVisited(name), at: visit.first?.position)
    }
  }
}
