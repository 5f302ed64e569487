import COpenMPI

/// All ranks of an MPI job (MPI_COMM_WORLD), through Open MPI.
///
/// Nothing here waits inside MPI: sends are non-blocking and kept until they have left, receives
/// are posted only for messages that a probe has seen, and of the collectives only the non-blocking
/// barrier is used, for the others wait for ever for a rank that has died. A message longer than `chunk` bytes
/// travels as full chunks followed by one shorter chunk (possibly empty); MPI keeps the order
/// of messages between two ranks under one tag, so no header is needed. (MPI's counts are 32-bit.)
///
/// MPI calls of one process are serialised by a lock.
public final class MPICommunicator: Communicator {
  public let rank: Int
  public let size: Int
  public let processorName: String
  private let chunk: Int
  private let state: Guarded<State>

  /// Is this process a rank started by mpirun, or by srun with PMIx?
  ///
  /// Decided by the environment alone: asking MPI would mean initialising it.
  public static var isLaunched: Bool {
    environmentValue("OMPI_COMM_WORLD_SIZE") != nil || environmentValue("PMIX_RANK") != nil
  }

  /// Name and version of the MPI library, such as `Open MPI v4.1.4`; MPI need not be initialised.
  public static var libraryVersion: String {
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING) + 1)
    var length: Int32 = 0
    guard MPI_Get_library_version(&text, &length) == MPI_SUCCESS else { return "unknown" }
    let whole = String(
      decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    // What follows the first comma is the packager's.
    return String(whole.prefix { $0 != "," && $0 != "\n" })
  }

  /// The communicator of this process: MPI's when it was launched as a rank, otherwise a
  /// ``SoloCommunicator``. Call it once, at the start.
  ///
  /// - Throws: ``MessagePassingError/mpi(function:reason:)`` when MPI can't be initialised.
  public static func current() throws(MessagePassingError) -> any Communicator {
    isLaunched ? try MPICommunicator() : SoloCommunicator()
  }

  /// Initialises MPI. At most once in a process.
  ///
  /// - Parameter chunk: longest single MPI message in bytes; the same on every rank.
  public init(chunk: Int = 1 << 30) throws(MessagePassingError) {
    precondition(chunk > 0 && chunk <= Int(Int32.max))
    endWithLauncher()
    StallWatch.start()
    var provided: Int32 = 0
    let started = StallWatch.watchedStart {
      MPI_Init_thread(nil, nil, Int32(MPI_THREAD_SERIALIZED), &provided)
    }
    try check("MPI_Init_thread", started)
    try check("MPI_Comm_set_errhandler", ompi_shim_return_errors())
    var rank: Int32 = 0
    var size: Int32 = 0
    try check("MPI_Comm_rank", MPI_Comm_rank(ompi_shim_world(), &rank))
    try check("MPI_Comm_size", MPI_Comm_size(ompi_shim_world(), &size))
    var name = [CChar](repeating: 0, count: Int(MPI_MAX_PROCESSOR_NAME) + 1)
    var length: Int32 = 0
    try check("MPI_Get_processor_name", MPI_Get_processor_name(&name, &length))
    self.rank = Int(rank)
    self.size = Int(size)
    self.chunk = chunk
    processorName = String(
      decoding: name.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    state = Guarded(State())
  }

  public func send(_ bytes: [UInt8], to rank: Int, tag: Int32) throws(MessagePassingError) {
    guard rank >= 0 && rank < size else { throw .noSuchRank(rank, size: size) }
    try state.withLock { (state) throws(MessagePassingError) in
      try state.checkOpen()
      try state.send(bytes, to: Int32(rank), tag: tag, chunk: chunk)
      try state.retireSends()
    }
  }

  public func receive() throws(MessagePassingError) -> Message? {
    try state.withLock { (state) throws(MessagePassingError) in
      try state.checkOpen()
      try state.retireSends()
      return try state.receive(chunk: chunk)
    }
  }

  public func flush() throws(MessagePassingError) {
    var backoff = Backoff()
    while try !state.withLock({ (state) throws(MessagePassingError) in
      try state.checkOpen()
      try state.retireSends()
      return state.outgoing.isEmpty
    }) {
      backoff.sleep()
    }
  }

  public func barrier() throws(MessagePassingError) { _ = try barrier(until: nil) }

  /// - Returns: false when not every rank had come by `end`.
  private func barrier(until end: ContinuousClock.Instant?) throws(MessagePassingError) -> Bool {
    var request = ompi_shim_request_null()
    try state.withLock { (state) throws(MessagePassingError) in try state.checkOpen() }
    try check("MPI_Ibarrier", StallWatch.watched { MPI_Ibarrier(ompi_shim_world(), &request) })
    var backoff = Backoff()
    while true {
      var done: Int32 = 0
      try check("MPI_Test", StallWatch.watched { ompi_shim_test(&request, &done) })
      if done != 0 { return true }
      if let end, ContinuousClock.now >= end { return false }
      // Sends that are still on their way may be what another rank waits for.
      try state.withLock { (state) throws(MessagePassingError) in try state.retireSends() }
      backoff.sleep()
    }
  }

  public func finish(within limit: Duration?) throws(MessagePassingError) -> Bool {
    let end = limit.map { ContinuousClock.now + $0 }
    // The barrier also moves what is still to be sent.
    if end == nil { try flush() }
    guard try barrier(until: end) else { return false }
    try state.withLock { (state) throws(MessagePassingError) in
      state.isFinished = true
      try check("MPI_Finalize", StallWatch.watched { MPI_Finalize() })
    }
    return true
  }

  public func abort(code: Int32) -> Never {
    StallWatch.setStatus(code)
    _ = StallWatch.watched { MPI_Abort(ompi_shim_world(), code) }
    endProcess(code)
  }
}

/// Messages on their way out and in. Used under the communicator's lock only.
private struct State: @unchecked Sendable {
  struct Outgoing {
    var requests: [MPI_Request?]
    let buffer: UnsafeMutableRawBufferPointer
  }

  /// A message whose chunks are arriving.
  struct Incoming {
    let source: Int32
    let tag: Int32
    /// Memory and receive of each chunk posted so far, in order.
    var chunks: [UnsafeMutableRawBufferPointer] = []
    var requests: [MPI_Request?] = []
    /// Chunks at the front that are in.
    var received = 0
    /// The last chunk posted was a short one: nothing follows.
    var isLast = false

    mutating func advance() throws(MessagePassingError) {
      while received < chunks.count {
        var done: Int32 = 0
        try check("MPI_Test", StallWatch.watched { ompi_shim_test(&requests[received], &done) })
        if done == 0 { return }
        received += 1
      }
    }

    /// The message's bytes; frees the chunks.
    func take() -> [UInt8] {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(chunks.reduce(0) { $0 + $1.count })
      for chunk in chunks {
        bytes.append(contentsOf: chunk)
        chunk.deallocate()
      }
      return bytes
    }
  }

  var outgoing: [Outgoing] = []
  var incoming: [Incoming] = []
  var isFinished = false

  func checkOpen() throws(MessagePassingError) {
    if isFinished { throw .finished }
  }

  mutating func send(
    _ bytes: [UInt8], to rank: Int32, tag: Int32, chunk: Int
  ) throws(MessagePassingError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(bytes.count, 1), alignment: 8)
    buffer.copyBytes(from: bytes)
    guard let place = buffer.baseAddress else { return }
    var message = Outgoing(requests: [], buffer: buffer)
    var offset = 0
    while true {
      let piece = min(chunk, bytes.count - offset)
      var request = ompi_shim_request_null()
      try check(
        "MPI_Isend",
        StallWatch.watched {
          ompi_shim_isend(place + offset, Int32(piece), rank, tag, &request)
        })
      message.requests.append(request)
      offset += piece
      if piece < chunk { break }
    }
    outgoing.append(message)
  }

  /// Frees the messages that have left.
  mutating func retireSends() throws(MessagePassingError) {
    var index = 0
    while index < outgoing.count {
      while !outgoing[index].requests.isEmpty {
        var done: Int32 = 0
        try check(
          "MPI_Test", StallWatch.watched { ompi_shim_test(&outgoing[index].requests[0], &done) })
        if done == 0 { break }
        outgoing[index].requests.removeFirst()
      }
      if outgoing[index].requests.isEmpty {
        outgoing[index].buffer.deallocate()
        outgoing.remove(at: index)
      } else {
        index += 1
      }
    }
  }

  mutating func receive(chunk: Int) throws(MessagePassingError) -> Message? {
    if let message = try takeComplete() { return message }
    while try post(chunk: chunk) {
      if let message = try takeComplete() { return message }
    }
    return nil
  }

  /// Starts to receive the next chunk that a probe finds; false when there is none.
  private mutating func post(chunk: Int) throws(MessagePassingError) -> Bool {
    var found: Int32 = 0
    var source: Int32 = 0
    var tag: Int32 = 0
    var count: Int32 = 0
    try check(
      "MPI_Iprobe",
      StallWatch.watched {
        ompi_shim_iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, &found, &source, &tag, &count)
      })
    guard found != 0 else { return false }
    let place = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(count), alignment: 8)
    var request = ompi_shim_request_null()
    try check(
      "MPI_Irecv",
      StallWatch.watched { ompi_shim_irecv(place.baseAddress, count, source, tag, &request) })
    let open = incoming.firstIndex { $0.source == source && $0.tag == tag && !$0.isLast }
    let index = open ?? incoming.count
    if open == nil { incoming.append(Incoming(source: source, tag: tag)) }
    incoming[index].chunks.append(place)
    incoming[index].requests.append(request)
    incoming[index].isLast = Int(count) < chunk
    return true
  }

  /// The first message that is complete and not behind another from the same sender.
  private mutating func takeComplete() throws(MessagePassingError) -> Message? {
    var waiting: Set<Int32> = []
    for index in incoming.indices {
      try incoming[index].advance()
      let item = incoming[index]
      let isComplete = item.isLast && item.received == item.chunks.count
      if isComplete && !waiting.contains(item.source) {
        incoming.remove(at: index)
        return Message(source: Int(item.source), tag: item.tag, bytes: item.take())
      }
      waiting.insert(item.source)
    }
    return nil
  }
}

/// Turns an MPI error code into an error with MPI's text.
private func check(_ function: String, _ code: Int32) throws(MessagePassingError) {
  guard code != MPI_SUCCESS else { return }
  var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING) + 1)
  var length: Int32 = 0
  let known = MPI_Error_string(code, &text, &length) == MPI_SUCCESS
  let reason =
    known
    ? String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    : "error code \(code)"
  throw .mpi(function: function, reason: reason)
}
