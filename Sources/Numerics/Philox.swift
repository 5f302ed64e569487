/// The counter-based generator Philox 4×32-10.
///
/// A block function: 128 bits of counter and 64 bits of key give 128 random bits, with no state
/// between calls. Source: Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy
/// as 1, 2, 3, SC'11; the constants are theirs, and the tests hold Random123's known answers.
public enum Philox4x32 {
  /// Ten rounds on `counter` under `key`.
  ///
  /// - Complexity: constant, about 10 ns.
  @inlinable
  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var c0 = counter[0]
    var c1 = counter[1]
    var c2 = counter[2]
    var c3 = counter[3]
    var k0 = key[0]
    var k1 = key[1]
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) &* UInt64(c0)
      let p1 = UInt64(0xCD9E_8D57) &* UInt64(c2)
      let n0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
      let n2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
      c0 = n0
      c1 = UInt32(truncatingIfNeeded: p1)
      c2 = n2
      c3 = UInt32(truncatingIfNeeded: p0)
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return SIMD4(c0, c1, c2, c3)
  }
}
