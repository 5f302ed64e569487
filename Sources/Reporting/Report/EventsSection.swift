import Imputation
import RunRecord

/// Everything that went otherwise than asked.
struct EventsSection {
  let source: ReportSource

  init(_ source: ReportSource) { self.source = source }

  func section() -> PageSection {
    var section = PageSection(
      id: "events", title: "Events",
      lead: "Look for anything that happened in many chains: every departure from what was asked "
        + "is counted here, and nothing was repaired in silence.")
    let rows = source.results.eventRows
    if rows.isEmpty {
      section.blocks.append(
        .paragraph(
          "Nothing out of the ordinary was counted: no singular model, no dropped column, no "
            + "cluster without observed values, no fit that failed."))
    } else {
      section.blocks.append(.table(.events(rows, title: nil)))
      section.blocks.append(.list(Set(rows.map(\.kind)).sorted().compactMap(Self.meaning)))
    }
    for failure in source.results.failures {
      section.blocks.append(.notice("Imputation \(failure.k) failed: \(failure.sentence)"))
    }
    if let loaded = source.loaded {
      let notes =
        loaded.resolved.notes.map(\.description) + loaded.plan.notes.sentences
      if !notes.isEmpty {
        section.blocks.append(.heading("Decided while the study was read"))
        section.blocks.append(.list(notes))
      }
    }
    return section
  }

  /// What an event means, and what to do about it.
  private static func meaning(_ kind: String) -> String? {
    if let meaning = EventKind(rawValue: kind).meaning { return "\(kind): \(meaning)." }
    return switch kind {
    case "one donor":
      "one donor: in the last iteration one observed row lent its value to a tenth or more of a "
        + "target's imputed values, and to at least five (see Plausibility, donors)."
    case "fit failed": "fit failed: an analysis could not be estimated; nothing was pooled for it."
    case "column dropped": "column dropped: a coefficient that the data could not tell apart."
    default: nil
    }
  }
}
