import Foundation
import Tabular

/// Writes a page, and its figures for papers.
public struct ReportFiles {
  public static let fileName = "report.html"
  public let content: PageContent

  public init(_ content: PageContent) { self.content = content }

  /// Writes the page to `path`, whole or not at all.
  ///
  /// - Returns: whether figures could be drawn in it.
  /// - Throws: `TabularError` when it cannot be written.
  @discardableResult
  public func writePage(to path: String, bundle: FigureBundle? = .find()) throws -> Bool {
    try writeFileAtomically(path, Array(try Page(content, bundle: bundle).html().utf8))
    return bundle != nil
  }

  /// Writes every figure as Vega-Lite's JSON to `folder`, made if need be.
  ///
  /// - Returns: the files' paths.
  /// - Throws: `TabularError`, or the system's error for the folder.
  public func writeFigures(to folder: URL) throws -> [String] {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return try content.figures.map { figure in
      let path = folder.appending(path: "\(figure.id).vl.json").path
      try writeFileAtomically(path, Array(try figure.json(pretty: true).utf8))
      return path
    }
  }
}
