import MessagePassing
import RunRecord
import Synchronization

/// A worker's way to the coordinator and back.
protocol CoordinatorLink: Sendable {
  var rank: Int { get }
  /// Number of ranks.
  var size: Int { get }
  var host: String { get }
  func send(_ bytes: [UInt8], tag: Int32) throws
  func receive() throws -> Message?
}

/// To rank 0 by messages.
struct RemoteLink: CoordinatorLink {
  let communicator: any Communicator
  var rank: Int { communicator.rank }
  var size: Int { communicator.size }
  var host: String { communicator.processorName }

  func send(_ bytes: [UInt8], tag: Int32) throws {
    try communicator.send(bytes, to: 0, tag: tag)
  }

  func receive() throws -> Message? { try communicator.receive() }
}

/// Between the coordinator and the worker of its own process, which runs in a thread of its own:
/// rank 0 answers messages, writes and keeps the time while a long update is computed.
final class LocalLink: CoordinatorLink {
  let rank = 0
  let size: Int
  let host: String
  private let toWorker = Mutex<[Message]>([])
  private let toCoordinator = Mutex<[Message]>([])

  init(size: Int, host: String) {
    self.size = size
    self.host = host
  }

  func send(_ bytes: [UInt8], tag: Int32) {
    toCoordinator.withLock { $0.append(Message(source: 0, tag: tag, bytes: bytes)) }
  }

  func receive() -> Message? { toWorker.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

  func sendToWorker(_ bytes: [UInt8], tag: Int32) {
    toWorker.withLock { $0.append(Message(source: 0, tag: tag, bytes: bytes)) }
  }

  /// Everything that the worker has sent since the last call.
  func takeFromWorker() -> [Message] {
    toCoordinator.withLock { messages in
      defer { messages.removeAll() }
      return messages
    }
  }
}

/// How far a worker is, for the thread that reports it.
final class WorkerState: Sendable {
  private let figures = Mutex<[Int]>([0, 0, 0, 0])

  /// Task (0: idle), units done and in all, longest step in microseconds.
  var numbers: [Int] {
    get { figures.withLock { $0 } }
    set { figures.withLock { $0 = newValue } }
  }
}
