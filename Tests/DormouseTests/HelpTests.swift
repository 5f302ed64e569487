import Foundation
import LaunchedJobs
import Testing

/// What `--help` shows of every command that there is, found by asking the program.
@Suite struct HelpTests {
  struct Command: Sendable, CustomTestStringConvertible {
    var name: String
    var discussion: String
    var testDescription: String { name }

    /// The lines below EXAMPLES.
    var examples: [String] {
      let lines = discussion.split(separator: "\n", omittingEmptySubsequences: false)
      guard let start = lines.firstIndex(of: "EXAMPLES") else { return [] }
      return lines[(start + 1)...].prefix { $0.hasPrefix("  ") }
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }

  /// The program itself and all commands that help shows, those of commands included.
  static let commands: [Command] = {
    guard let outcome = try? Program.run("--experimental-dump-help"),
      let document = try? outcome.json() as? [String: Any],
      let root = document["command"] as? [String: Any]
    else { return [] }
    return all(below: root, path: "")
  }()

  private static func all(below command: [String: Any], path: String) -> [Command] {
    let name = (path + " " + (command["commandName"] as? String ?? ""))
      .trimmingCharacters(in: .whitespaces)
    guard command["shouldDisplay"] as? Bool ?? true, !name.hasSuffix(" help") else { return [] }
    let own = Command(name: name, discussion: command["discussion"] as? String ?? "")
    let others = command["subcommands"] as? [[String: Any]] ?? []
    return [own] + others.flatMap { all(below: $0, path: name) }
  }

  @Test func everyCommandIsFound() {
    let names = Self.commands.map(\.name)
    for name in ["dormouse", "dormouse run", "dormouse submit", "dormouse gather", "dormouse fit"] {
      #expect(names.contains(name), "\(names)")
    }
    #expect(!names.contains("dormouse bench"))
  }

  @Test(arguments: commands) func hasTwoExamplesOfItself(_ command: Command) {
    #expect(command.examples.count >= 2, "\(command.name): \(command.examples)")
    for example in command.examples {
      #expect((example + " ").contains(command.name + " "), "\(example)")
    }
  }

  /// In an empty folder an example fails for want of its files, never for its command line (64).
  @Test(arguments: commands) func examplesAreCommandLines(_ command: Command) throws {
    for example in command.examples {
      let scratch = try Scratch()
      // Without what stands before it (mpirun) and after it (a redirection).
      let start = try #require(example.range(of: "dormouse ")).lowerBound
      let line = example[start...].components(separatedBy: " > ")[0]
      // The shell splits the line as it would be split.
      let shell = try runShell(
        "set -f; dormouse() { printf '%s\\n' \"$@\"; }; \(line)")
      #expect(shell.status == 0, "\(line)")
      let words = shell.output.split(
        separator: "\n", omittingEmptySubsequences: false
      ).dropLast().map(String.init)
      let outcome = try Program.run(words, folder: scratch.folder)
      #expect(outcome.status != 64, "\(line): \(outcome.errors)")
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionsKnowEveryCommand(_ shell: String) throws {
    let outcome = try Program.run("--generate-completion-script", shell)
    #expect(outcome.status == 0, "\(outcome.errors)")
    for command in Self.commands.dropFirst() {
      let name = command.name.split(separator: " ").last.map(String.init) ?? ""
      #expect(outcome.output.contains(name), "\(name)")
    }
  }
}
