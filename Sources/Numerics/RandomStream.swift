/// What a stream of random numbers is for: its coordinates in the space of all streams of a run.
///
/// Two streams that differ in any coordinate are independent, so a draw depends on where it is
/// needed and never on which rank makes it or on what was computed before.
public struct StreamAddress: Sendable, Hashable {
  /// The study's seed.
  public var seed: UInt64
  /// Number of the task: of the imputation k = 1…m, or of the replicate.
  public var task: UInt32
  /// Iteration of the chain; 0 is the starting imputation.
  public var iteration: UInt32
  /// Position in the visit sequence.
  public var target: UInt32

  public init(seed: UInt64, task: UInt32, iteration: UInt32, target: UInt32) {
    self.seed = seed
    self.task = task
    self.iteration = iteration
    self.target = target
  }
}

/// Random numbers from Philox under one ``StreamAddress``: 2³² − 1 blocks of 128 bits.
///
/// The address is the generator's whole identity; nothing needs to be saved to resume.
public struct RandomStream: RandomNumberGenerator, Sendable {
  @usableFromInline let key: SIMD2<UInt32>
  @usableFromInline var counter: SIMD4<UInt32>
  @usableFromInline var buffered: UInt64 = 0
  @usableFromInline var hasBuffered = false

  public init(_ address: StreamAddress) {
    key = SIMD2(
      UInt32(truncatingIfNeeded: address.seed), UInt32(truncatingIfNeeded: address.seed >> 32))
    counter = SIMD4(0, address.target, address.iteration, address.task)
  }

  /// The next 64 random bits.
  @inlinable
  public mutating func next() -> UInt64 {
    if hasBuffered {
      hasBuffered = false
      return buffered
    }
    let block = Philox4x32.block(counter: counter, key: key)
    precondition(counter[0] != .max, "a random stream of 2^32 blocks is used up")
    counter[0] &+= 1
    buffered = UInt64(block[2]) | UInt64(block[3]) << 32
    hasBuffered = true
    return UInt64(block[0]) | UInt64(block[1]) << 32
  }
}
