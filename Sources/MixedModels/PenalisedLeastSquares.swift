import Numerics

/// The penalised least squares problem of a mixed model for given relative covariance factors Λ,
/// solved from cross-products (Bates et al. 2015, section 3).
///
/// Eliminates the primary levels one by one, then factorises what is left for the secondary
/// effects, the fixed effects and the response.
struct PenalisedLeastSquares {
  /// What the likelihood needs.
  struct Value {
    /// log |ΛᵀZᵀZΛ + I|.
    var logDeterminant: Double
    /// log |QᵀV⁻¹Q| with V = ZΛΛᵀZᵀ + I.
    var fixedLogDeterminant: Double
    /// The penalised residual sum of squares, as a share of the response's on the fixed part.
    var residual: Double
  }

  let products: CrossProducts
  private(set) var structure: RandomStructure
  /// Λ of each factor, on the working scale.
  private(set) var factors: [Matrix]
  /// After `evaluate`: the Cholesky factor of the trailing system.
  private(set) var trailing: EnvelopeMatrix
  private var small: [Double]
  private var panel: [Double]
  private var scaled: [Double]
  private(set) var evaluations = 0

  init(products: CrossProducts, structure: RandomStructure) {
    self.products = products
    self.structure = structure
    factors = structure.factors.map { Matrix(rows: $0.width, columns: $0.width) }
    trailing = products.trailing
    let q = products.width
    var most = 0
    for level in 0..<products.levels {
      most = max(most, products.touchedStart[level + 1] - products.touchedStart[level])
    }
    small = Array(repeating: 0, count: q * q)
    panel = Array(repeating: 0, count: q * (most + products.fixedCount))
    scaled = panel
  }

  /// Orders each term's effects anew; returns the parameters of the same covariances.
  mutating func reorder(_ parameters: [Double]) -> [Double] {
    let offsets = structure.parameterOffsets
    for factor in factors.indices {
      factors[factor].storage = factors[factor].storage.map { _ in 0 }
    }
    return structure.terms.indices.flatMap { index in
      let end = offsets[index] + structure.terms[index].parameterCount
      return structure.terms[index].reorder(parameters[offsets[index]..<end])
    }
  }

  /// Sets every Λ from the working parameters θ*, term by term.
  mutating func setParameters(_ parameters: [Double]) {
    var next = 0
    for term in structure.terms {
      var position = 0
      for j in 0..<term.width {
        for i in j..<(term.correlated ? term.width : j + 1) {
          factors[term.factor][term.offset + term.order[i], term.offset + j] =
            parameters[next + position]
          position += 1
        }
      }
      next += position
    }
  }

  /// Solves for the present Λ.
  ///
  /// - Returns: nil when the system is not positive definite to working precision.
  mutating func evaluate() -> Value? {
    evaluations += 1
    startTrailing()
    var logDeterminant = 0.0
    for level in 0..<products.levels {
      let touched =
        products.touchedStart[level]..<products.touchedStart[level + 1]
      if products.width == 1 {
        logDeterminant += eliminateScalar(level, touched)
      } else {
        guard let value = eliminate(level, touched) else { return nil }
        logDeterminant += value
      }
    }
    guard trailing.factorise() else { return nil }
    let secondary = products.secondaryCount
    let fixed = products.fixedCount - 1
    for i in 0..<secondary { logDeterminant += 2 * Elementary.log(trailing[i, i]) }
    var fixedLogDeterminant = 0.0
    for i in secondary..<(secondary + fixed) {
      fixedLogDeterminant += 2 * Elementary.log(trailing[i, i])
    }
    let last = trailing[secondary + fixed, secondary + fixed]
    return Value(
      logDeterminant: logDeterminant, fixedLogDeterminant: fixedLogDeterminant,
      residual: last * last)
  }

  /// Λ₂ᵀZ₂ᵀZ₂Λ₂ + I, WᵀZ₂Λ₂ and WᵀW.
  private mutating func startTrailing() {
    trailing.storage = products.trailing.storage
    let count = products.secondaryCount
    guard count > 0 else { return }
    let rows = count + products.fixedCount
    for (position, part) in products.secondary.enumerated() {
      let lambda = factors[part.factor]
      let q = lambda.rows
      let end =
        position + 1 < products.secondary.count ? products.secondary[position + 1].start : count
      if q == 1 {
        scaleEffects(part.start..<end, by: lambda.storage[0], rows: rows)
        continue
      }
      var old = [Double](repeating: 0, count: q)
      for block in stride(from: part.start, to: end, by: q) {
        // The block is symmetric but stored below the diagonal: mirror it first.
        var square = Matrix(rows: q, columns: q)
        for i in 0..<q {
          for j in 0...i {
            square[i, j] = trailing[block + i, block + j]
            square[j, i] = square[i, j]
          }
        }
        let inner = lambda.transposed * (square * lambda)
        for i in 0..<q { for j in 0...i { trailing[block + i, block + j] = inner[i, j] } }
        // Rows of the block, left of it: ΛᵀE.
        for column in trailing.first[block]..<block {
          for i in 0..<q { old[i] = trailing[block + i, column] }
          for i in 0..<q {
            var sum = 0.0
            for k in 0..<q { sum += lambda[k, i] * old[k] }
            trailing[block + i, column] = sum
          }
        }
        // Columns of the block, below it: EΛ.
        for row in (block + q)..<rows where trailing.first[row] <= block {
          for j in 0..<q { old[j] = trailing[row, block + j] }
          for j in 0..<q {
            var sum = 0.0
            for k in 0..<q { sum += old[k] * lambda[k, j] }
            trailing[row, block + j] = sum
          }
        }
      }
    }
    for i in 0..<count { trailing[i, i] += 1 }
  }

  /// Multiplies the rows and the columns of the effects by `factor`.
  private mutating func scaleEffects(_ effects: Range<Int>, by factor: Double, rows: Int) {
    for i in effects.lowerBound..<rows {
      if effects.contains(i) {
        for j in trailing.first[i]...i { trailing[i, j] *= factor }
      }
      let from = max(trailing.first[i], effects.lowerBound)
      for j in from..<max(from, min(effects.upperBound, i + 1)) { trailing[i, j] *= factor }
    }
  }

  /// Takes a primary level with one effect out of the system; returns log of its pivot.
  private mutating func eliminateScalar(_ level: Int, _ touched: Range<Int>) -> Double {
    let theta = factors[products.primary].storage[0]
    let pivot = theta * theta * products.within[level] + 1
    if theta == 0 { return 0 }
    let m = products.fixedCount
    let count = touched.count
    let scale = theta / pivot.squareRoot()
    if count > 0 {
      let source = products.withSecondary
      panel.withUnsafeMutableBufferPointer { panel in
        for a in 0..<count { panel[a] = source[touched.lowerBound + a] * scale }
      }
    }
    scaleSecondary(touched, q: 1)
    let source = products.withFixed
    panel.withUnsafeMutableBufferPointer { panel in
      for k in 0..<m { panel[count + k] = source[level * m + k] * scale }
    }
    update(touched, q: 1)
    return Elementary.log(pivot)
  }

  /// Takes a primary level out of the system; returns log |ΛᵀAΛ + I|.
  private mutating func eliminate(_ level: Int, _ touched: Range<Int>) -> Double? {
    let q = products.width
    let m = products.fixedCount
    let count = touched.count
    guard let logDeterminant = factorisePrimary(level) else { return nil }
    let lambda = factors[products.primary]
    let products = self.products
    let small = self.small
    panel.withUnsafeMutableBufferPointer { panel in
      small.withUnsafeBufferPointer { small in
        lambda.storage.withUnsafeBufferPointer { lambda in
          func transform(_ source: UnsafePointer<Double>, _ target: UnsafeMutablePointer<Double>) {
            for i in 0..<q {
              var sum = 0.0
              for k in 0..<q { sum += lambda[k + i * q] * source[k] }
              for k in 0..<i { sum -= small[i + k * q] * target[k] }
              target[i] = sum / small[i + i * q]
            }
          }
          products.withSecondary.withUnsafeBufferPointer { source in
            for a in 0..<count {
              transform(
                source.baseAddress! + (touched.lowerBound + a) * q, panel.baseAddress! + a * q)
            }
          }
          products.withFixed.withUnsafeBufferPointer { source in
            for k in 0..<m {
              transform(
                source.baseAddress! + (level * m + k) * q, panel.baseAddress! + (count + k) * q)
            }
          }
        }
      }
    }
    scaleSecondary(touched, q: q)
    update(touched, q: q)
    return logDeterminant
  }

  /// Leaves the Cholesky factor of ΛᵀAΛ + I in `small` (q × q, by columns, lower).
  private mutating func factorisePrimary(_ level: Int) -> Double? {
    let q = products.width
    let lambda = factors[products.primary]
    var logDeterminant = 0.0
    var scaled = [Double](repeating: 0, count: q)
    let good = products.within.withUnsafeBufferPointer { within in
      lambda.storage.withUnsafeBufferPointer { lambda in
        small.withUnsafeMutableBufferPointer { small in
          scaled.withUnsafeMutableBufferPointer { column in
            let a = within.baseAddress! + level * q * q
            for j in 0..<q {
              for i in 0..<q {
                var sum = 0.0
                for k in 0..<q { sum += a[i + k * q] * lambda[k + j * q] }
                column[i] = sum
              }
              for i in j..<q {
                var sum = i == j ? 1.0 : 0.0
                for k in 0..<q { sum += lambda[k + i * q] * column[k] }
                small[i + j * q] = sum
              }
            }
            for j in 0..<q {
              var pivot = small[j + j * q]
              for k in 0..<j { pivot -= small[j + k * q] * small[j + k * q] }
              guard pivot > 0, pivot.isFinite else { return false }
              logDeterminant += Elementary.log(pivot)
              let root = pivot.squareRoot()
              small[j + j * q] = root
              for i in (j + 1)..<max(q, j + 1) {
                var sum = small[i + j * q]
                for k in 0..<j { sum -= small[i + k * q] * small[j + k * q] }
                small[i + j * q] = sum / root
              }
            }
            return true
          }
        }
      }
    }
    return good ? logDeterminant : nil
  }

  /// Multiplies the panel's secondary columns by Λ₂ from the right, block by block.
  private mutating func scaleSecondary(_ touched: Range<Int>, q: Int) {
    var a = 0
    while a < touched.count {
      let effect = Int(products.touched[touched.lowerBound + a])
      let part = products.secondary[Int(products.blockOfEffect[effect].position)]
      let block = factors[part.factor].rows
      if block == 1 {
        let factor = factors[part.factor].storage[0]
        for r in 0..<q { panel[a * q + r] *= factor }
      } else {
        for r in 0..<q {
          for j in 0..<block {
            var sum = 0.0
            for k in 0..<block {
              sum += panel[(a + k) * q + r] * factors[part.factor].storage[k + j * block]
            }
            scaled[j] = sum
          }
          for j in 0..<block { panel[(a + j) * q + r] = scaled[j] }
        }
      }
      a += block
    }
  }

  /// Trailing ← trailing − BᵀB for the panel B = [secondary, fixed].
  private mutating func update(_ touched: Range<Int>, q: Int) {
    let count = touched.count
    let m = products.fixedCount
    let secondaryCount = products.secondaryCount
    let from = touched.lowerBound
    let contiguous =
      count > 0
      && Int(products.touched[from + count - 1]) - Int(products.touched[from]) == count - 1
    // Copies of single arrays: a closure may not reach into `self` while it changes.
    let effects = products.touched
    let panel = self.panel
    let start = trailing.start
    trailing.storage.withUnsafeMutableBufferPointer { storage in
      start.withUnsafeBufferPointer { start in
        effects.withUnsafeBufferPointer { effects in
          panel.withUnsafeBufferPointer { panel in
            for a in 0..<(count + m) {
              let row = a < count ? Int(effects[from + a]) : secondaryCount + a - count
              let target = storage.baseAddress! + start[row]
              let left = panel.baseAddress! + a * q
              let inner = min(a + 1, count)
              if q == 1 && contiguous {
                subtract(
                  left[0], times: panel.baseAddress!, from: target + Int(effects[from]), inner)
              } else {
                for b in 0..<inner {
                  let right = panel.baseAddress! + b * q
                  var sum = 0.0
                  for r in 0..<q { sum += left[r] * right[r] }
                  target[Int(effects[from + b])] -= sum
                }
              }
              if a >= count {
                for b in count...a {
                  let right = panel.baseAddress! + b * q
                  var sum = 0.0
                  for r in 0..<q { sum += left[r] * right[r] }
                  target[secondaryCount + b - count] -= sum
                }
              }
            }
          }
        }
      }
    }
  }
}
