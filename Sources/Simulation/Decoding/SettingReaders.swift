import Numerics
import Study
import Yams

/// Readers of single settings; each records what is wrong at its place and returns nil.
extension MappingReader {
  /// A distribution: `normal`, `uniform`, `{t: 5}`, `{skewed: 1.5}`,
  /// `{mixture: {share: 0.2, distance: 3}}`.
  func distribution(_ key: String) -> StandardisedDistribution? {
    guard let node = node(key) else { return nil }
    let names = ["normal", "uniform", "t", "skewed", "mixture"]
    if case .scalar = node {
      guard let text = text(node, key: key) else { return nil }
      switch text.value {
      case "normal": return .normal
      case "uniform": return .uniform
      default:
        problems.add(
          .notOneOf(
            key: path(of: key), found: text.value,
            allowed: ["normal", "uniform", "{t: 5}", "{skewed: 1}", "{mixture: …}"],
            nearest: nearestName(to: text.value, in: ["normal", "uniform"])),
          at: text.position)
        return nil
      }
    }
    guard let section = section(key, allowed: Array(names[2...])) else { return nil }
    guard section.entries.count == 1 else {
      problems.add(
        .other("'\(path(of: key))' must name one distribution, such as '{t: 5}'"),
        at: section.position)
      return nil
    }
    if let df = section.number("t", expected: "more than 2 degrees of freedom", where: { $0 > 2 }) {
      return .studentT(degreesOfFreedom: df.value)
    }
    if let skewness = section.number(
      "skewed", expected: "a skewness between -10 and 10, not 0",
      where: { $0 != 0 && abs($0) <= 10 })
    {
      return .skewed(skewness: skewness.value)
    }
    guard let mixture = section.section("mixture", allowed: ["share", "distance"]) else {
      return nil
    }
    let share = mixture.required("share", expected: "a number between 0 and 1") { 0 < $0 && $0 < 1 }
    let distance = mixture.required("distance", expected: "a number") { _ in true }
    guard let share, let distance else { return nil }
    return .mixture(share: share.value, distance: distance.value)
  }

  /// Sizes of clusters: `20`, `{fixed: 20}`, `{mean: 50, cv: 0.6}`, `{list: […]}`,
  /// `{sample: […]}`.
  func clusterSizes(_ key: String) -> ClusterSizeDesign? {
    guard let node = node(key) else { return nil }
    switch node {
    case .scalar: return count(key).map(ClusterSizeDesign.fixed)
    case .sequence: return counts(key).map(ClusterSizeDesign.listed)
    default: break
    }
    guard let section = section(key, allowed: ["fixed", "mean", "cv", "list", "sample"]) else {
      return nil
    }
    let forms = [["fixed"], ["mean", "cv"], ["mean"], ["list"], ["sample"]]
    let given = section.entries.map(\.key.value)
    guard forms.contains(where: { Set($0) == Set(given) }) else {
      if given.allSatisfy({ forms.joined().contains($0) }) {
        problems.add(
          .other(
            "'\(path(of: key))' must be one of {fixed: 20}, {mean: 50, cv: 0.6}, {list: […]} and "
              + "{sample: […]}"), at: section.position)
      }
      return nil
    }
    if given.contains("fixed") { return section.count("fixed").map(ClusterSizeDesign.fixed) }
    if given.contains("list") { return section.counts("list").map(ClusterSizeDesign.listed) }
    if given.contains("sample") { return section.counts("sample").map(ClusterSizeDesign.sampled) }
    let mean = section.number("mean", expected: "a number from 1 to 10000000") {
      (1...1e7).contains($0)
    }
    let variation = section.number("cv", expected: "a number from 0 to 100") {
      (0...100).contains($0)
    }
    guard let mean, variation != nil || !given.contains("cv") else { return nil }
    do {
      return .varying(
        try ClusterSizes(mean: mean.value, coefficientOfVariation: variation?.value ?? 0))
    } catch {
      problems.add(.other(error.description), at: mean.position)
      return nil
    }
  }

  private static let countExpected = "a whole number of at least 1"

  func count(_ key: String) -> Int? {
    integer(key, in: 1...10_000_000, expected: Self.countExpected)?.value
  }

  /// A list of counts.
  func counts(_ key: String, atLeast least: Int = 1) -> [Int]? {
    guard let node = node(key) else { return nil }
    let expected = "a list of whole numbers of at least \(least)"
    guard case .sequence(let sequence) = node, !sequence.isEmpty else {
      problems.add(
        .wrongType(key: path(of: key), expected: expected, found: node.kind), at: node.position)
      return nil
    }
    var values: [Int] = []
    for item in sequence {
      guard case .scalar(let scalar) = item, scalar.style == .plain,
        let value = Int(scalar.string), (least...10_000_000).contains(value)
      else {
        problems.add(
          .wrongType(
            key: path(of: key), expected: expected, found: item.kind), at: item.position)
        return nil
      }
      values.append(value)
    }
    return values
  }

  /// A list of numbers.
  func numbers(
    _ key: String, expected: String, where isValid: (Double) -> Bool = { _ in true }
  ) -> Located<[Double]>? {
    guard let node = node(key) else { return nil }
    guard case .sequence(let sequence) = node, !sequence.isEmpty else {
      problems.add(
        .wrongType(key: path(of: key), expected: expected, found: node.kind), at: node.position)
      return nil
    }
    var values: [Double] = []
    for item in sequence {
      guard case .scalar(let scalar) = item, scalar.style == .plain,
        let value = Double(scalar.string), value.isFinite, isValid(value)
      else {
        problems.add(
          .wrongType(key: path(of: key), expected: expected, found: item.kind), at: item.position)
        return nil
      }
      values.append(value)
    }
    return Located(values, at: node.position)
  }

  /// A number that must be there.
  func required(
    _ key: String, expected: String, where isValid: (Double) -> Bool
  ) -> Located<Double>? {
    if isMissing(key) {
      problems.add(
        .missingKey(path(of: key), explanation: "it must be \(expected)"), at: position)
      return nil
    }
    return number(key, expected: expected, where: isValid)
  }

  /// A formula with the position of its first letter.
  func formula(_ key: String) -> Located<String>? {
    guard var text = text(key) else { return nil }
    if case .scalar(let scalar)? = node(key), scalar.style != .plain { text.position.column += 1 }
    return text
  }

  /// Proportions of two or more categories, which sum to 1.
  func proportions(_ key: String) -> Located<[Double]>? {
    guard
      let list = numbers(
        key, expected: "a list of numbers between 0 and 1 that sum to 1",
        where: { 0 < $0 && $0 < 1 })
    else { return nil }
    let sum = list.value.reduce(0, +)
    guard abs(sum - 1) < 1e-9, list.value.count >= 2 else {
      problems.add(
        .other(
          "'\(path(of: key))' must sum to 1, but these sum to "
            + "\(((sum * 1e9).rounded() / 1e9))"), at: list.position)
      return nil
    }
    return list
  }
}
