import Dispatch
import Foundation

/// A thread that says at regular times how far this rank is, also while one update takes minutes.
///
/// Each message is 32 bytes; all ranks together send at most some 500 a second, however many they
/// are.
final class Heartbeat: Sendable {
  private let ending = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(link: some CoordinatorLink, state: WorkerState) {
    let interval = DispatchTimeInterval.seconds(max(1, link.size / 500))
    let (ending, ended) = (ending, ended)
    Thread.detachNewThread {
      // Dispatch's times come from a clock that nobody sets.
      while ending.wait(timeout: .now() + interval) == .timedOut {
        // Whatever is wrong with the link, the worker finds it too.
        try? link.send(Wire.encode(state.numbers), tag: Wire.Tag.progress)
      }
      ended.signal()
    }
  }

  /// Ends the thread; when this returns, it sends nothing more.
  func stop() {
    ending.signal()
    ended.wait()
  }
}
