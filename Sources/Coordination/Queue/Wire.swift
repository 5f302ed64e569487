import MessagePassing
import RunRecord
import Tabular

/// Messages between rank 0 and the others. Integers are little-endian; the ranks of one job run
/// one executable, so there is no version number.
package enum Wire {
  package enum Tag {
    // From rank 0.
    static let assign: Int32 = 1
    static let recall: Int32 = 2
    static let stop: Int32 = 3
    static let finish: Int32 = 4
    static let fail: Int32 = 5
    static let checkpoint: Int32 = 6
    static let alive: Int32 = 7
    static let begin: Int32 = 9
    static let over: Int32 = 10
    // From rank 0, or from the rank before in the tree.
    static let job: Int32 = 8
    // To rank 0.
    static let result: Int32 = 11
    static let progress: Int32 = 12
    static let returned: Int32 = 13
    static let handedIn: Int32 = 14
    static let stopRequest: Int32 = 15
    static let hello: Int32 = 16
    package static let ready: Int32 = 17
  }

  static func encode(_ process: ProcessIdentity) -> [UInt8] {
    var writer = ByteWriter()
    for text in [process.host, process.machine, process.startTime] {
      writer.append(Array(text.utf8))
    }
    writer.append(UInt64(process.pid))
    return writer.bytes
  }

  static func process(_ message: Message) throws(CoordinationError) -> ProcessIdentity {
    var reader = MessageReader(message)
    var texts: [String] = []
    for _ in 0..<3 { texts.append(String(decoding: try reader.array(), as: UTF8.self)) }
    return ProcessIdentity(
      host: texts[0], pid: Int(try reader.number()), machine: texts[1], startTime: texts[2])
  }

  static func encode(_ item: TaskItem) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(UInt64(item.task))
    writer.append(UInt64(item.checkpoint == nil ? 0 : 1))
    writer.append(item.checkpoint ?? [])
    return writer.bytes
  }

  static func item(_ message: Message) throws(CoordinationError) -> TaskItem {
    var reader = MessageReader(message)
    let task = UInt32(truncatingIfNeeded: try reader.number())
    let hasCheckpoint = try reader.number() == 1
    let checkpoint = try reader.array()
    return TaskItem(task: task, checkpoint: hasCheckpoint ? checkpoint : nil)
  }

  static func encode(_ result: TaskResult) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(UInt64(result.task))
    var failure = ""
    switch result.kind {
    case .finished: writer.append(UInt64(0))
    case .partial: writer.append(UInt64(1))
    case .failed(let text):
      writer.append(UInt64(2))
      failure = text
    }
    writer.append(result.seconds.bitPattern)
    writer.append(UInt64(result.progress.done))
    writer.append(UInt64(result.progress.of))
    writer.append(Array(failure.utf8))
    writer.append(Array(result.host.utf8))
    writer.append(result.bytes)
    return writer.bytes
  }

  static func result(_ message: Message) throws(CoordinationError) -> TaskResult {
    var reader = MessageReader(message)
    let task = UInt32(truncatingIfNeeded: try reader.number())
    let code = try reader.number()
    let seconds = Double(bitPattern: try reader.number())
    let progress = TaskProgress(done: Int(try reader.number()), of: Int(try reader.number()))
    let failure = String(decoding: try reader.array(), as: UTF8.self)
    let host = String(decoding: try reader.array(), as: UTF8.self)
    let bytes = try reader.array()
    let kind: TaskResult.Kind = code == 0 ? .finished : code == 1 ? .partial : .failed(failure)
    return TaskResult(
      task: task, kind: kind, bytes: bytes, rank: message.source, host: host, seconds: seconds,
      progress: progress)
  }

  static func encode(_ numbers: [Int]) -> [UInt8] {
    var writer = ByteWriter()
    for number in numbers { writer.append(UInt64(bitPattern: Int64(number))) }
    return writer.bytes
  }

  static func numbers(_ message: Message) throws(CoordinationError) -> [Int] {
    var reader = MessageReader(message)
    var result: [Int] = []
    while !reader.isAtEnd { result.append(Int(Int64(bitPattern: try reader.number()))) }
    return result
  }

  /// Kind of stop (0 none, 1 signal, 2 deadline), its number, counts, silent ranks.
  static func encode(_ summary: QueueSummary) -> [UInt8] {
    var numbers = [0, 0, summary.finished, summary.failed, summary.partial]
    switch summary.stopped {
    case .signal(let number): numbers.replaceSubrange(0..<2, with: [1, Int(number)])
    case .deadline: numbers[0] = 2
    case nil: break
    }
    return encode(numbers + summary.silentRanks)
  }

  static func summary(_ message: Message) throws(CoordinationError) -> QueueSummary {
    let numbers = try numbers(message)
    guard numbers.count >= 5 else {
      throw .badMessage(tag: message.tag, from: message.source)
    }
    var summary = QueueSummary()
    if numbers[0] == 1 { summary.stopped = .signal(Int32(numbers[1])) }
    if numbers[0] == 2 { summary.stopped = .deadline }
    (summary.finished, summary.failed, summary.partial) = (numbers[2], numbers[3], numbers[4])
    summary.silentRanks = Array(numbers[5...])
    return summary
  }
}

/// Reads a message's numbers and arrays; what is not there is a bad message.
private struct MessageReader {
  private let message: Message
  private var reader: ByteReader

  init(_ message: Message) {
    self.message = message
    reader = ByteReader(message.bytes)
  }

  var isAtEnd: Bool { reader.remaining == 0 }

  mutating func number() throws(CoordinationError) -> UInt64 {
    do {
      return try reader.readUInt64()
    } catch {
      throw .badMessage(tag: message.tag, from: message.source)
    }
  }

  mutating func array() throws(CoordinationError) -> [UInt8] {
    do {
      return try reader.readBytes()
    } catch {
      throw .badMessage(tag: message.tag, from: message.source)
    }
  }
}
