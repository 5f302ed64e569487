import Numerics

/// The cross-products that a fit needs, formed in one pass over the rows.
///
/// The factor with most levels is the primary one: its part of ZᵀZ is block diagonal, so each of
/// its levels is eliminated by a small Cholesky factor. The random effects of all other factors
/// are the secondary ones, D in number. W = [Q, scaled residual] has r + 1 columns.
struct CrossProducts {
  /// Index of the primary factor in the structure.
  var primary: Int
  /// The other factors, most levels first, and where each starts among the D secondary effects.
  var secondary: [(factor: Int, start: Int)]
  /// Columns per primary level, q.
  var width: Int
  /// Levels of the primary factor.
  var levels: Int
  /// D.
  var secondaryCount: Int
  /// r + 1.
  var fixedCount: Int
  /// Per primary level: Z₁ᵀZ₁ (q × q, by columns).
  var within: [Double]
  /// Per primary level: Z₁ᵀW (q × (r + 1), by columns).
  var withFixed: [Double]
  /// Per primary level, the secondary effects that share rows with it, ascending; level g's are
  /// `touched[touchedStart[g]..<touchedStart[g + 1]]`.
  var touched: [Int32]
  var touchedStart: [Int]
  /// Z₁ᵀZ₂ for each touched effect: q values each.
  var withSecondary: [Double]
  /// Z₂ᵀZ₂ and WᵀZ₂ below it, within the envelope that elimination fills.
  var trailing: EnvelopeMatrix
  /// The factor (position in `secondary`) and first effect of the level that each effect is in.
  var blockOfEffect: [(position: Int32, start: Int32)]

  /// - Complexity: O(n · (q + D-columns per row + r)²), memory O(levels · q · (q + r)) and the
  ///   envelope.
  init(_ data: MixedModelData, structure: RandomStructure, design: OrthonormalDesign) {
    let order = structure.factors.indices.sorted {
      (-structure.factors[$0].levels, $0) < (-structure.factors[$1].levels, $1)
    }
    primary = order[0]
    secondary = []
    secondaryCount = 0
    blockOfEffect = []
    for index in order.dropFirst() {
      let factor = structure.factors[index]
      for level in 0..<factor.levels {
        let start = Int32(secondaryCount + level * factor.width)
        for _ in 0..<factor.width { blockOfEffect.append((Int32(secondary.count), start)) }
      }
      secondary.append((index, secondaryCount))
      secondaryCount += factor.levels * factor.width
    }
    let factor = structure.factors[primary]
    width = factor.width
    levels = factor.levels
    fixedCount = design.kept.count + 1
    within = Array(repeating: 0, count: levels * width * width)
    withFixed = Array(repeating: 0, count: levels * width * fixedCount)
    touched = []
    touchedStart = Array(repeating: 0, count: levels + 1)
    withSecondary = []
    trailing = EnvelopeMatrix(first: Array(repeating: 0, count: fixedCount))

    if secondaryCount == 0 {
      accumulatePrimary(data, structure: structure, design: design)
    } else {
      let rows = Self.rowsByLevel(factor)
      findTouched(structure, rows: rows)
      withSecondary = Array(repeating: 0, count: touched.count * width)
      accumulatePrimary(data, structure: structure, design: design)
      accumulateSecondary(data, structure: structure, design: design, rows: rows)
    }
    // WᵀW is the identity but for the last element, which is 1 too unless the residual is zero.
    for k in 0..<fixedCount { trailing[secondaryCount + k, secondaryCount + k] = 1 }
  }

  /// Rows in the order of the primary level.
  private static func rowsByLevel(_ factor: GroupingFactor) -> (order: [Int32], start: [Int]) {
    var start = [Int](repeating: 0, count: factor.levels + 1)
    for level in factor.levelOfRow { start[Int(level) + 1] += 1 }
    for level in 0..<factor.levels { start[level + 1] += start[level] }
    var next = start
    var order = [Int32](repeating: 0, count: factor.levelOfRow.count)
    for (row, level) in factor.levelOfRow.enumerated() {
      order[next[Int(level)]] = Int32(row)
      next[Int(level)] += 1
    }
    return (order, start)
  }

  private mutating func findTouched(
    _ structure: RandomStructure, rows: (order: [Int32], start: [Int])
  ) {
    var first = (0..<secondaryCount).map { Int(blockOfEffect[$0].start) }
    var stamp = [Int](repeating: -1, count: secondaryCount)
    for level in 0..<levels {
      var effects: [Int32] = []
      for position in rows.start[level]..<rows.start[level + 1] {
        let row = Int(rows.order[position])
        for (index, start) in secondary {
          let factor = structure.factors[index]
          let effect = start + Int(factor.levelOfRow[row]) * factor.width
          if stamp[effect] == level { continue }
          stamp[effect] = level
          for c in 0..<factor.width { effects.append(Int32(effect + c)) }
        }
      }
      effects.sort()
      let least = Int(effects[0])
      for effect in effects { first[Int(effect)] = min(first[Int(effect)], least) }
      touched += effects
      touchedStart[level + 1] = touched.count
    }
    trailing = EnvelopeMatrix(first: first + Array(repeating: 0, count: fixedCount))
  }

  /// Z₁ᵀZ₁ and Z₁ᵀW, rows in their order.
  private mutating func accumulatePrimary(
    _ data: MixedModelData, structure: RandomStructure, design: OrthonormalDesign
  ) {
    let n = data.response.count
    let q = width
    let m = fixedCount
    let columns = WorkingColumns(data, structure: structure, factor: primary)
    var z = [Double](repeating: 0, count: q)
    let levelOfRow = structure.factors[primary].levelOfRow
    within.withUnsafeMutableBufferPointer { within in
      withFixed.withUnsafeMutableBufferPointer { withFixed in
        design.orthonormal.storage.withUnsafeBufferPointer { orthonormal in
          design.residual.withUnsafeBufferPointer { residual in
            z.withUnsafeMutableBufferPointer { z in
              for row in 0..<n {
                let level = Int(levelOfRow[row])
                columns.fill(z.baseAddress!, row: row)
                let a = within.baseAddress! + level * q * q
                let c = withFixed.baseAddress! + level * q * m
                for j in 0..<q { for i in 0..<q { a[i + j * q] += z[i] * z[j] } }
                for k in 0..<(m - 1) {
                  let w = orthonormal[row + k * n]
                  for i in 0..<q { c[i + k * q] += z[i] * w }
                }
                let w = residual[row]
                for i in 0..<q { c[i + (m - 1) * q] += z[i] * w }
              }
            }
          }
        }
      }
    }
  }

  /// Z₁ᵀZ₂, Z₂ᵀZ₂ and WᵀZ₂, rows grouped by primary level.
  private mutating func accumulateSecondary(
    _ data: MixedModelData, structure: RandomStructure, design: OrthonormalDesign,
    rows: (order: [Int32], start: [Int])
  ) {
    let n = data.response.count
    let primaryColumns = WorkingColumns(data, structure: structure, factor: primary)
    let columns = secondary.map {
      WorkingColumns(data, structure: structure, factor: $0.factor)
    }
    var z1 = [Double](repeating: 0, count: width)
    var z2 = columns.map { [Double](repeating: 0, count: $0.width) }
    var place = [Int](repeating: 0, count: secondaryCount)
    for level in 0..<levels {
      for position in touchedStart[level]..<touchedStart[level + 1] {
        place[Int(touched[position])] = position
      }
      for position in rows.start[level]..<rows.start[level + 1] {
        let row = Int(rows.order[position])
        z1.withUnsafeMutableBufferPointer { primaryColumns.fill($0.baseAddress!, row: row) }
        for f in secondary.indices {
          z2[f].withUnsafeMutableBufferPointer { columns[f].fill($0.baseAddress!, row: row) }
        }
        for f in secondary.indices {
          let start = effect(structure, f, row: row)
          for c in 0..<columns[f].width {
            let value = z2[f][c]
            for i in 0..<width {
              withSecondary[place[start] * width + c * width + i] += z1[i] * value
            }
            for d in 0...c { trailing[start + c, start + d] += value * z2[f][d] }
            for other in 0..<f {
              let otherStart = effect(structure, other, row: row)
              for d in 0..<columns[other].width {
                trailing[start + c, otherStart + d] += value * z2[other][d]
              }
            }
            for k in 0..<(fixedCount - 1) {
              trailing[secondaryCount + k, start + c] +=
                value * design.orthonormal.storage[row + k * n]
            }
            trailing[secondaryCount + fixedCount - 1, start + c] += value * design.residual[row]
          }
        }
      }
    }
  }

  private func effect(_ structure: RandomStructure, _ position: Int, row: Int) -> Int {
    let factor = structure.factors[secondary[position].factor]
    return secondary[position].start + Int(factor.levelOfRow[row]) * factor.width
  }
}

/// The scaled random-effects columns of one factor, made row by row from the raw ones.
struct WorkingColumns {
  private var parts: [(values: [Double], start: Int, centre: Double, scale: Double)] = []

  var width: Int { parts.count }

  init(_ data: MixedModelData, structure: RandomStructure, factor: Int) {
    for index in structure.factors[factor].terms {
      let term = structure.terms[index]
      let design = data.random[index].design
      for j in 0..<term.width {
        parts.append((design.storage, j * design.rows, term.centre[j], term.scale[j]))
      }
    }
  }

  @inline(__always)
  func fill(_ z: UnsafeMutablePointer<Double>, row: Int) {
    for j in 0..<parts.count {
      z[j] = (parts[j].values[parts[j].start + row] - parts[j].centre) * parts[j].scale
    }
  }
}
