import Foundation
import MessagePassing
import RunRecord

/// What stands in the way of putting the elements of a job array together.
public enum GatheringError: Error, Equatable, CustomStringConvertible {
  /// No element has a record in the run's directory.
  case nothing(directory: String)
  /// Two elements are not parts of the same run.
  case differ(String, String, [RunIdentity.Difference])
  /// An element is still being computed.
  case running(ArrayElement, ClaimRecord, why: ClaimRefusal)

  public var description: String {
    switch self {
    case .nothing(let directory):
      "\(directory) holds no elements of a job array: none of \(ArrayElement.folder)/…/"
        + "\(RunRecord.fileName) is there"
    case .differ(let first, let second, let differences):
      "\(first) and \(second) are not parts of the same run: "
        + differences.map { "\($0.item): \($0.recorded) in the first, \($0.asked) in the second" }
        .joined(separator: "; ") + ". Move one of them away"
    case .running(let element, let claim, let why):
      "element \(element) is being computed by \(claim): \(why)"
    }
  }
}

/// What a merger of elements came to.
public enum Merger: Equatable, Sendable {
  case merged
  /// Everything was there already, results written.
  case mergedBefore
  /// Everything was there already, and the run has been extended since.
  case extendedSince(m: Int, iterations: Int)
}

/// The records that the elements of a job array have left in a run's directory.
public struct Gathering: Sendable {
  /// One element and what it has got.
  public struct Part: Sendable {
    public var element: ArrayElement
    /// nil: it has not begun.
    public var directory: URL?
    /// Its chains that are finished, that failed, and that are neither.
    public var finished: [Int] = []
    public var failed: [Int] = []
    public var missing: [Int]
    /// Who computes it at present.
    public var writer: (claim: ClaimRecord, why: ClaimRefusal)?
  }

  public let directory: URL
  public let description: RunDescription
  /// All elements of the array, begun or not, in order.
  public let parts: [Part]

  /// Numbers of elements that have not got all their chains.
  public var incomplete: [Int] { parts.filter { !$0.missing.isEmpty }.map(\.element.number) }

  /// Looks at the elements in `directory`; touches nothing.
  ///
  /// - Throws: ``GatheringError``, `RunRecordError`.
  public init(directory: URL, claim: ClaimOptions = ClaimOptions()) throws {
    self.directory = directory
    let found = Self.elements(in: directory)
    guard let count = found.first?.count else {
      throw GatheringError.nothing(directory: directory.relativePath)
    }
    let first = try RecordReader(directory: Self.folder(of: found[0], in: directory))
    let description = try first.description()
    self.description = description
    var readers: [(part: Int, reader: RecordReader)] = []
    var parts: [Part] = try (1...count).compactMap { number in
      guard let element = ArrayElement(number: number, count: count) else { return nil }
      let share = element.chains(of: description.m).numbers
      guard found.contains(element) else { return Part(element: element, missing: share) }
      let folder = Self.folder(of: element, in: directory)
      let reader = try RecordReader(directory: folder)
      let own = try reader.description()
      let differences = description.differences(from: own)
      guard differences.isEmpty else {
        throw GatheringError.differ(first.path, reader.path, differences)
      }
      let finished = Set(try reader.finishedChains(iterations: description.iterations))
      let failed = Set(try reader.chains().filter { $0.state == .failed }.map(\.k))
      readers.append((number - 1, reader))
      return Part(
        element: element, directory: folder, finished: share.filter(finished.contains),
        failed: share.filter(failed.contains),
        missing: share.filter { !finished.contains($0) && !failed.contains($0) })
    }
    let writers = try RecordReader.liveClaims(of: readers.map(\.reader), claim)
    for (found, writer) in zip(readers, writers) { parts[found.part].writer = writer }
    self.parts = parts
  }

  /// Copies every element's chains into the run's own record, in order of k within each element,
  /// then calls `finishing`, which writes the results. What is there already is left alone, so
  /// that an interrupted merger is carried on by the next.
  ///
  /// - Parameters:
  ///   - isWritten: whether the results are beside the record already.
  ///   - finishing: writes them.
  /// - Precondition: nothing is ``incomplete``.
  /// - Returns: what was done; unless ``Merger/merged``, nothing was touched.
  /// - Throws: ``GatheringError/running(_:_:why:)``, `RunRecordError` (a record of another run, or
  ///   in use), what `finishing` throws.
  public func merge(
    programVersion: String, isWritten: () throws -> Bool, finishing: () throws -> Void
  ) throws -> Merger {
    precondition(incomplete.isEmpty, "elements are missing")
    for part in parts {
      if let (claim, why) = part.writer {
        throw GatheringError.running(part.element, claim, why: why)
      }
    }
    if let earlier = try earlierMerger(isWritten) { return earlier }
    let run = StudyRun(
      settings: RunSettings(programVersion: programVersion), communicator: SoloCommunicator())
    let record = try RunRecord.openOrCreate(
      directory: directory, description: description, attempt: run.attempt())
    var end = AttemptOutcome.failed
    defer { try? record.close(outcome: end) }
    let own = try RecordReader(directory: directory)
    let there = Set(
      try own.chains().filter {
        $0.state == .failed || $0.state == .finished && $0.iterations >= description.iterations
      }.map(\.k))
    for part in parts {
      guard let folder = part.directory else { continue }
      let reader = try RecordReader(directory: folder)
      let attempts = try reader.attempts()
      let numbers = Dictionary(
        uniqueKeysWithValues: try reader.chains().map { ($0.k, $0.attempt) })
      if try own.fits().first(where: { $0.k == 0 }) == nil {
        try record.commitCompleteCases(
          try reader.fits().filter { $0.k == 0 }.map(\.fit),
          events: try reader.events().filter { $0.k == 0 }.map(\.event))
      }
      for k in (part.finished + part.failed).sorted() where !there.contains(k) {
        guard let chain = try reader.chain(k) else { continue }
        try record.adopt([(chain, numbers[k] ?? 0)], attempts: attempts)
      }
    }
    try finishing()
    end = parts.allSatisfy(\.failed.isEmpty) ? .finished : .failed
    return .merged
  }

  /// What an earlier merger has left; nil when there is still something to merge.
  private func earlierMerger(_ isWritten: () throws -> Bool) throws -> Merger? {
    guard RunRecord.exists(in: directory) else { return nil }
    let reader = try RecordReader(directory: directory)
    let recorded = try reader.description()
    let differences = recorded.differences(from: description)
    // A run never shrinks, and only one that has all its chains is extended.
    if recorded.identity.differences(from: description.identity).isEmpty, !differences.isEmpty,
      recorded.m >= description.m, recorded.iterations >= description.iterations
    {
      return .extendedSince(m: recorded.m, iterations: recorded.iterations)
    }
    guard differences.isEmpty else {
      throw RunRecordError.mismatch(path: reader.path, differences)
    }
    let done = Set(try reader.finishedChains(iterations: description.iterations))
    let failed = Set(try reader.chains().filter { $0.state == .failed }.map(\.k))
    guard parts.allSatisfy({ done.isSuperset(of: $0.finished) && failed.isSuperset(of: $0.failed) })
    else { return nil }
    // Every chain being there says nothing of the files, nor does the last attempt's outcome, which is
    // an element's: a merger that was killed or out of room may have left any of them unwritten.
    return try isWritten() ? .mergedBefore : nil
  }

  /// Elements with a record, of one array: where several sizes are there, of the one with most.
  private static func elements(in directory: URL) -> [ArrayElement] {
    let folder = directory.appending(path: ArrayElement.folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let elements = names.compactMap { ArrayElement(folderName: $0) }
      .filter { RunRecord.exists(in: Self.folder(of: $0, in: directory)) }
    let bySize = Dictionary(grouping: elements, by: \.count)
    let most = bySize.max { ($0.value.count, $0.key) < ($1.value.count, $1.key) }
    return (most?.value ?? []).sorted { $0.number < $1.number }
  }

  private static func folder(of element: ArrayElement, in directory: URL) -> URL {
    URL(filePath: element.directory(in: directory.relativePath), directoryHint: .isDirectory)
  }
}

extension RunDescription {
  /// Items in which two parts of one run must not differ.
  fileprivate func differences(from other: RunDescription) -> [RunIdentity.Difference] {
    var differences = identity.differences(from: other.identity)
    for (item, a, b) in [("m", m, other.m), ("iterations", iterations, other.iterations)]
    where a != b {
      differences.append(RunIdentity.Difference(item: item, recorded: "\(a)", asked: "\(b)"))
    }
    return differences
  }
}
