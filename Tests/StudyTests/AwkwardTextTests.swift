import Imputation
import Study
import Testing

/// Whatever names and texts hold: the study that a run keeps says the same when it is read again.
@Suite struct AwkwardText {
  /// None begins with a byte order mark, which YAML's reader takes away.
  static let texts: [String] = [
    "a\nb", "a\r\nb", "\ta", "a\tb\t", "# no comment", "a #b", "a: b", ": a", "- a", "? a", "a, b",
    "[a]", "{a: b}", "}", "\"", "'", "a\"b'c", "\\", "a\\nb", "&a", "*a", "!a", "!!str a", "|", ">",
    "%a", "@a", "`a`", "yes", "No", "ON", "null", "Null", "~", "1e3", "0x1f", "0o17", ".inf",
    "-.INF",
    ".nan", "NaN", "012", "1_000", "2019-03-24", "12:30:45", "<<", "=", "---", "...", "--- a", " a",
    "a ", "  a  b  ", "e\u{301}", "\u{301}a", "é", "\"\u{301}", "'\u{302}", "a:\u{301} b",
    "\u{202E}abc",
    "שלום", "مرحبا: #", "年齢", "🐭", "👩‍🔬", "a\u{A0}b", "\u{2028}", "\u{85}", "a\u{FEFF}b", "a\u{FEFF}",
    "\u{1}", "\u{1B}[31m", "\u{7F}", "\u{9F}", "\u{E000}", "\u{FFFD}", "\u{10FFFD}",
    String(repeating: "long: #", count: 300), String(repeating: "ü\n", count: 2_000),
  ]

  /// Sequences of such pieces, the same ones every time.
  static let mixtures: [String] = {
    var state: UInt64 = 42
    return (0..<300).map { _ in
      (0..<6).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let piece = texts[Int((state >> 33) % UInt64(texts.count - 2))]
        return state >> 63 == 0 ? piece : String(piece.unicodeScalars.prefix(1))
      }.joined()
    }
  }()

  /// Swift's equality does not tell e with an accent from é.
  private func isSame(_ a: String?, _ b: String) -> Bool {
    a.map { $0.utf8.elementsEqual(b.utf8) } == true
  }

  private func study(_ text: String) -> Study {
    let options = MethodOptions()
    return Study(
      name: text, dataPath: "/" + text, columns: [text, "y"],
      missing: [Study.MissingRule(column: text, codes: [.text(text), .number(99)])],
      levels: [text: [text, "other"]],
      imputation: ImputationSpecification(
        cluster: nil,
        variables: [
          VariableSpecification(name: text, type: .ordered, levels: [0, 1]),
          VariableSpecification(name: "y", type: .numeric),
        ],
        targets: [
          TargetSpecification(
            name: "y", method: "pmm",
            predictors: [PredictorSpecification(name: text, role: .fixed)], options: options)
        ], visit: ["y"], seed: 1),
      analyses: [Study.Analysis(name: text, model: "y ~ 1")], outputDirectory: "o" + text)
  }

  @Test func whatIsWrittenIsRead() throws {
    for text in Self.texts + Self.mixtures {
      let shown = text.unicodeScalars.prefix(40).map { $0.escaped(asASCII: true) }.joined()
      let written = try study(text).asUnderstood()
      let file: StudyFile
      do {
        file = try StudyFile(text: written, path: "s.yaml")
      } catch {
        Issue.record("'\(shown)' is not read: \(error)")
        continue
      }
      #expect(isSame(file.name?.value, text), "study: \(shown)")
      #expect(isSame(file.dataFile?.value, "/" + text), "data.file: \(shown)")
      #expect(isSame(file.columns?.first?.value, text), "data.columns: \(shown)")
      #expect(isSame(file.missing.first?.column.value, text), "data.missing: \(shown)")
      #expect(file.missing.first?.codes.map(\.value) == [.text(text), .number(99)], "\(shown)")
      #expect(isSame(file.variables.first?.name.value, text), "variables: \(shown)")
      #expect(isSame(file.variables.first?.levels?.first?.value, text), "levels: \(shown)")
      #expect(
        isSame(file.targets?.first?.predictors?.first?.name.value, text), "predictors: \(shown)")
      #expect(isSame(file.analyses.first?.name?.value, text), "analyse: \(shown)")
      #expect(isSame(file.outputDirectory?.value, "o" + text), "output: \(shown)")
    }
  }
}
