import Imputation

extension StudyFile {
  /// Checks what one part of the file says against another.
  func checkNames(problems: ProblemList) {
    checkTargets(problems: problems)
    checkVisit(problems: problems)
    var seen = Set<String>()
    for analysis in analyses {
      guard let name = analysis.name else { continue }
      if !seen.insert(name.value).inserted {
        problems.add(.repeatedName(name.value, key: "analyse"), at: name.position)
      }
    }
    var unnamed = Set<[String]>()
    for analysis in analyses where analysis.name == nil {
      let estimation = analysis.estimation?.value ?? .reml
      if !unnamed.insert([analysis.model.value, estimation.rawValue]).inserted {
        problems.add(.repeatedModel, at: analysis.model.position)
      }
    }
  }

  private func checkTargets(problems: ProblemList) {
    for target in targets ?? [] {
      if target.name.value == cluster?.value {
        problems.add(.clusterAsTarget(target.name.value), at: target.name.position)
      }
      checkMethod(of: target, problems: problems)
      for (name, role) in target.predictors ?? [] where role != .unused {
        if name.value == target.name.value {
          problems.add(.predictsItself(name.value), at: name.position)
        } else if name.value == cluster?.value {
          problems.add(.clusterAsPredictor(name.value), at: name.position)
        } else if cluster == nil, role != .fixed {
          problems.add(
            .roleNeedsCluster(role.rawValue, predictor: name.value), at: name.position)
        } else if role.hasRandomSlope, let method = target.method?.value,
          MethodRegistry.method(named: method)?.isTwoLevel == false
        {
          problems.add(
            .slopeInSingleLevel(role.rawValue, predictor: name.value, method: method),
            at: name.position)
        }
      }
    }
  }

  private func checkMethod(of target: Target, problems: ProblemList) {
    guard let stated = target.method else { return }
    guard let method = MethodRegistry.method(named: stated.value) else {
      for method in MethodRegistry.all {
        guard let alias = method.aliases.first(where: { $0.name == stated.value }) else { continue }
        problems.add(
          .otherName(
            stated.value, key: "impute.targets.\(target.name.value.shown()).method",
            method: method.name, difference: alias.difference), at: stated.position)
        return
      }
      problems.add(
        .notOneOf(
          key: "impute.targets.\(target.name.value.shown()).method", found: stated.value,
          allowed: MethodRegistry.names,
          nearest: nearestName(to: stated.value, in: MethodRegistry.names)),
        at: stated.position)
      return
    }
    if cluster == nil, method.isTwoLevel {
      problems.add(
        .methodNeedsCluster(stated.value, target: target.name.value), at: stated.position)
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
