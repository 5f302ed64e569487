/// Names in `candidates` that a reader of `name` may have meant, nearest first, at most three.
///
/// Case counts little: `Kscore` is nearest to `kscore`. A name further away than a third of its
/// length (at least 2 edits) isn't offered. Equally near names keep their order in `candidates`.
/// - Complexity: O(|name| · total length of `candidates`).
public func nearestNames(to name: String, in candidates: [String]) -> [String] {
  let wanted = Array(name.lowercased().unicodeScalars)
  let limit = max(2, wanted.count / 3)
  var near: [(distance: Int, position: Int)] = []
  for (position, candidate) in candidates.enumerated() {
    let scalars = Array(candidate.lowercased().unicodeScalars)
    guard abs(scalars.count - wanted.count) <= limit else { continue }
    let distance = editDistance(wanted, scalars)
    // A name all of whose letters would have to change resembles nothing.
    if distance <= limit, distance < max(wanted.count, scalars.count) {
      near.append((distance, position))
    }
  }
  near.sort { ($0.distance, $0.position) < ($1.distance, $1.position) }
  return near.prefix(3).map { candidates[$0.position] }
}

/// The least number of insertions, deletions, substitutions and swaps of neighbours that turn one
/// sequence into the other (optimal string alignment; Damerau 1964, Commun. ACM 7(3)).
/// - Complexity: O(|a| · |b|) time, O(|b|) space.
package func editDistance<Element: Equatable>(_ a: [Element], _ b: [Element]) -> Int {
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var row = [Int](repeating: i + 1, count: b.count + 1)
    for j in 0..<b.count {
      row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
      }
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
