/// Σ aᵢbᵢ over four interleaved partial sums, added in a fixed order.
@inline(__always)
func dotProduct(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var low = SIMD4<Double>.zero
  var high = SIMD4<Double>.zero
  var i = 0
  while i &+ 8 <= count {
    let a0 = SIMD4(a[i], a[i &+ 1], a[i &+ 2], a[i &+ 3])
    let b0 = SIMD4(b[i], b[i &+ 1], b[i &+ 2], b[i &+ 3])
    let a1 = SIMD4(a[i &+ 4], a[i &+ 5], a[i &+ 6], a[i &+ 7])
    let b1 = SIMD4(b[i &+ 4], b[i &+ 5], b[i &+ 6], b[i &+ 7])
    low += a0 * b0
    high += a1 * b1
    i &+= 8
  }
  let both = low + high
  var sum = (both[0] + both[2]) + (both[1] + both[3])
  while i < count {
    sum += a[i] * b[i]
    i &+= 1
  }
  return sum
}

/// y ← y − factor · x.
@inline(__always)
func subtract(
  _ factor: Double, times x: UnsafePointer<Double>, from y: UnsafeMutablePointer<Double>,
  _ count: Int
) {
  for i in 0..<count { y[i] -= factor * x[i] }
}
