import Foundation
import Mustache
import Tabular

/// Text made safe for HTML.
///
/// Mustache's own escaping goes by grapheme, so that a quotation mark with a combining mark behind
/// it, which is another grapheme, would get through and end an attribute. This goes by scalar.
struct PageContentType: MustacheContentType {
  static let name = "DORMOUSE"

  func escapeText(_ text: String) -> String { escapedHTML(text) }
}

/// `text` as HTML shows it, in an element or in a quoted attribute.
func escapedHTML(_ text: String) -> String { OutsideText.html(text) }

/// JSON that cannot end the script element that it stands in.
func scriptSafe(_ json: String) -> String { OutsideText.scriptSafe(json) }

/// `'sha256-…'` of a script, by which the page's security policy lets it run.
func policyHash(_ script: String) -> String {
  let hexadecimal = Array(sha256(of: Array(script.utf8)).utf8)
  let bytes = stride(from: 0, to: hexadecimal.count, by: 2).compactMap {
    UInt8(String(decoding: hexadecimal[$0..<$0 + 2], as: UTF8.self), radix: 16)
  }
  return "'sha256-\(Data(bytes).base64EncodedString())'"
}
