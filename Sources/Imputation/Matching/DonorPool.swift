import Numerics

/// The observed rows of a target ordered by prediction, from which predictive mean matching borrows.
///
/// Donors are sorted by a stable bucket sort, O(n) on average, partitioned first when they do not
/// fit the processor's caches. Equal predictions form a run whose ends are found by galloping, so
/// that a tie, however long, costs little and is broken at random. A draw is O(d).
package struct DonorPool {
  /// A donor: its prediction and its position among the observed rows.
  private struct Donor {
    var key: Double
    var item: Int32
  }

  /// In increasing order of prediction, equal ones in order of position.
  private var donors: [Donor] = []
  private var scratch: [Donor] = []
  /// End of each bucket in `donors`, the start of the next.
  private var ends: [Int32] = []
  private var minimum = 0.0
  private var scale = 0.0

  /// Donors above this number are partitioned before they are bucketed: 16 bytes each, they
  /// would otherwise be scattered over more memory than a core's own cache holds.
  private static let partitionedFrom = 1 << 15
  private static let partitions = 256

  package init() {}

  /// Orders the donors by `predictions`, which must be finite.
  package mutating func build(_ predictions: [Double]) {
    let n = predictions.count
    var low = Double.infinity
    var high = -Double.infinity
    for p in predictions {
      low = p < low ? p : low
      high = p > high ? p : high
    }
    let buckets = max(1, n / 4)
    let isPartitioned = n > Self.partitionedFrom
    // Buckets of a partition, a power of two: shifts are much cheaper than divisions here.
    var shift = 0
    while buckets >> shift > Self.partitions { shift += 1 }
    minimum = low
    scale = high > low ? Double(buckets) * (1 - 1e-12) / (high - low) : 0
    if !scale.isFinite { scale = 0 }
    if donors.count != n {
      donors = Array(repeating: Donor(key: 0, item: 0), count: n)
      if isPartitioned { scratch = donors }
    }
    if ends.count == buckets {
      for k in ends.indices { ends[k] = 0 }
    } else {
      ends = Array(repeating: 0, count: buckets)
    }
    let index = BucketIndex(minimum: low, scale: scale)
    predictions.withUnsafeBufferPointer { p in
      ends.withUnsafeMutableBufferPointer { ends in
        donors.withUnsafeMutableBufferPointer { sorted in
          if isPartitioned {
            scratch.withUnsafeMutableBufferPointer { parts in
              Self.partition(p, index, shift: shift, into: parts) { part, range in
                let first = min(part << shift, buckets)
                Self.distribute(
                  UnsafeBufferPointer(rebasing: parts[range]), index,
                  buckets: first..<min(first + (1 << shift), buckets), from: range.lowerBound,
                  into: sorted, ends)
              }
            }
          } else {
            Self.distribute(p, index, into: sorted, ends)
          }
          var start = 0
          for k in 0..<buckets {
            let end = Int(ends[k])
            if end - start > 1 { Self.sort(sorted, start, end) }
            start = end
          }
        }
      }
    }
  }

  /// Which bucket a prediction falls into; not decreasing in the prediction.
  private struct BucketIndex {
    let minimum: Double
    let scale: Double
    @inline(__always)
    func callAsFunction(_ key: Double) -> Int { Int((key - minimum) * scale) }
  }

  /// Scatters `predictions` into buckets; `ends` is zero before and holds the buckets' ends after.
  private static func distribute(
    _ predictions: UnsafeBufferPointer<Double>, _ index: BucketIndex,
    into sorted: UnsafeMutableBufferPointer<Donor>, _ ends: UnsafeMutableBufferPointer<Int32>
  ) {
    for p in predictions { ends[index(p)] &+= 1 }
    startsFromCounts(ends, 0..<ends.count, from: 0)
    for i in 0..<predictions.count {
      let p = predictions[i]
      let bucket = index(p)
      let slot = ends[bucket]
      ends[bucket] = slot &+ 1
      sorted[Int(slot)] = Donor(key: p, item: Int32(truncatingIfNeeded: i))
    }
  }

  /// The same for one partition, whose donors fill `buckets` and stand from `start` on.
  private static func distribute(
    _ part: UnsafeBufferPointer<Donor>, _ index: BucketIndex, buckets: Range<Int>,
    from start: Int, into sorted: UnsafeMutableBufferPointer<Donor>,
    _ ends: UnsafeMutableBufferPointer<Int32>
  ) {
    for donor in part { ends[index(donor.key)] &+= 1 }
    startsFromCounts(ends, buckets, from: start)
    for donor in part {
      let bucket = index(donor.key)
      let slot = ends[bucket]
      ends[bucket] = slot &+ 1
      sorted[Int(slot)] = donor
    }
  }

  /// Turns counts into first positions, which the scatter then moves to the ends.
  private static func startsFromCounts(
    _ ends: UnsafeMutableBufferPointer<Int32>, _ range: Range<Int>, from start: Int
  ) {
    var next = Int32(truncatingIfNeeded: start)
    for k in range {
      let count = ends[k]
      ends[k] = next
      next &+= count
    }
  }

  /// Splits the donors into ranges of 2^`shift` buckets, keeping their order, and hands on each,
  /// empty ones too: their buckets need ends.
  private static func partition(
    _ predictions: UnsafeBufferPointer<Double>, _ index: BucketIndex, shift: Int,
    into parts: UnsafeMutableBufferPointer<Donor>, _ body: (Int, Range<Int>) -> Void
  ) {
    var cursor = [Int](repeating: 0, count: partitions + 2)
    cursor.withUnsafeMutableBufferPointer { cursor in
      for p in predictions { cursor[index(p) >> shift &+ 1] &+= 1 }
      for k in 1...(partitions + 1) { cursor[k] &+= cursor[k - 1] }
      for i in 0..<predictions.count {
        let p = predictions[i]
        let part = index(p) >> shift
        let slot = cursor[part]
        cursor[part] = slot &+ 1
        parts[slot] = Donor(key: p, item: Int32(truncatingIfNeeded: i))
      }
      var start = 0
      for part in 0...partitions {
        let end = cursor[part]
        body(part, start..<end)
        start = end
      }
    }
  }

  /// Sorts donors start ..< end by prediction, stably: insertion for the usual few, a comparison
  /// sort for crowded buckets.
  private static func sort(
    _ donors: UnsafeMutableBufferPointer<Donor>, _ start: Int, _ end: Int
  ) {
    if end - start > 48 {
      // Many equal predictions are common and need no sorting at all.
      var i = start + 1
      while i < end && donors[i - 1].key <= donors[i].key { i += 1 }
      if i == end { return }
      var slice = UnsafeMutableBufferPointer(rebasing: donors[start..<end])
      slice.sort { (a: Donor, b: Donor) -> Bool in
        if a.key != b.key { return a.key < b.key }
        return a.item < b.item
      }
      return
    }
    var i = start + 1
    while i < end {
      let donor = donors[i]
      var j = i
      while j > start && donors[j - 1].key > donor.key {
        donors[j] = donors[j - 1]
        j -= 1
      }
      donors[j] = donor
      i += 1
    }
  }

  // MARK: - Drawing

  /// First donor whose prediction is at least `x`.
  private func firstDonor(atLeast x: Double) -> Int {
    let position = (x - minimum) * scale
    var low = 0
    var high = donors.count
    if position > 0 && position < Double(ends.count) {
      // The bucket of x is found as the donors' were, so that donors before it are smaller than x
      // and donors after it larger.
      let bucket = Int(position)
      low = bucket > 0 ? Int(ends[bucket - 1]) : 0
      high = Int(ends[bucket])
    } else if scale > 0 {
      return position > 0 ? high : 0
    }
    while low < high {
      let middle = (low + high) / 2
      if donors[middle].key < x { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// First donor of the run of equal predictions that ends with donor `last`.
  private func runStart(_ last: Int) -> Int {
    let key = donors[last].key
    if last == 0 || donors[last - 1].key != key { return last }
    var step = 1
    while last - 2 * step >= 0 && donors[last - 2 * step].key == key { step *= 2 }
    var low = max(0, last - 2 * step)
    var high = last - step
    while low < high {
      let middle = (low + high) / 2
      if donors[middle].key == key { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// One past the last donor of the run of equal predictions that begins with donor `first`.
  private func runEnd(_ first: Int) -> Int {
    let key = donors[first].key
    let n = donors.count
    if first + 1 == n || donors[first + 1].key != key { return first + 1 }
    var step = 1
    while first + 2 * step < n && donors[first + 2 * step].key == key { step *= 2 }
    var low = first + step
    var high = min(n, first + 2 * step)
    while low < high {
      let middle = (low + high) / 2
      if donors[middle].key == key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Draws one of the `count` rows whose predictions lie nearest to `prediction`, uniformly; which
  /// of the equally distant rows belong to the nearest is itself decided at random.
  ///
  /// - Precondition: at least one donor, `count ≥ 1`.
  /// - Returns: the donor's position in the array given to ``build(_:)``.
  package func draw(
    near prediction: Double, donors count: Int, using generator: inout some RandomNumberGenerator
  ) -> Int {
    let total = donors.count
    // Of the d places, take one; the run of equal distance in which it lies holds the donor. A run
    // that only partly fits shares its places at random among its members, so that drawing from
    // all of them is the same.
    let place = generator.index(below: min(count, total))
    var right = firstDonor(atLeast: prediction)
    var left = right
    var counted = 0
    while true {
      let leftDistance = left > 0 ? prediction - donors[left - 1].key : .infinity
      let rightDistance = right < total ? donors[right].key - prediction : .infinity
      let leftStart = left > 0 && leftDistance <= rightDistance ? runStart(left - 1) : left
      let rightEnd = right < total && rightDistance <= leftDistance ? runEnd(right) : right
      let leftCount = left - leftStart
      counted += leftCount + rightEnd - right
      if counted > place {
        let pick = generator.index(below: leftCount + rightEnd - right)
        return Int(
          pick < leftCount ? donors[leftStart + pick].item : donors[right + pick - leftCount].item)
      }
      left = leftStart
      right = rightEnd
    }
  }

  /// Fills `members` with the positions of the `count` rows whose predictions lie nearest to
  /// `prediction`. Of equally distant rows that do not all fit, every k-th is taken from a random
  /// start, so that each has the same chance.
  ///
  /// - Precondition: at least one donor, `count ≥ 1`.
  package func nearest(
    _ count: Int, to prediction: Double, using generator: inout some RandomNumberGenerator,
    into members: inout [Int32]
  ) {
    let total = donors.count
    var remaining = min(count, total)
    members.removeAll(keepingCapacity: true)
    var right = firstDonor(atLeast: prediction)
    var left = right
    while remaining > 0 {
      let leftDistance = left > 0 ? prediction - donors[left - 1].key : .infinity
      let rightDistance = right < total ? donors[right].key - prediction : .infinity
      let leftStart = left > 0 && leftDistance <= rightDistance ? runStart(left - 1) : left
      let rightEnd = right < total && rightDistance <= leftDistance ? runEnd(right) : right
      let leftCount = left - leftStart
      let size = leftCount + rightEnd - right
      func append(_ place: Int) {
        members.append(
          place < leftCount
            ? donors[leftStart + place].item : donors[right + place - leftCount].item)
      }
      if size <= remaining {
        for place in 0..<size { append(place) }
        remaining -= size
      } else {
        let step = Double(size) / Double(remaining)
        let start = generator.uniform()
        for k in 0..<remaining { append(min(size - 1, Int((start + Double(k)) * step))) }
        remaining = 0
      }
      left = leftStart
      right = rightEnd
    }
  }
}
