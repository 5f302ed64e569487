import MixedModels
import Numerics
import Testing

/// Regression within clusters against its definition: the residual is orthogonal to what it was
/// regressed on, and nothing else of the response is lost.
@Suite struct WithinClusterResidualsTests {
  static func fixture(slopes: [Int], seed: UInt64) -> (TwoLevelFixture, [Double]) {
    var rng = RandomStream(StreamAddress(seed: seed, task: 0, iteration: 0, target: 0))
    // Empty, one-row, two-row and larger clusters.
    let sizes = [0, 1, 2, 7, 12, 5, 1, 9]
    let n = sizes.reduce(0, +)
    let x = (0..<n).map { _ in rng.standardNormal() }
    let z = (0..<n).map { _ in 3 + rng.standardNormal() }
    // The last column is the sum of the others and adds nothing.
    let columns = [x, z, zip(x, z).map { $0 + $1 }]
    let response = (0..<n).map { _ in rng.standardNormal() }
    return (
      TwoLevelFixture(sizes: sizes, columns: columns, slopes: slopes, response: response), response
    )
  }

  static func residuals(_ fixture: TwoLevelFixture, of response: [Double]) -> [Double] {
    fixture.moments().withinClusterResiduals(of: response) {
      fixture.write(fixture.columns, cluster: $0, to: $1)
    }
  }

  @Test(arguments: [[], [0], [0, 1]])
  func residualsAreOrthogonal(slopes: [Int]) {
    let (fixture, response) = Self.fixture(slopes: slopes, seed: UInt64(slopes.count) + 3)
    let result = Self.residuals(fixture, of: response)
    #expect(result.count == response.count)
    for column in fixture.columns {
      #expect(abs(zip(result, column).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-10)
    }
    for g in fixture.sizes.indices {
      let rows = fixture.starts[g]..<fixture.starts[g + 1]
      #expect(abs(rows.reduce(0) { $0 + result[$1] }) < 1e-11)
      for slope in slopes {
        #expect(abs(rows.reduce(0) { $0 + result[$1] * fixture.columns[slope][$1] }) < 1e-10)
      }
    }
    // A projection: doing it twice changes nothing, and the residual of the rest is 0.
    let twice = Self.residuals(fixture, of: result)
    #expect(zip(twice, result).allSatisfy { abs($0 - $1) < 1e-10 })
    let explained = zip(response, result).map { $0 - $1 }
    #expect(Self.residuals(fixture, of: explained).allSatisfy { abs($0) < 1e-10 })
    // 37 rows less 7 clusters, less two columns, or a slope in every cluster large enough.
    #expect(result.contains { abs($0) > 0.1 })
  }
}
