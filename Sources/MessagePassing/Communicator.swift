/// A message as it arrived: who sent it, under which tag, and its bytes.
public struct Message: Sendable, Equatable {
  /// Rank of the sender.
  public let source: Int
  /// Tag given by the sender, 0…32767.
  public let tag: Int32
  /// Content; may be empty.
  public let bytes: [UInt8]

  public init(source: Int, tag: Int32, bytes: [UInt8]) {
    self.source = source
    self.tag = tag
    self.bytes = bytes
  }
}

/// A group of processes, numbered 0..<size, that exchange byte messages.
///
/// No call burns a core while it waits: waiting is polling with sleeps of 20 µs growing to 1 ms
/// (``Backoff``). Messages from one sender to one receiver arrive in the order sent.
public protocol Communicator: AnyObject, Sendable {
  /// This process's number, 0..<``size``.
  var rank: Int { get }
  /// Number of processes.
  var size: Int { get }
  /// Name of the node that this process runs on.
  var processorName: String { get }

  /// Sends `bytes`, of any length, to `rank` (this rank included); returns without waiting for
  /// the receiver. The message leaves for good during later calls on this communicator;
  /// ``flush()`` waits for that.
  func send(_ bytes: [UInt8], to rank: Int, tag: Int32) throws(MessagePassingError)

  /// The next complete message from any sender under any tag, or nil when none has arrived.
  func receive() throws(MessagePassingError) -> Message?

  /// Waits until every message sent from here has left.
  func flush() throws(MessagePassingError)

  /// Waits, without using the processor, until every rank has called it.
  func barrier() throws(MessagePassingError)

  /// Ends communication in good order: sends what is pending, waits for all ranks, finalises.
  /// The last call on the communicator. A process that exits without it makes the launcher end
  /// the whole job, which is right after a fatal error and wrong otherwise.
  ///
  /// - Parameter limit: how long to wait for the other ranks; nil: for ever.
  /// - Returns: false when that time was over: end with ``abort(code:)``.
  func finish(within limit: Duration?) throws(MessagePassingError) -> Bool

  /// Ends every process of the job at once with exit status `code`.
  func abort(code: Int32) -> Never
}

extension Communicator {
  /// Ends communication in good order, however long the other ranks take.
  public func finish() throws(MessagePassingError) { _ = try finish(within: nil) }

  /// Waits up to `limit` for a message, sleeping between looks; nil when none came.
  public func receive(within limit: Duration) throws(MessagePassingError) -> Message? {
    let end = ContinuousClock.now + limit
    var backoff = Backoff()
    while true {
      if let message = try receive() { return message }
      if ContinuousClock.now >= end { return nil }
      backoff.sleep()
    }
  }
}

/// The communicator of a program that runs as one process: no MPI is started.
///
/// MPI_Init as a singleton takes 0.4 s and needs a working loopback; one rank needs neither.
public final class SoloCommunicator: Communicator {
  public let rank = 0
  public let size = 1
  public let processorName: String
  private let queue = Guarded<[Message]>([])

  public init() { processorName = hostName() }

  public func send(_ bytes: [UInt8], to rank: Int, tag: Int32) throws(MessagePassingError) {
    guard rank == 0 else { throw .noSuchRank(rank, size: 1) }
    queue.withLock { $0.append(Message(source: 0, tag: tag, bytes: bytes)) }
  }

  public func receive() throws(MessagePassingError) -> Message? {
    queue.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }

  public func flush() throws(MessagePassingError) {}

  public func barrier() throws(MessagePassingError) {}

  public func finish(within limit: Duration?) throws(MessagePassingError) -> Bool { true }

  public func abort(code: Int32) -> Never { endProcess(code) }
}
