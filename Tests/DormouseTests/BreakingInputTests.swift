import Foundation
import LaunchedJobs
import Testing

/// Input that breaks out, or would bring the program down: a sentence, and nothing of it on the way.
@Suite struct BreakingInputTests {
  private func expectRefusal(
    _ arguments: [String], _ sentence: String, in scratch: Scratch,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Program.run(arguments, folder: scratch.folder)
    #expect(outcome.status == 65, "\(outcome.errors.prefix(300))", sourceLocation: location)
    #expect(
      outcome.errors.contains(sentence), "\(outcome.errors.prefix(300))", sourceLocation: location)
    #expect(outcome.errors.split(separator: "\n").count == 1, sourceLocation: location)
    #expect(outcome.output.isEmpty, sourceLocation: location)
  }

  /// Without a line of names the first row stands in its place, and none of its values is shown.
  @Test func estimatesWithoutALineOfNames() throws {
    let scratch = try Scratch()
    try scratch.write("e.csv", "arm,0.31337,0.125\narm,0.4,0.2\n")
    try expectRefusal(["pool-table", "e.csv"], "the first line holds numbers", in: scratch)
    try scratch.write("f.csv", "arm,0.31337,0.31337\narm,0.4,0.2\n")
    try expectRefusal(["pool-table", "f.csv"], "have the same number for a name", in: scratch)
    for name in ["e.csv", "f.csv"] {
      let outcome = try Program.run(["pool-table", name], folder: scratch.folder)
      #expect(!outcome.errors.contains("31337"), "\(outcome.errors)")
      let fit = try Program.run(["fit", name, "y ~ 0.3133"], folder: scratch.folder)
      #expect(!fit.errors.contains("31337"), "\(fit.errors)")
    }
  }

  /// What would overrun the stack, or the evening, is refused at once by every command.
  @Test func formulasWithoutEnd() throws {
    let scratch = try Scratch()
    try scratch.write("t.csv", "school,y,x\n1,1,2\n1,,3\n2,4,4\n2,2,5\n1,3,1\n2,5,2\n")
    let parentheses = String(repeating: "(", count: 16_000)
    let product = (1...25).map { "f\($0)" }.joined(separator: "*")
    for right in [parentheses, String(repeating: "-", count: 16_000), product] {
      try scratch.write(
        "s.yaml", "data: {file: t.csv, cluster: school}\nanalyse: [{model: \"y ~ \(right)\"}]\n")
      try expectRefusal(["plan", "s.yaml"], "more than", in: scratch)
      try expectRefusal(["fit", "t.csv", "y ~ \(right)"], "more than", in: scratch)
      try scratch.write(
        "m.yaml",
        "data: {model: \"y ~ 1 + \(right) + (1 | school)\"}\nmethods: [cca]\nanalysis: y ~ 1\n")
      let outcome = try Program.run(["simulate", "m.yaml"], folder: scratch.folder)
      #expect(outcome.status == 65, "\(outcome.status) \(outcome.errors.prefix(300))")
    }
    let sums = String(repeating: "(1 + a)*(1 + b)*(1 + c)*", count: 12) + "x"
    try scratch.write("p.yaml", "data: {model: \"y ~ \(sums) + (1 | school)\"}\n")
    let begin = ContinuousClock.now
    #expect(try Program.run(["simulate", "p.yaml"], folder: scratch.folder).status == 65)
    #expect(ContinuousClock.now - begin < .seconds(20))
  }

  /// Names go to messages and not to the terminal: ESC and its like never leave.
  @Test func controlCharactersInNames() throws {
    let scratch = try Scratch()
    try scratch.write("t.csv", "school,y\n1,1\n1,\n2,3\n2,2\n")
    try scratch.write(
      "s.yaml",
      "data: {file: t.csv, cluster: \"\\e[31mschool\"}\nanalyse: [{name: \"\\e]0;x\\a\", model: y ~ zz}]\n"
    )
    let outcome = try Program.run(["plan", "s.yaml"], folder: scratch.folder)
    #expect(outcome.status == 65)
    #expect(!outcome.errors.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
  }
}
