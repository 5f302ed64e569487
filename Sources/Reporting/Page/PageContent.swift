/// What a page is made of; ``Page`` makes HTML of it.
public enum PageBlock: Sendable {
  /// Text, with nothing to be marked up in it.
  case paragraph(String)
  /// Sentences below each other.
  case list([String])
  /// A remark that the reader must not miss.
  case notice(String)
  case table(Table)
  case figure(Figure)
  /// A heading within a section.
  case heading(String)
  /// Text as it is, folded away under its title.
  case source(title: String, text: String)
  /// Blocks folded away under their title, with how many there are.
  case folded(title: String, [PageBlock])
}

/// A section of a page.
public struct PageSection: Sendable {
  /// A word: the anchor.
  public var id: String
  public var title: String
  /// What to look for: the sentence that the section begins with.
  public var lead: String
  public var blocks: [PageBlock]

  package init(id: String, title: String, lead: String, blocks: [PageBlock] = []) {
    self.id = id
    self.title = title
    self.lead = lead
    self.blocks = blocks
  }

  /// Its figures in order, folded ones included.
  public var figures: [Figure] { Self.figures(in: blocks) }

  /// Its tables in order, folded ones included.
  public var tables: [Table] { Self.tables(in: blocks) }

  private static func figures(in blocks: [PageBlock]) -> [Figure] {
    blocks.flatMap { block -> [Figure] in
      switch block {
      case .figure(let figure): [figure]
      case .folded(_, let inner): figures(in: inner)
      default: []
      }
    }
  }

  private static func tables(in blocks: [PageBlock]) -> [Table] {
    blocks.flatMap { block -> [Table] in
      switch block {
      case .table(let table): [table]
      case .folded(_, let inner): tables(in: inner)
      default: []
      }
    }
  }
}

/// A whole page.
public struct PageContent: Sendable {
  public var title: String
  /// Under the title.
  package var subtitle: String
  /// Figures at a glance: label and value.
  package var highlights: [(label: String, value: String)]
  public var notices: [String]
  public var sections: [PageSection]
  /// Who made it, at the end.
  package var colophon: String

  public init(
    title: String, subtitle: String, highlights: [(label: String, value: String)] = [],
    notices: [String] = [], sections: [PageSection], colophon: String
  ) {
    self.title = title
    self.subtitle = subtitle
    self.highlights = highlights
    self.notices = notices
    self.sections = sections
    self.colophon = colophon
  }

  public var figures: [Figure] { sections.flatMap(\.figures) }
}
