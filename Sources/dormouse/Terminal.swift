import Foundation
import MessagePassing
import Reporting

/// What the user looks at.
///
/// mpirun gives rank 0 a pseudo-terminal whatever its own output goes to, so that under a launcher
/// the streams themselves say nothing: there, what the process that started mpirun has announced
/// counts, and without that everything is plain.
enum Terminal {
  private static let variables = [
    STDOUT_FILENO: "DORMOUSE_STDOUT_WIDTH", STDERR_FILENO: "DORMOUSE_STDERR_WIDTH",
  ]

  static var standardOutput: OutputStyle { style(STDOUT_FILENO) }
  static var standardError: OutputStyle { style(STDERR_FILENO) }

  /// Hands this process's terminal on to the ranks that it will start.
  static func announce() {
    for (descriptor, name) in variables {
      if let width = OutputStyle.detect(fileDescriptor: descriptor).width {
        setenv(name, "\(width)", 1)
      } else {
        unsetenv(name)
      }
    }
  }

  private static func style(_ descriptor: Int32) -> OutputStyle {
    guard MPICommunicator.isLaunched else { return .detect(fileDescriptor: descriptor) }
    let environment = ProcessInfo.processInfo.environment
    guard let width = variables[descriptor].flatMap({ environment[$0] }).flatMap(Int.init) else {
      return .plain
    }
    return .terminal(width: width, environment: environment)
  }
}
