import Foundation
import Tabular
import Yams

/// The text of a study file and the tree of nodes that YAML makes of it.
package struct StudySource {
  package let text: String
  package let root: Node

  /// Reads the bytes of a file.
  package static func bytes(ofFile path: String) throws(StudyProblem) -> [UInt8] {
    guard let stream = fopen(path, "r") else {
      throw StudyProblem(.unreadable(explanation: String(cString: strerror(errno))))
    }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&buffer, 1, buffer.count, stream)
      bytes.append(contentsOf: buffer[..<count])
      if count < buffer.count { break }
    }
    if ferror(stream) != 0 {
      throw StudyProblem(.unreadable(explanation: String(cString: strerror(errno))))
    }
    return bytes
  }

  /// The text, without the byte order mark that some editors write.
  package static func text(of bytes: [UInt8]) throws(StudyProblem) -> String {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
    if let text = String(validating: content, as: UTF8.self) { return text }
    if let foreign = ForeignFile(beginning: bytes) {
      throw StudyProblem(
        .other("this is \(foreign.kind) and no study file (YAML text); \(foreign.advice)"))
    }
    throw StudyProblem(.notUTF8, at: firstInvalidPosition(in: content))
  }

  private static func firstInvalidPosition(in bytes: ArraySlice<UInt8>) -> SourcePosition {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var position = SourcePosition(line: 1, column: 1)
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      if scalar == "\n" {
        position = SourcePosition(line: position.line + 1, column: 1)
      } else {
        position.column += 1
      }
    }
    return position
  }

  /// Parses `text`; keys that a mapping has twice go to `problems`, so that the rest can be read.
  package init(text: String, problems: ProblemList) throws(StudyProblem) {
    self.text = text
    // Yams stops at a mapping with a duplicate key. To report the others too, rename the first of
    // the two, in place and without moving anything, and try again: see `KeyMask`.
    var masked = text
    var round = 0
    while true {
      do {
        let parsed = try Yams.compose(yaml: masked, .default, .default, .utf8)
        guard let parsed, !parsed.isNothing else { throw StudyProblem(.empty) }
        root = parsed
        return
      } catch let problem as StudyProblem {
        throw problem
      } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
        let position = SourcePosition(line: context.mark.line, column: context.mark.column)
        guard round < StudyError.limit,
          let renamed = KeyMask.masking(masked, at: position, number: round)
        else {
          let key = keys.first.map(KeyMask.original(of:)) ?? ""
          throw StudyProblem(.duplicateKey(key, firstLine: position.line), at: position)
        }
        problems.maskedKeys[KeyMask.scalar(round)] = (renamed.first, position)
        masked = renamed.text
        round += 1
      } catch {
        throw Self.syntaxProblem(error, in: text)
      }
    }
  }

  /// Whether the root is a mapping with at least one of `keys`.
  package func hasSections(named keys: [String]) -> Bool {
    guard case .mapping(let mapping) = root else { return false }
    return mapping.contains { entry in
      if case .scalar(let scalar) = entry.key { keys.contains(scalar.string) } else { false }
    }
  }

  /// libyaml's words for lists and mappings within one another without end name its own function.
  static func sentence(_ explanation: String) -> String {
    explanation.contains("yaml_set_max_nest_level")
      ? "lists or mappings stand within one another more than 1,000 deep" : explanation
  }

  private static func syntaxProblem(_ error: any Error, in text: String) -> StudyProblem {
    switch error {
    case YamlError.scanner(_, let explanation, let mark, _),
      YamlError.parser(_, let explanation, let mark, _),
      YamlError.composer(_, let explanation, let mark, _):
      let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      // An end that came too early is better shown where the text ends than behind it.
      let last = (lines.lastIndex { !$0.isEmpty } ?? 0) + 1
      if mark.line > last {
        let end = SourcePosition(line: last, column: lines[last - 1].unicodeScalars.count + 1)
        return StudyProblem(.syntax(explanation: sentence(explanation)), at: end)
      }
      let position = SourcePosition(line: mark.line, column: mark.column)
      guard lines.indices.contains(mark.line - 1) else {
        return StudyProblem(.syntax(explanation: sentence(explanation)))
      }
      let line = lines[mark.line - 1]
      if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") {
        return StudyProblem(.tabIndentation, at: position)
      }
      return StudyProblem(.syntax(explanation: sentence(explanation)), at: position)
    case YamlError.reader(let explanation, let offset, _, _):
      return StudyProblem(
        .syntax(explanation: sentence(explanation)),
        at: offset.map { position(ofByte: $0, in: text) })
    default:
      // The error's own description quotes the file.
      return StudyProblem(.syntax(explanation: "it cannot be parsed"))
    }
  }

  private static func position(ofByte offset: Int, in text: String) -> SourcePosition {
    let before = String(decoding: text.utf8.prefix(offset), as: UTF8.self).unicodeScalars
    let lineStart = before.lastIndex(of: "\n").map { before.index(after: $0) }
    return SourcePosition(
      line: before.count { $0 == "\n" } + 1,
      column: before[(lineStart ?? before.startIndex)...].count + 1)
  }
}

/// Stands in for the first letter of a duplicate key: a private-use character of one column.
enum KeyMask {
  private static let first: UInt32 = 0xE000

  static func scalar(_ number: Int) -> Unicode.Scalar {
    Unicode.Scalar(first + UInt32(number)) ?? "\u{E000}"
  }

  /// The text with the first letter of the key at `position` replaced, and that letter; nil if
  /// there is something else than a plain or quoted key.
  static func masking(
    _ text: String, at position: SourcePosition, number: Int
  ) -> (text: String, first: Unicode.Scalar)? {
    var scalars = Array(text.unicodeScalars)
    var line = 1
    var index = 0
    while line < position.line, index < scalars.count {
      // CR LF is one line break.
      if scalars[index] == "\n" { line += 1 }
      index += 1
    }
    index += position.column - 1
    if scalars.indices.contains(index), scalars[index] == "\"" || scalars[index] == "'" {
      index += 1
    }
    guard scalars.indices.contains(index) else { return nil }
    let letter = scalars[index]
    guard letter.properties.isAlphabetic || letter.properties.numericType != nil || letter == "_"
    else { return nil }
    scalars[index] = scalar(number)
    var masked = String.UnicodeScalarView()
    masked.append(contentsOf: scalars)
    return (String(masked), letter)
  }

  /// `key` without a mask's effect on messages; used where the letter is no longer at hand.
  static func original(of key: String) -> String {
    String(key.unicodeScalars.filter { !(first..<first + 64).contains($0.value) })
  }
}
