import Numerics
import Testing

@Suite("Philox 4×32-10")
struct PhiloxTests {
  /// Random123's known answers; the last two were made with its header at addresses as streams use.
  static let knownAnswers: [(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, block: SIMD4<UInt32>)] = [
    (
      SIMD4(0, 0, 0, 0), SIMD2(0, 0),
      SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)
    ),
    (
      SIMD4(repeating: .max), SIMD2(repeating: .max),
      SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
    ),
    (
      SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
      SIMD2(0xA409_3822, 0x299F_31D0),
      SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
    ),
    (
      SIMD4(0, 0, 7, 3), SIMD2(1234, 0),
      SIMD4(0x11D7_5256, 0x6C8B_E0AC, 0x3F98_70C0, 0x7FE0_4AB2)
    ),
    (
      SIMD4(1, 5, 7, 3), SIMD2(0x89AB_CDEF, 0x0123_4567),
      SIMD4(0x559C_BC4F, 0xC79F_FFE9, 0xE92A_ACAF, 0xB5DD_06E3)
    ),
  ]

  @Test("gives Random123's known answers", arguments: knownAnswers.indices)
  func knownAnswer(_ i: Int) {
    let known = Self.knownAnswers[i]
    #expect(Philox4x32.block(counter: known.counter, key: known.key) == known.block)
  }
}

@Suite("Random streams")
struct RandomStreamTests {
  @Test("put the address into counter and key as documented, low words first")
  func layout() {
    var stream = RandomStream(StreamAddress(seed: 1234, task: 3, iteration: 7, target: 0))
    #expect(stream.next() == 0x6C8B_E0AC_11D7_5256)
    #expect(stream.next() == 0x7FE0_4AB2_3F98_70C0)

    var other = RandomStream(
      StreamAddress(seed: 0x0123_4567_89AB_CDEF, task: 3, iteration: 7, target: 5))
    _ = (other.next(), other.next())
    #expect(other.next() == 0xC79F_FFE9_559C_BC4F, "the second block has counter 1")
    #expect(other.next() == 0xB5DD_06E3_E92A_ACAF)
  }

  @Test("repeat at the same address and share no word with neighbours in any coordinate")
  func addresses() {
    let base = StreamAddress(seed: 9, task: 1, iteration: 1, target: 1)
    var addresses = [base]
    for step: UInt32 in [1, 2, 0xFFFF_FFF0] {
      var next = base
      next.task &+= step
      addresses.append(next)
      next = base
      next.iteration &+= step
      addresses.append(next)
      next = base
      next.target &+= step
      addresses.append(next)
      next = base
      next.seed &+= UInt64(step) << 30
      addresses.append(next)
    }
    // 2,000 words from each of 13 streams: a collision of 64-bit words has probability 2e-11.
    var seen: Set<UInt64> = []
    for address in addresses {
      var stream = RandomStream(address)
      var again = RandomStream(address)
      for _ in 0..<2_000 {
        let word = stream.next()
        #expect(word == again.next())
        seen.insert(word)
      }
    }
    #expect(seen.count == 2_000 * addresses.count)
  }

  @Test("are copied with their position")
  func copies() {
    var stream = RandomStream(StreamAddress(seed: 2, task: 0, iteration: 0, target: 0))
    _ = stream.next()
    var copy = stream
    #expect((0..<5).map { _ in stream.next() } == (0..<5).map { _ in copy.next() })
  }
}
