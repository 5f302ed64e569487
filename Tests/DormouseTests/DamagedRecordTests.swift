import Foundation
import Testing

/// Flipped bytes in the record are said, and what they spoilt is computed again.
@Suite struct DamagedRecordTests {
  @Test(arguments: [
    ("UPDATE chains SET imputed = zeroblob(length(imputed)) WHERE k = 2", 2),
    ("UPDATE estimates SET estimate = estimate * 2 WHERE k = 3 AND position = 0", 3),
    ("UPDATE estimates SET estimate = estimate * 2 WHERE k = 0 AND position = 0", 0),
    ("DELETE FROM chains WHERE k = 1", 1),
  ])
  func isSaidAndMended(sql: String, k: Int) throws {
    let example = try ExampleRun()
    #expect(try example.run("run", m: 3, iterations: 2).status == 0)
    let before = try example.results("run")
    try damage(example.directory("run"), sql)
    let part = k == 0 ? "the analysis of the complete cases" : "imputation \(k)"
    let reading =
      k == 2
      ? ["complete", example.directory("run").path, "--to", example.directory("x.csv").path]
      : ["pool", example.directory("run").path]
    let refused = try Program.run(reading)
    #expect(refused.status == 73, "\(refused.errors)")
    #expect(refused.errors.contains("record.sqlite is damaged: what it holds of \(part) fails"))
    #expect(refused.output.isEmpty)
    #expect(refused.errors.split(separator: "\n").count == 1)
    let again = try example.run("run", m: 3, iterations: 2)
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.errors.contains("\(part) failed its checksum; it is computed again"))
    expectSame(before, try example.results("run"), "after damage")
    let third = try example.run("run", m: 3, iterations: 2)
    #expect(third.errors.contains("finished already"), "\(third.errors)")
  }
}
