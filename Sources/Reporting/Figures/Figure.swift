import Foundation

/// One figure: a Vega-Lite view, its data, and the words around it.
public struct Figure: Sendable {
  /// A word, unique in its report: the file's name under `--figures`.
  public var id: String
  /// What is shown.
  public var title: String
  /// What to look for, in a sentence or two.
  package var caption: String
  public var view: VegaLite.View
  public var tables: [FigureTable]

  package init(
    id: String, title: String, caption: String, tables: [FigureTable], view: VegaLite.View
  ) {
    self.id = id
    self.title = title
    self.caption = caption
    self.tables = tables
    self.view = view
  }

  private struct Document: Encodable {
    let title: String
    let caption: String
    let datasets: [String: String]
    let view: VegaLite.View

    enum Key: String, CodingKey {
      case schema = "$schema"
      case title, description, background, datasets, config
    }

    func encode(to encoder: any Encoder) throws {
      try view.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(VegaLite.schema, forKey: .schema)
      try container.encode(title, forKey: .title)
      try container.encode(caption, forKey: .description)
      try container.encode(FigureStyle.paper, forKey: .background)
      try container.encode(datasets, forKey: .datasets)
      try container.encode(FigureStyle.Configuration(), forKey: .config)
    }
  }

  /// The whole specification, data included, as JSON: what `--figures` writes and the page draws.
  public func json(pretty: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      pretty
      ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
      : [.sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(
      Document(
        title: title, caption: caption,
        datasets: Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0.csv) }), view: view))
    return String(decoding: data, as: UTF8.self)
  }
}

/// `text` short enough for a label in a figure; tables have all of it.
package func figureLabel(_ text: String, most: Int = 40) -> String {
  // Line feeds and other controls have no place on one line.
  let line = String(
    String.UnicodeScalarView(
      text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  return line.count > most ? line.prefix(most - 1) + "…" : line
}
