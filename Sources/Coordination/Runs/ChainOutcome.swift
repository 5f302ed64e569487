import Foundation
import Imputation
import Inference
import Tabular

/// One analysis of one completed data set: a fit, or why there is none.
public struct AnalysisOutcome: Sendable, Equatable, Codable {
  public var name: String
  public var fit: AnalysisFit?
  public var failure: String?
  public var seconds: Double
}

/// What a rank hands in of a chain: its state, and what happened since it was begun or resumed.
struct ChainOutcome: Sendable, Equatable {
  var state: ChainState
  /// Per iteration, per visit.
  var trace: [[TracePoint]]
  var events: [Event]
  /// Empty for a chain that is not finished.
  var analyses: [AnalysisOutcome]
  /// Donors' use in the last iteration, by name of target; without targets that have none.
  var donorUse: [String: DonorUse]
  /// Visit by visit, when full logging was asked for.
  var log: [VisitReport]

  init(
    state: ChainState, trace: [[TracePoint]], events: [Event], analyses: [AnalysisOutcome],
    donorUse: [String: DonorUse] = [:], log: [VisitReport] = []
  ) {
    self.donorUse = donorUse
    self.state = state
    self.trace = trace
    self.events = events
    self.analyses = analyses
    self.log = log
  }

  init(encoded bytes: [UInt8]) throws {
    var reader = ByteReader(bytes)
    let iteration = try reader.readInt()
    let targets = try reader.readCount(elementSize: 16)
    var imputed: [[Double]] = []
    var samplers: [[Double]] = []
    for _ in 0..<targets {
      imputed.append(try reader.readDoubles())
      samplers.append(try reader.readDoubles())
    }
    state = ChainState(iteration: iteration, imputed: imputed, samplerStates: samplers)
    let visits = try reader.readInt()
    let flat = try reader.readDoubles()
    trace = []
    if visits > 0 {
      for start in stride(from: 0, to: flat.count, by: 4 * visits) {
        trace.append(
          (0..<visits).map {
            TracePoint(
              mean: flat[start + 4 * $0], sd: flat[start + 4 * $0 + 1],
              residualSD: flat[start + 4 * $0 + 2], interceptSD: flat[start + 4 * $0 + 3])
          })
      }
    }
    events = try JSONDecoder().decode([Event].self, from: Data(try reader.readBytes()))
    analyses = try Self.decoder.decode(
      [AnalysisOutcome].self, from: Data(try reader.readBytes()))
    donorUse = try JSONDecoder().decode(
      [String: DonorUse].self, from: Data(try reader.readBytes()))
    log = []
    for _ in 0..<(try reader.readCount(elementSize: 8)) {
      log.append(
        VisitReport(
          iteration: try reader.readInt(), target: try reader.readString(),
          point: TracePoint(
            mean: try reader.readDouble(), sd: try reader.readDouble(),
            residualSD: try reader.readDouble(), interceptSD: try reader.readDouble()),
          samplerState: try reader.readDoubles(),
          remarks: try JSONDecoder().decode([String].self, from: Data(try reader.readBytes()))))
    }
    try reader.finish()
  }

  func encoded() throws -> [UInt8] {
    var writer = ByteWriter()
    writer.append(state.iteration)
    writer.append(state.imputed.count)
    for (values, sampler) in zip(state.imputed, state.samplerStates) {
      writer.append(values)
      writer.append(sampler)
    }
    writer.append(trace.first?.count ?? 0)
    writer.append(traceFigures)
    writer.append([UInt8](try JSONEncoder().encode(events)))
    writer.append([UInt8](try Self.encoder.encode(analyses)))
    writer.append([UInt8](try Self.encoder.encode(donorUse)))
    writer.append(log.count)
    for visit in log {
      writer.append(visit.iteration)
      writer.append(visit.target)
      for figure in [
        visit.point.mean, visit.point.sd, visit.point.residualSD, visit.point.interceptSD,
      ] { writer.append(figure) }
      writer.append(visit.samplerState)
      writer.append([UInt8](try JSONEncoder().encode(visit.remarks)))
    }
    return writer.bytes
  }

  /// Iteration after iteration, visit after visit: mean, SD, residual SD, random-intercept SD.
  var traceFigures: [Double] {
    var figures: [Double] = []
    for points in trace {
      for point in points {
        figures += [point.mean, point.sd, point.residualSD, point.interceptSD]
      }
    }
    return figures
  }

  /// Names of the figures of one iteration, by visit.
  static func traceColumns(visits: [String]) -> [String] {
    var seen: [String: Int] = [:]
    return visits.flatMap { name -> [String] in
      seen[name, default: 0] += 1
      let visit = seen[name]! > 1 ? "\(name) (visit \(seen[name]!))" : name
      return ["mean", "sd", "residual.sd", "intercept.sd"].map { "\(visit):\($0)" }
    }
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Inf", negativeInfinity: "-Inf", nan: "NaN")
    return encoder
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Inf", negativeInfinity: "-Inf", nan: "NaN")
    return decoder
  }
}
