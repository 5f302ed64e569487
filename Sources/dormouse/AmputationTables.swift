import Reporting
import Simulation

extension AmputationSummary {
  /// What `ampute` prints.
  var tables: [NamedTable] {
    [
      NamedTable("rates", rateTable), NamedTable("clusters", clusterTable),
      NamedTable("variables", variableTable),
    ].filter { !$0.table.rows.isEmpty }
  }

  private static let share = NumberRule.decimals(4)

  private var rateTable: Table {
    var table = Table(
      title: "Rates, asked and reached",
      columns: [
        .init("rule", isKey: true), .init("variables", .left, isKey: true),
        .init("mechanism", .left), .init("arm", .left), .init("of", .left), .init("count"),
        .init("asked", .decimal), .init("expected", .decimal), .init("reached", .decimal),
      ],
      notes: ["expected: the mean probability of being removed, given these data"])
    for rate in rates {
      table.append([
        .integer(rate.rule), .text(rate.variables.joined(separator: ", ")),
        .text(rate.mechanism), .text(rate.arm.map(String.init) ?? "all"),
        .text(rate.unit == .row ? "rows" : "clusters"), .integer(rate.eligible),
        .init(rate.asked, Self.share), .number(rate.expected, Self.share),
        .number(rate.reached, Self.share),
      ])
    }
    return table
  }

  private var clusterTable: Table {
    var table = Table(
      title: "Between clusters",
      columns: [
        .init("rule", isKey: true), .init("clusters"), .init("emptied"),
        .init("lowest rate", .decimal), .init("highest rate", .decimal),
        .init("icc asked", .decimal), .init("scale", .left), .init("icc reached", .decimal),
      ],
      notes: [
        "icc reached: of the indicator of being removed, by analysis of variance (within arms "
          + "where rates are by arm); what predictors differ between clusters adds to it"
      ])
    for row in clusterings {
      let asked: (Double?, String?) =
        switch row.asked {
        case nil: (nil, nil)
        case .indicator(let icc): (icc, "indicator")
        case .latent(let icc): (icc, "latent logit")
        }
      table.append([
        .integer(row.rule), .integer(row.clusters), .integer(row.emptied),
        .number(row.lowestRate, Self.share), .number(row.highestRate, Self.share),
        .init(asked.0, Self.share), .init(asked.1), .init(row.reached, Self.share),
      ])
    }
    return table
  }

  private var variableTable: Table {
    var table = Table(
      title: "Missing values",
      columns: [
        .init("variable", .left, isKey: true), .init("rows"), .init("before"), .init("after"),
        .init("share after", .decimal),
      ])
    for row in variables {
      table.append([
        .text(row.name), .integer(row.rows), .integer(row.missingBefore),
        .integer(row.missingAfter),
        .number(Double(row.missingAfter) / Double(max(1, row.rows)), Self.share),
      ])
    }
    return table
  }
}
