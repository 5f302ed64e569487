import Foundation
import Simulation
import Tabular

extension SimulationFiles {
  /// True values as `performance.csv` has them, by scenario, method and term: some take large
  /// samples and seconds to find.
  ///
  /// Empty, so that they are found anew, where the file is not there, cannot be read, or stands
  /// beside another `study.yaml` than `studyText`, with which it was written.
  static func recordedTruths(
    in directory: URL, studyText: String
  ) -> [Int: [String: [String: TrueValue]]] {
    let written = try? String(
      contentsOf: directory.appending(path: "study.yaml"), encoding: .utf8)
    guard written == studyText,
      let data = try? DataFile.read(
        directory.appending(path: "performance.csv").path,
        columns: ["scenario", "method", "term", "truth", "truth.mcse"]),
      case .numeric(let scenarios)? = data["scenario"]?.values,
      case .text(let methods, let methodNames)? = data["method"]?.values,
      case .text(let terms, let termNames)? = data["term"]?.values,
      case .numeric(let truths)? = data["truth"]?.values,
      case .numeric(let errors)? = data["truth.mcse"]?.values
    else { return [:] }
    var result: [Int: [String: [String: TrueValue]]] = [:]
    for row in 0..<data.rowCount where methods[row] >= 0 && terms[row] >= 0 {
      guard let scenario = Int(exactly: scenarios[row]) else { return [:] }
      let (method, term) = (methodNames[Int(methods[row])], termNames[Int(terms[row])])
      // A method whose terms have no truth is known, too.
      var known = result[scenario, default: [:]][method, default: [:]]
      if !truths[row].isNaN {
        known[term] = TrueValue(
          value: truths[row], standardError: errors[row].isNaN ? 0 : errors[row])
      }
      result[scenario, default: [:]][method] = known
    }
    return result
  }
}
