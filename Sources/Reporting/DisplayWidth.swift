import Tabular

/// How many terminal cells `text` takes: wide East Asian characters and emoji two, combining
/// marks and format characters none.
///
/// Glibc's `wcwidth` would need a locale to be set, which is process-wide state; the ranges are
/// those of Unicode's EastAsianWidth.txt (W and F), coarsened to whole blocks.
package func displayWidth(_ text: String) -> Int {
  var width = 0
  for character in text { width += cellWidth(character) }
  return width
}

func cellWidth(_ character: Character) -> Int {
  // A grapheme is as wide as its widest scalar: a letter with accents, an emoji with a skin tone.
  var width = 0
  for scalar in character.unicodeScalars {
    // VARIATION SELECTOR-16 asks for the emoji form, which is wide.
    width = max(width, scalar.value == 0xFE0F ? 2 : cellWidth(scalar))
  }
  return width
}

private func cellWidth(_ scalar: Unicode.Scalar) -> Int {
  if scalar.value < 0x300 { return scalar.value == 0xAD ? 0 : 1 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format, .control: return 0
  default: break
  }
  if scalar.properties.isEmojiPresentation { return 2 }
  switch scalar.value {
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
    0x17000...0x18DFF, 0x1B000...0x1B2FF, 0x20000...0x3FFFD:
    return 2
  default: return 1
  }
}

/// `text` cut to `width` cells, with an ellipsis if anything was cut.
func truncated(_ text: String, to width: Int, ellipsis: String) -> String {
  guard displayWidth(text) > width else { return text }
  let room = max(0, width - displayWidth(ellipsis))
  var result = ""
  var used = 0
  for character in text {
    used += cellWidth(character)
    if used > room { break }
    result.append(character)
  }
  // An isolate that lost its end would reach into the next column.
  let isIsolated = text.unicodeScalars.first == "\u{2068}"
  return result + ellipsis + (isIsolated ? "\u{2069}" : "")
}

/// See ``OutsideText/printable(_:)``.
func printable(_ text: String) -> String { OutsideText.printable(text) }
