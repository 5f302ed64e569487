import Glibc
import MessagePassing

// Run by the tests under mpirun: each scenario prints what the test compares.
let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first ?? "" {
case "messages": try messagesScenario()
case "large": try largeScenario(megabytes: Int(arguments[1])!)
case "distribution": try distributionScenario(Array(arguments.dropFirst()))
case "idle": try idleScenario(seconds: Double(arguments[1])!)
case "abort": try abortScenario()
case "relaunch":
  if !MPICommunicator.isLaunched {
    try Launcher.relaunch(ranks: Int(arguments[1])!, arguments: arguments)
  }
  try helloScenario()
case "queue": try queueScenario(Array(arguments.dropFirst()))
case "unblocked": try unblockedScenario(Array(arguments.dropFirst()))
default:
  print("usage: mpi-selftest SCENARIO …")
  exit(64)
}
