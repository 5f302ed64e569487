/// A file of a kind that is not read here, and what to do with it.
public struct ForeignFile: Sendable, Equatable {
  /// As in "this is …".
  public let kind: String
  /// What would be right.
  public let advice: String

  /// By the name's ending, case aside; nil for all others.
  public init?(named path: String) {
    let name = Array(OutsideText.lastPart(ofPath: path).utf8)
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    switch String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased() {
    case "rds": self.init(kind: "an R data file", advice: Self.fromR("readRDS(FILE)"))
    case "rdata", "rda":
      self.init(
        kind: "an R data file",
        advice: Self.fromR("NAME") + ", with the NAME of the data frame that load(FILE) shows")
    case "xlsx", "xls", "xlsm", "ods", "numbers":
      self.init(kind: "a spreadsheet", advice: Self.sheet)
    case "gz": self.init(kind: "compressed with gzip", advice: "unpack it: gunzip -k FILE")
    case "bz2", "xz", "zst", "zip", "7z", "tar", "tgz", "rar":
      self.init(kind: "compressed or an archive", advice: "unpack it")
    case "parquet", "feather", "arrow":
      self.init(kind: "an Arrow or Parquet file", advice: "write it as CSV")
    default: return nil
    }
  }

  /// By the first bytes, as the formats' documentation gives them; nil for text and all others.
  public init?(beginning bytes: some Collection<UInt8>) {
    guard let found = Self.signatures.first(where: { bytes.starts(with: $0.bytes) }) else {
      return nil
    }
    self.init(kind: found.kind, advice: found.advice)
  }

  private init(kind: String, advice: String) {
    self.kind = kind
    self.advice = advice
  }

  private static let sheet = "save the sheet as CSV (UTF-8)"

  private static func fromR(_ frame: String) -> String {
    "in R: write.csv(\(frame), \"data.csv\", row.names = FALSE)"
  }

  private static let signatures: [(bytes: [UInt8], kind: String, advice: String)] = {
    let utf16 = "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"
    let stata = "let its name end in .dta"
    return [
      ([0xFF, 0xFE], "UTF-16 text", utf16), ([0xFE, 0xFF], "UTF-16 text", utf16),
      (Array("PK\u{3}\u{4}".utf8), "a spreadsheet (.xlsx, .ods) or another archive", sheet),
      ([0xD0, 0xCF, 0x11, 0xE0], "an old spreadsheet (.xls)", sheet),
      (Array("<stata_dta>".utf8), "a Stata file", stata),
      ([0x71, 2, 1], "a Stata file", stata), ([0x72, 2, 1], "a Stata file", stata),
      ([0x73, 2, 1], "a Stata file", stata),
      (Array("$FL2".utf8), "an SPSS file", "let its name end in .sav"),
      (Array("$FL3".utf8), "a compressed SPSS file", "let its name end in .zsav"),
      ([0x1F, 0x8B], "compressed with gzip", "unpack it"),
      (Array("RDX2\n".utf8), "an R data file", fromR("NAME")),
      (Array("RDX3\n".utf8), "an R data file", fromR("NAME")),
      (Array("BZh".utf8), "compressed with bzip2", "unpack it"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed with xz", "unpack it"),
      (Array("PAR1".utf8), "a Parquet file", "write it as CSV"),
    ]
  }()
}
