import Foundation
import Tabular
import Testing

@Suite struct DigestTests {
  /// NIST's examples for FIPS 180-4.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func knownDigests(text: String, digest: String) throws {
    #expect(sha256(of: Array(text.utf8)) == digest)
    try Files.withFolder { folder in
      let path = folder.appending(path: "f").path
      try writeFileAtomically(path, Array(text.utf8))
      #expect(try sha256(ofFile: path) == digest)
      #expect(throws: TabularError.isDirectory(path: folder.path)) {
        try sha256(ofFile: folder.path)
      }
      #expect(throws: TabularError.noSuchFile(path: path + "x")) {
        try sha256(ofFile: path + "x")
      }
    }
  }

  @Test func sameValuesSameDigestWhateverTheFile() throws {
    let text = "site,x,y\nb,1,NA\n,0,0.5\na,-0,3\nb,99,4\n"
    let data = try Files.read(text)
    let digest = data.digest(of: data.names)
    for name in ["a.dta", "a.sav", "a.csv"] {
      #expect(try WriterTests.roundTrip(data, name).digest(of: data.names) == digest)
    }
    let other = try Files.read("y;x;site\n.;1;b\n0.50;0;\n3;0.0;a\n4;99;b\n")
    #expect(other.digest(of: data.names) == digest)
    // Unused levels, their numbering and labels are not values.
    let renumbered = Dataset(columns: [
      Column(
        name: "site", label: "s", values: .text(codes: [2, -1, 0, 2], levels: ["a", "c", "b"])),
      data["x"]!, data["y"]!,
    ])
    #expect(renumbered.digest(of: data.names) == digest)
  }

  @Test func everyDifferenceShows() throws {
    let base = "site,x,y\nb,1,NA\n,0,0.5\na,2,3\n"
    let data = try Files.read(base)
    var digests: Set<String> = [
      data.digest(of: data.names), data.digest(of: ["x", "y", "site"]),
      data.digest(of: ["site", "x"]), data.digest(of: []),
    ]
    for other in [
      "site,x,z\nb,1,NA\n,0,0.5\na,2,3\n", "site,x,y\na,1,NA\n,0,0.5\nb,2,3\n",
      "site,x,y\nb,1,0.5\n,0,NA\na,2,3\n", "site,x,y\nb,1,NA\n,0,0.5000000000000001\na,2,3\n",
      "site,x,y\nb,1,NA\nb,0,0.5\na,2,3\n", "site,x,y\nb,1,NA\n,0,0.5\na,2,3\n,,\n",
    ] {
      digests.insert(try Files.read(other).digest(of: try Files.read(other).names))
    }
    #expect(digests.count == 10)
  }
}
