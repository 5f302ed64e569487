import Foundation

/// Text as other programs have to be handed it: the shell, sbatch, spreadsheets, JSON, HTML, a file
/// system, a terminal. All quoting and checking of text that leaves this program is here.
///
/// Everything goes by Unicode scalars or bytes. By `Character` a quotation mark with a combining
/// mark behind it is another letter than a quotation mark and gets through, while the program at the
/// other end sees the mark all the same; and CR LF is one letter that equals neither of its two.
public enum OutsideText {
  // MARK: - The shell and Slurm

  /// `text` as one word of bash, zsh or ksh, whatever it holds.
  ///
  /// Control characters are written by their numbers (`$'\n'`), so that a word stays on its line, in
  /// a script's comment too, and reaches no terminal raw. NUL, which no argument can hold, becomes
  /// U+FFFD.
  public static func shellWord(_ text: String) -> String {
    let bytes = Array(text.replacingNUL.utf8)
    if !bytes.isEmpty, bytes.allSatisfy({ isPlain($0) || ":=%".utf8.contains($0) }) {
      return String(decoding: bytes, as: UTF8.self)
    }
    var result: [UInt8] = []
    let hasControl = text.unicodeScalars.contains { isControl($0) || $0.isLineBreak }
    guard hasControl else {
      result.append(UInt8(ascii: "'"))
      for byte in bytes {
        if byte == UInt8(ascii: "'") {
          result += Array(#"'\''"#.utf8)
        } else {
          result.append(byte)
        }
      }
      return String(decoding: result + [UInt8(ascii: "'")], as: UTF8.self)
    }
    result += Array("$'".utf8)
    for scalar in text.replacingNUL.unicodeScalars {
      switch scalar {
      case "'": result += Array(#"\'"#.utf8)
      case "\\": result += Array(#"\\"#.utf8)
      case "\n": result += Array(#"\n"#.utf8)
      case "\t": result += Array(#"\t"#.utf8)
      case "\r": result += Array(#"\r"#.utf8)
      case _ where isControl(scalar) || scalar.isLineBreak:
        for byte in String(scalar).utf8 { result += Array(("\\x" + hexadecimal(byte)).utf8) }
      default: result += Array(String(scalar).utf8)
      }
    }
    return String(decoding: result + [UInt8(ascii: "'")], as: UTF8.self)
  }

  /// `text` as the value of an option on a line `#SBATCH --option=…`; nil when no such line can hold
  /// it: it is one line of less than 8 kB, and Slurm has no way to write a control character.
  public static func directiveValue(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    guard bytes.count <= 4_000, !text.unicodeScalars.contains(where: { isControl($0) }) else {
      return nil
    }
    if bytes.allSatisfy({ isPlain($0) || $0 >= 0x80 || ":=%".utf8.contains($0) }) { return text }
    var result = [UInt8(ascii: "\"")]
    for byte in bytes {
      if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") {
        result.append(UInt8(ascii: "\\"))
      }
      result.append(byte)
    }
    return String(decoding: result + [UInt8(ascii: "\"")], as: UTF8.self)
  }

  /// `text` with every per cent sign doubled, as Slurm's file name patterns want it.
  public static func filePattern(_ text: String) -> String {
    String(decoding: text.utf8.flatMap { $0 == 0x25 ? [0x25, 0x25] : [$0] }, as: UTF8.self)
  }

  /// ASCII letters, digits and signs that mean nothing to the shell, in a name, or to sbatch.
  private static func isPlain(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || "._+-/,@".utf8.contains(byte)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  /// Letters and digits of ASCII in small letters, everything else as single hyphens, at most
  /// `limit` of them: a name that anything takes.
  public static func plainName(_ text: String, upTo limit: Int) -> String {
    var words: [[UInt8]] = [[]]
    for byte in text.utf8 {
      if isLetterOrDigit(byte) {
        words[words.count - 1].append(byte | (byte >= 0x41 && byte <= 0x5A ? 0x20 : 0))
      } else if words[words.count - 1].isEmpty == false {
        words.append([])
      }
    }
    let all = Array(words.filter { !$0.isEmpty }.joined(separator: [0x2D]))
    var name = all.prefix(limit)
    if name.last == 0x2D { name.removeLast() }
    return String(decoding: name, as: UTF8.self)
  }

  // MARK: - Tables

  /// `text` as a field of RFC 4180: in quotation marks if it holds a comma, semicolon, quotation mark
  /// or line end, or if readers could take off blanks at its ends.
  ///
  /// A field that begins with `=`, `+`, `-` or `@` is written as it is. Spreadsheets take it for a
  /// formula, but an apostrophe or blank before it would be another value for everyone else who reads
  /// the file (a label `-1 to 3`, a term `+x`), and quotation marks do not keep a spreadsheet from it:
  /// who opens a file there imports the columns as text.
  public static func csvField(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    let needsQuotes =
      bytes.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D || $0 == 0x3B }
      || [0x20, 0x09].contains(bytes.first) || [0x20, 0x09].contains(bytes.last)
    guard needsQuotes else { return bytes }
    var result: [UInt8] = [0x22]
    for byte in bytes {
      if byte == 0x22 { result.append(0x22) }
      result.append(byte)
    }
    return result + [0x22]
  }

  /// `text` as a string of JSON, quotation marks included. Control characters, DEL and U+0080–U+009F
  /// among them, and line separators are written by their numbers.
  public static func json(_ text: String) -> String {
    var result = String.UnicodeScalarView("\"".unicodeScalars)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result.append(contentsOf: "\\\"".unicodeScalars)
      case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case _ where isControl(scalar) || scalar.isLineBreak:
        let hex = String(scalar.value, radix: 16)
        let zeros = String(repeating: "0", count: 4 - hex.utf8.count)
        result.append(contentsOf: ("\\u" + zeros + hex).unicodeScalars)
      default: result.append(scalar)
      }
    }
    result.append("\"")
    return String(result)
  }

  // MARK: - HTML

  /// `text` as HTML shows it, in an element or in a quoted attribute.
  public static func html(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      case "\n", "\t": result.append(scalar)
      // No document may hold these.
      case _ where isControl(scalar): result.append("\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// JSON that cannot end the script element that it stands in.
  public static func scriptSafe(_ json: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in json.unicodeScalars {
      switch scalar {
      case "<": result.append(contentsOf: "\\u003c".unicodeScalars)
      case "\u{2028}": result.append(contentsOf: "\\u2028".unicodeScalars)
      case "\u{2029}": result.append(contentsOf: "\\u2029".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  // MARK: - Terminals

  /// `text` made safe to print: control characters, which could move the cursor, are replaced, and
  /// right-to-left text is isolated, so that it cannot reorder the columns beside it.
  public static func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var isRightToLeft = false
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069:
        result.append("\u{FFFD}")
      case 0x200E, 0x200F, 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF,
        0x1E800...0x1EFFF:
        isRightToLeft = true
        result.append(scalar)
      default: result.append(scalar)
      }
    }
    return isRightToLeft ? "\u{2068}" + String(result) + "\u{2069}" : String(result)
  }

  /// `text` of several lines, with control characters and marks that turn the direction of writing
  /// replaced, but for line feeds and tabs: what a message or a table for programs may hold when it
  /// goes to a terminal.
  public static func lines(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A: result.append(scalar)
      case 0x0...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: result.append("\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  // MARK: - Names of files

  /// Whether `text` can name one file in a folder: no path, nothing hidden, no control character, and
  /// within the 255 bytes that file systems allow.
  public static func isFileName(_ text: String) -> Bool {
    let bytes = text.utf8
    return !bytes.isEmpty && bytes.count <= 255 && bytes.first != 0x2E && !bytes.contains(0x2F)
      && !text.unicodeScalars.contains { isControl($0) || $0.isLineBreak }
      && text.unicodeScalars.contains { !$0.properties.isWhitespace }
  }

  /// The last part of a path, after its last slash; empty when it ends in one.
  public static func lastPart(ofPath path: String) -> String {
    String(decoding: path.utf8.reversed().prefix { $0 != 0x2F }.reversed(), as: UTF8.self)
  }

  /// A path up to and with its last slash; empty when it has none.
  public static func folder(ofPath path: String) -> String {
    let bytes = Array(path.utf8)
    guard let slash = bytes.lastIndex(of: 0x2F) else { return "" }
    return String(decoding: bytes[...slash], as: UTF8.self)
  }

  // MARK: -

  /// C0 and C1 control characters and DEL.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}

extension Unicode.Scalar {
  /// LINE SEPARATOR and PARAGRAPH SEPARATOR, at which some programs end a line.
  fileprivate var isLineBreak: Bool { value == 0x2028 || value == 0x2029 }
}

extension String {
  fileprivate var replacingNUL: String {
    guard utf8.contains(0) else { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars { result.append(scalar.value == 0 ? "\u{FFFD}" : scalar) }
    return String(result)
  }
}
