import Foundation
import Mustache

/// Makes one self-contained HTML page: no network, no other file.
public struct Page {
  public let content: PageContent
  /// Nil: figures are left out, and a line says how to get them.
  public let bundle: FigureBundle?

  public init(_ content: PageContent, bundle: FigureBundle?) {
    self.content = content
    self.bundle = bundle
  }

  /// What a reader without the bundle is told.
  public static let withoutBundle =
    "The figures are left out, because the program did not find \(FigureBundle.fileName) beside "
    + "itself: run scripts/setup once (or set \(FigureBundle.variable) to the folder that has "
    + "it), then dormouse report again. Tables and figures' data files are complete without it."

  /// The page as HTML.
  ///
  /// - Throws: an error of the template, or of the encoding of a figure.
  public func html() throws -> String {
    MustacheContentTypes.register(PageContentType(), named: PageContentType.name)
    var library = MustacheLibrary()
    for (name, text) in PageTemplate.all {
      try library.register(
        "{{% CONTENT_TYPE: \(PageContentType.name)}}" + text, named: name)
    }
    let figures = bundle == nil ? [] : content.figures
    let script = PageScript.text
    let policy = bundle.map { "script-src \(policyHash($0.script)) \(policyHash(script))" }
    let notices = content.notices + (bundle == nil ? [Self.withoutBundle] : [])
    var counter = 0
    let context: [String: Any] = [
      "title": content.title, "subtitle": content.subtitle,
      "policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
        + (policy ?? "script-src 'none'"),
      "style": PageStyle.text,
      "highlights": content.highlights.map { ["label": $0.label, "value": $0.value] },
      "notices": notices,
      "sections": try content.sections.enumerated().map { number, section in
        [
          "id": section.id, "number": number + 1, "title": section.title, "lead": section.lead,
          "blocks": try section.blocks.map { try block($0, counter: &counter) },
        ] as [String: Any]
      },
      "colophon": content.colophon, "figureCount": figures.count,
      "bundle": bundle?.script ?? "", "hasBundle": bundle != nil, "script": script,
    ]
    guard let html = library.render(context, withTemplate: "page") else {
      throw PageError.noTemplate
    }
    return html
  }

  /// Every kind has an entry in every block: what a template does not find here it would look for
  /// in the blocks around.
  private func block(_ block: PageBlock, counter: inout Int) throws -> [String: Any] {
    let kinds = ["paragraph", "list", "notice", "heading", "source", "table", "figure", "folded"]
    let none = Dictionary(uniqueKeysWithValues: kinds.map { ($0, false as Any) })
    return none.merging(try entry(block, counter: &counter)) { $1 }
  }

  private func entry(_ block: PageBlock, counter: inout Int) throws -> [String: Any] {
    switch block {
    case .paragraph(let text): return ["paragraph": text]
    case .list(let items): return ["list": ["items": items]]
    case .notice(let text): return ["notice": text]
    case .heading(let text): return ["heading": text]
    case .source(let title, let text): return ["source": ["title": title, "text": text]]
    case .table(let table): return table.rows.isEmpty ? [:] : ["table": TableHTML(table).context]
    case .folded(let title, let inner):
      return [
        "folded": [
          "title": title, "blocks": try inner.map { try self.block($0, counter: &counter) },
        ]
      ]
    case .figure(let figure):
      guard bundle != nil else { return [:] }
      counter += 1
      return [
        "figure": [
          "id": figure.id, "number": counter, "title": figure.title, "caption": figure.caption,
          "json": scriptSafe(try figure.json()),
        ] as [String: Any]
      ]
    }
  }
}

enum PageError: Error, CustomStringConvertible {
  case noTemplate
  var description: String { "the report's template is not in the program" }
}

/// A table as the page shows it: the columns for people, numbers as in the terminal.
struct TableHTML {
  /// Texts longer than this scroll in their cell.
  private static let longText = 80
  let table: Table

  init(_ table: Table) { self.table = table }

  var context: [String: Any] {
    let shown = table.columns.indices.filter {
      !table.columns[$0].isForMachines && !table.columns[$0].isSketch
    }
    return [
      "title": table.title.map { ["text": $0] } as Any? ?? false,
      "head": shown.map { ["text": table.columns[$0].name, "class": alignment($0)] },
      "rows": table.rows.map { row in
        [
          "cells": shown.map { index -> [String: Any] in
            let text = row[index].displayed
            var classes = alignment(index)
            if text.utf8.count > Self.longText { classes += " long" }
            return table.columns[index].isKey && index == shown.first
              ? ["key": ["text": text, "class": classes]]
              : ["value": ["text": text, "class": classes]]
          }
        ] as [String: Any]
      }, "notes": table.notes,
    ]
  }

  private func alignment(_ index: Int) -> String {
    table.columns[index].alignment == .left ? "text" : "number"
  }
}

extension Table.Cell {
  /// The cell as people read it on a page.
  var displayed: String {
    switch self {
    case .missing: "–"
    case .text(let text): text
    case .integer(let value): value < 0 ? "−\(-value)" : "\(value)"
    case .number(let value, let rule):
      value.isNaN ? "–" : rule.text(value, infinity: "∞").replacingOccurrences(of: "-", with: "−")
    }
  }
}
