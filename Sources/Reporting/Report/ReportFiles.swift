import Foundation
import Tabular

/// Writes a page, and its figures for papers.
public struct ReportFiles {
  public static let fileName = "report.html"
  /// The page of a run without its data, where ``fileName`` is one with them.
  static let nameWithoutData = "report-without-data.html"
  public let content: PageContent

  public init(_ content: PageContent) { self.content = content }

  /// Whether a file that begins so is a page.
  public static func isPage(beginning head: Data) -> Bool {
    String(decoding: head, as: UTF8.self).lowercased().hasPrefix("<!doctype html")
  }

  /// Writes the page to `path`, whole or not at all.
  ///
  /// - Returns: whether figures could be drawn in it.
  /// - Throws: `TabularError` when it cannot be written.
  @discardableResult
  public func writePage(to path: String, bundle: FigureBundle? = .find()) throws -> Bool {
    try writeFileAtomically(path, Array(try Page(content, bundle: bundle).html().utf8))
    return bundle != nil
  }

  /// Writes every figure as Vega-Lite's JSON to `folder`, made if need be; and as SVG and PNG when
  /// there is a renderer.
  ///
  /// - Returns: how many files of each kind were written.
  /// - Throws: `TabularError`, or the system's error for the folder or the renderer.
  public func writeFigures(
    to folder: URL, renderer: FigureRenderer? = .find()
  ) throws -> (specifications: Int, pictures: Int) {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for figure in content.figures {
      let path = folder.appending(path: "\(figure.id).vl.json").path
      try writeFileAtomically(path, Array(try figure.json(pretty: true).utf8))
    }
    let pictures = try renderer?.write(content.figures, to: folder) ?? []
    return (content.figures.count, pictures.count)
  }
}
