import Numerics

/// The observed rows of a target ordered by prediction, from which predictive mean matching borrows.
///
/// Donors with equal predictions form one run, so that a tie, however long, costs one step and is
/// broken at random. Building is O(n) on average (a bucket sort); a draw is O(d).
package struct DonorPool {
  /// Donors' positions, ordered by prediction.
  private var order: [Int32] = []
  /// Prediction of each run of equal predictions, increasing.
  private var runValue: [Double] = []
  /// First position in `order` of each run, and the number of donors.
  private var runStart: [Int32] = []
  /// First run at or after the start of each bucket.
  private var bucketRun: [Int32] = []
  private var minimum = 0.0
  private var scale = 0.0

  // Kept between updates so that a chain allocates once.
  private var bucketOf: [Int32] = []
  private var counts: [Int32] = []
  private var keys: [Double] = []

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
    let buckets = max(1, n / 2)
    minimum = low
    scale = high > low ? Double(buckets) * (1 - 1e-12) / (high - low) : 0
    if !scale.isFinite { scale = 0 }
    if bucketOf.count != n {
      bucketOf = Array(repeating: 0, count: n)
      order = Array(repeating: 0, count: n)
      keys = Array(repeating: 0, count: n)
    }
    counts = Array(repeating: 0, count: buckets + 1)
    let (minimum, scale) = (minimum, scale)
    predictions.withUnsafeBufferPointer { p in
      bucketOf.withUnsafeMutableBufferPointer { b in
        counts.withUnsafeMutableBufferPointer { c in
          for i in 0..<n {
            let bucket = Int32(truncatingIfNeeded: Int((p[i] - minimum) * scale))
            b[i] = bucket
            c[Int(bucket) + 1] &+= 1
          }
          for k in 1...buckets { c[k] &+= c[k - 1] }
          order.withUnsafeMutableBufferPointer { o in
            keys.withUnsafeMutableBufferPointer { s in
              // After scattering, c[k] has moved to the end of bucket k, the start of k + 1.
              for i in 0..<n {
                let slot = Int(c[Int(b[i])])
                c[Int(b[i])] = Int32(truncatingIfNeeded: slot &+ 1)
                o[slot] = Int32(truncatingIfNeeded: i)
                s[slot] = p[i]
              }
              var start = 0
              for k in 0..<buckets {
                let end = Int(c[k])
                Self.sortBucket(s, o, start, end)
                start = end
              }
            }
          }
        }
      }
    }
    findRuns(bucketCount: buckets)
  }

  /// Sorts keys and payload in start ..< end: insertion for the usual few, a comparison sort for
  /// crowded buckets.
  private static func sortBucket(
    _ keys: UnsafeMutableBufferPointer<Double>, _ payload: UnsafeMutableBufferPointer<Int32>,
    _ start: Int, _ end: Int
  ) {
    if end - start > 48 {
      // Many equal predictions are common and need no sorting at all.
      var sorted = true
      var i = start + 1
      while i < end && sorted {
        sorted = keys[i - 1] <= keys[i]
        i += 1
      }
      if sorted { return }
      var pairs: [(key: Double, item: Int32)] = []
      pairs.reserveCapacity(end - start)
      for k in start..<end { pairs.append((keys[k], payload[k])) }
      pairs.sort { (a: (key: Double, item: Int32), b: (key: Double, item: Int32)) -> Bool in
        if a.key != b.key { return a.key < b.key }
        return a.item < b.item
      }
      for (offset, pair) in pairs.enumerated() {
        keys[start + offset] = pair.key
        payload[start + offset] = pair.item
      }
      return
    }
    var i = start + 1
    while i < end {
      let key = keys[i]
      let item = payload[i]
      var j = i
      while j > start && keys[j - 1] > key {
        keys[j] = keys[j - 1]
        payload[j] = payload[j - 1]
        j -= 1
      }
      keys[j] = key
      payload[j] = item
      i += 1
    }
  }

  private mutating func findRuns(bucketCount: Int) {
    let n = keys.count
    runValue.removeAll(keepingCapacity: true)
    runStart.removeAll(keepingCapacity: true)
    bucketRun = Array(repeating: 0, count: bucketCount + 1)
    var bucket = 0
    for i in 0..<n where i == 0 || keys[i] != keys[i - 1] {
      let own = Int((keys[i] - minimum) * scale)
      while bucket <= own {
        bucketRun[bucket] = Int32(truncatingIfNeeded: runValue.count)
        bucket += 1
      }
      runValue.append(keys[i])
      runStart.append(Int32(truncatingIfNeeded: i))
    }
    while bucket <= bucketCount {
      bucketRun[bucket] = Int32(truncatingIfNeeded: runValue.count)
      bucket += 1
    }
    runStart.append(Int32(truncatingIfNeeded: n))
  }

  /// First run whose value is at least `x`.
  private func firstRun(atLeast x: Double) -> Int {
    let position = (x - minimum) * scale
    let last = bucketRun.count - 2
    var low = 0
    var high = runValue.count
    if position > 0 && position < Double(last + 1) {
      // The bucket of x is found as the donors' were, so that runs before it are smaller than x
      // and runs after it larger.
      low = Int(bucketRun[Int(position)])
      high = Int(bucketRun[Int(position) + 1])
    } else if scale > 0 {
      return position > 0 ? high : 0
    }
    while low < high {
      let middle = (low + high) / 2
      if runValue[middle] < x { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Draws one of the `donors` rows whose predictions lie nearest to `prediction`, uniformly; which
  /// of the equally distant rows belong to the nearest is itself decided at random.
  ///
  /// - Precondition: at least one donor, `donors ≥ 1`.
  /// - Returns: the donor's position in the array given to ``build(_:)``.
  package func draw(
    near prediction: Double, donors: Int, using generator: inout some RandomNumberGenerator
  ) -> Int {
    let total = keys.count
    // Of the d places, take one; the run of equal distance in which it lies holds the donor. A run
    // that only partly fits shares its places at random among its members, so that drawing from
    // all of them is the same.
    let place = generator.index(below: min(donors, total))
    var right = firstRun(atLeast: prediction)
    var left = right - 1
    var counted = 0
    while true {
      let leftDistance = left >= 0 ? prediction - runValue[left] : .infinity
      let rightDistance = right < runValue.count ? runValue[right] - prediction : .infinity
      let leftCount =
        left >= 0 && leftDistance <= rightDistance ? Int(runStart[left + 1] - runStart[left]) : 0
      let rightCount =
        right < runValue.count && rightDistance <= leftDistance
        ? Int(runStart[right + 1] - runStart[right]) : 0
      counted += leftCount + rightCount
      if counted > place {
        let pick = generator.index(below: leftCount + rightCount)
        return pick < leftCount
          ? Int(order[Int(runStart[left]) + pick])
          : Int(order[Int(runStart[right]) + pick - leftCount])
      }
      if leftCount > 0 { left -= 1 }
      if rightCount > 0 { right += 1 }
    }
  }
}
