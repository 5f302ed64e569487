import Analyses
import Foundation
import Imputation
import Study
import Tabular

/// A few iterations of the real first chain on this machine, to tell how long a job will take.
public struct Pilot: Sendable, Equatable {
  /// Visits of a target that were timed.
  public var visits: Int
  /// Seconds of one pass over all targets.
  var secondsPerIteration: Double
  /// Seconds of the analyses of one completed data set.
  var analysisSeconds: Double
  /// Largest memory of this process so far, in MB.
  public var megabytes: Double

  public init(
    visits: Int, secondsPerIteration: Double, analysisSeconds: Double, megabytes: Double
  ) {
    self.visits = visits
    self.secondsPerIteration = secondsPerIteration
    self.analysisSeconds = analysisSeconds
    self.megabytes = megabytes
  }

  /// Runs the first chain of `loaded` for `seconds`, but not further than it goes, then each
  /// analysis once.
  ///
  /// The first iteration fills what is kept from one to the next; it is left out of the mean when
  /// there are others.
  ///
  /// - Throws: `ChainError`: imputation 1 would fail in the job as well.
  public init(_ loaded: LoadedStudy, seconds: Double) throws {
    let clock = ContinuousClock()
    let visitsPerIteration = max(1, loaded.study.imputation.visit.count)
    let wanted = visitsPerIteration * loaded.study.iterations
    var chain = Chain(plan: loaded.plan, imputation: 1)
    let start = clock.now
    var times: [Double] = []
    while times.count < wanted && (clock.now - start) / .seconds(1) < seconds {
      times.append(try clock.measure { _ = try chain.step() } / .seconds(1))
    }
    let later = times.dropFirst(visitsPerIteration)
    let used = later.isEmpty ? times[...] : later
    visits = times.count
    secondsPerIteration =
      used.isEmpty ? 0 : used.reduce(0, +) / Double(used.count) * Double(visitsPerIteration)
    // What an analysis makes of half an iteration is of no interest, but how long it takes is.
    while !chain.isBetweenIterations { _ = try chain.step() }
    let completed = loaded.plan.complete(loaded.dataset, with: chain.state.imputed)
    analysisSeconds =
      clock.measure {
        for analysis in loaded.analyses {
          _ = try? AnalysisRegistry.model(analysis.specification).fit(completed)
        }
      } / .seconds(1)
    megabytes = Self.peakMegabytes
  }

  /// Largest memory of this process so far, in MB.
  public static var peakMegabytes: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }

  /// Seconds of one chain of `iterations`, analyses included.
  public func chainSeconds(iterations: Int) -> Double {
    Double(iterations) * secondsPerIteration + analysisSeconds
  }
}
