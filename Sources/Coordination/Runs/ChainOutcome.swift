import Foundation
import Imputation
import MixedModels
import RunRecord
import Tabular

/// What a rank hands in of a chain: its state, and what happened since it was begun or resumed.
struct ChainOutcome: Sendable, Equatable {
  var state: ChainState
  /// Per iteration the figures of all visits, in the order of ``ImputationPlan/traceColumns``.
  var trace: [[Double]]
  var events: [Event]
  /// Empty for a chain that is not finished.
  var analyses: [AnalysisOutcome]
  /// Donors' use in the last iteration, by name of target; without targets that have none.
  var donorUse: [String: DonorUse]
  /// Visit by visit, when full logging was asked for.
  var log: [VisitReport]

  init(
    state: ChainState, trace: [[Double]], events: [Event], analyses: [AnalysisOutcome],
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
    var samplers: [[UInt8]] = []
    for _ in 0..<targets {
      imputed.append(try reader.readDoubles())
      samplers.append(try reader.readBytes())
    }
    state = ChainState(iteration: iteration, imputed: imputed, samplerStates: samplers)
    trace = []
    for _ in 0..<(try reader.readCount(elementSize: 8)) { trace.append(try reader.readDoubles()) }
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
          quantities: try JSONDecoder().decode(
            [TracedQuantity].self, from: Data(try reader.readBytes())),
          point: TracePoint(figures: try reader.readDoubles()),
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
    writer.append(trace.count)
    for figures in trace { writer.append(figures) }
    writer.append([UInt8](try JSONEncoder().encode(events)))
    writer.append([UInt8](try Self.encoder.encode(analyses)))
    writer.append([UInt8](try Self.encoder.encode(donorUse)))
    writer.append(log.count)
    for visit in log {
      writer.append(visit.iteration)
      writer.append(visit.target)
      writer.append([UInt8](try JSONEncoder().encode(visit.quantities)))
      writer.append(visit.point.figures)
      writer.append(visit.samplerState)
      writer.append([UInt8](try JSONEncoder().encode(visit.remarks)))
    }
    return writer.bytes
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

extension ImputationPlan {
  /// The figures of one iteration of a chain, in order; a target that is visited more than once has
  /// an entry for each visit.
  var traceColumns: [TraceColumn] {
    var seen: [String: Int] = [:]
    return traced.flatMap { target, quantities in
      let number = seen[target, default: 0] + 1
      seen[target] = number
      let visit = number > 1 ? "\(target) (visit \(number))" : target
      return quantities.map { TraceColumn(target: visit, quantity: $0.rawValue) }
    }
  }
}
