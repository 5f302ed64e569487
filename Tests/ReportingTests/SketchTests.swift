import Foundation
import Reporting
import Tabular
import Testing

@Suite struct SketchTests {
  private let terminal = OutputStyle(width: 100, usesUnicode: true, usesColor: false)

  @Test func barsAreProportional() {
    #expect(Sketch.bars([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█")
    #expect(Sketch.bars([1000, 0, 1, 1000]) == "█ ▁█")
    #expect(Sketch.bars([3]) == "█")
    // Nothing to draw, and nothing to divide by.
    #expect(Sketch.bars([]).isEmpty && Sketch.bars([0, 0]).isEmpty)
    #expect(Sketch.bars([1, .infinity]).isEmpty)
  }

  private func rows(_ columns: [Column]) -> [VariableRow] {
    VariableRow.rows(Dataset(columns: columns))
  }

  @Test func distributionsOfColumns() {
    func sketch(_ values: Column.Values) -> String? {
      rows([Column(name: "x", values: values)])[0].sketch
    }
    #expect(sketch(.numeric([0, 1, 1, .nan])) == "▄█")
    #expect(sketch(.numeric([5, 5])) == "█")
    #expect(sketch(.numeric([.nan, .nan])) == nil)
    #expect(sketch(.numeric([])) == nil)
    #expect(sketch(.text(codes: [0, 1, 1, 1, -1, 1], levels: ["a", "b"])) == "▂█")
    #expect(
      sketch(.text(codes: (0..<13).map(Int32.init), levels: (0..<13).map { "\($0)" })) == nil)
    // More than twelve values: twelve bars of equal width, here with as many values in each.
    #expect(sketch(.numeric((0..<120).map(Double.init))) == String(repeating: "█", count: 12))
    // The widest range there is.
    let extreme = [-Double.greatestFiniteMagnitude] + (0..<20).map(Double.init)
    let drawn = sketch(.numeric(extreme + [Double.greatestFiniteMagnitude]))
    #expect(drawn?.count == 12 && drawn?.first == "▁" && drawn?.last == "▁")
    // A far value leaves the others in one bar.
    #expect(sketch(.numeric((0..<20).map(Double.init) + [1e300])) == "█          ▁")
  }

  @Test func shownWhereTheyCanBe() {
    let table = Table.variables(
      rows([
        Column(name: "漢字", values: .numeric([1, 2, 2])),
        Column(name: "y", values: .numeric([7, 7, 7])),
      ]))
    let lines = table.rendered(style: terminal).split(separator: "\n")
    #expect(lines[1].hasSuffix("  distribution"))
    // Right under the end of the header, wide characters or not.
    let width = displayWidth(String(lines[1]))
    #expect(lines[3].hasSuffix("▄█") && displayWidth(String(lines[3])) == width)
    #expect(lines[4].hasSuffix("█") && displayWidth(String(lines[4])) == width)
    for style in [
      OutputStyle.plain, OutputStyle(width: 80, usesUnicode: false, usesColor: true),
      OutputStyle(width: nil, usesUnicode: true, usesColor: false),
      OutputStyle.terminal(width: 80, environment: ["LANG": "C"]),
      OutputStyle.terminal(width: 80, environment: ["LANG": "en_GB.UTF-8", "TERM": "dumb"]),
    ] {
      let text = table.rendered(style: style)
      #expect(!text.contains("distribution") && !text.contains("█"))
    }
    #expect(
      table.rendered(style: .terminal(width: 80, environment: ["LANG": "en_GB.UTF-8"]))
        .contains("▄█"))
    for machine in [table.csv(), table.json()] {
      #expect(!machine.contains("distribution") && !machine.contains("█"))
      #expect(machine.contains("sd") && machine.contains("method"))
    }
  }

  /// A sketch is never cut: a narrow terminal folds the table instead.
  @Test(arguments: [24, 30, 44, 60]) func narrowTerminals(_ width: Int) {
    let table = Table.variables(
      rows([
        Column(
          name: "x", label: "a label of some length", values: .numeric((0..<120).map(Double.init)))
      ]))
    let text = table.rendered(style: OutputStyle(width: width, usesUnicode: true, usesColor: false))
    #expect(text.contains(String(repeating: "█", count: 12)))
    for line in text.split(separator: "\n") { #expect(displayWidth(String(line)) <= width) }
  }
}
