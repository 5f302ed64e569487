import Numerics
import Tabular

/// A made-up cluster randomised trial of sex education in schools: the project's example data.
///
/// Its shape is that of a real one (25 schools of unequal size, an ordinal score and an ordinal
/// covariate with missing values); every value is drawn. Columns: `school` (1 …), `arm` (0, 1; by
/// school), `sex` (1, 2), `scpar` (parents' social class, seven codes), `kscore` (knowledge score,
/// −8 … 8). Rows are sorted by school.
///
/// The score is a rounded latent Gaussian outcome with a school effect; effects and variances
/// below are on that latent scale, of which the score shows slightly less because it ends at 8.
public struct SyntheticTrial: Sendable, Equatable {
  public var schools = 25
  public var pupils = 5_854
  /// Spread of the school sizes: standard deviation over mean.
  package var sizeVariation = 0.4

  /// Latent score of a boy of average class in the control arm.
  public var intercept = 3.7
  /// Effect of the intervention.
  package var armEffect = 0.5
  /// Difference of girls (sex 2) from boys (sex 1).
  package var sexEffect = 0.9
  /// Effect of one standard deviation of (latent) social class; higher is less privileged.
  package var classEffect = -0.4
  /// Variance of school effect and residual together.
  package var outcomeVariance = 5.4
  /// Intracluster correlation of the score given arm, sex and class.
  package var outcomeICC = 0.03
  /// Intracluster correlation of latent social class.
  package var classICC = 0.08
  /// Share of pupils whose parents' class is coded "not classified", whatever it is.
  var unclassified = 0.08

  /// Share of `kscore` missing; more among boys, controls and less privileged pupils.
  package var outcomeMissing = 0.06
  /// Share of `scpar` missing; more among boys and controls.
  package var classMissing = 0.02

  public init() {}

  /// Class codes with their labels, from most to least privileged, then 99.
  package static let classLabels = [
    ValueLabel(value: 10, label: "professional"),
    ValueLabel(value: 20, label: "managerial or technical"),
    ValueLabel(value: 31, label: "skilled, non-manual"),
    ValueLabel(value: 32, label: "skilled, manual"),
    ValueLabel(value: 40, label: "partly skilled"),
    ValueLabel(value: 50, label: "unskilled"),
    ValueLabel(value: 99, label: "not classified"),
  ]
  static let classScale = OrdinalScale(
    codes: [10, 20, 31, 32, 40, 50], cutPoints: [-1.25, 0, 0.65, 1.25, 1.9])
  static let notClassified = 99.0
  static let scoreScale = OrdinalScale(rounding: -8...8)

  /// What a stream is drawn for. Each purpose has its own, so that changing one part of the trial
  /// leaves the random numbers of the others alone.
  private enum Purpose: UInt32 {
    case sizes = 1
    case randomisation, sex, classSchools, classPupils, unclassified
    case scoreSchools, scorePupils, classMissing, scoreMissing
  }

  private func stream(_ purpose: Purpose, seed: UInt64, replicate: UInt32) -> RandomStream {
    RandomStream(
      StreamAddress(seed: seed, task: replicate, iteration: purpose.rawValue, target: 0))
  }

  /// The trial with nothing missing.
  ///
  /// - Parameters:
  ///   - seed: with `replicate` and the trial's parameters it decides every bit.
  ///   - replicate: number of the data set among those of one seed.
  public func complete(
    seed: UInt64, replicate: UInt32 = 0
  ) throws(SimulationError) -> Dataset {
    try generate(seed: seed, replicate: replicate).dataset
  }

  /// The trial with `scpar` and `kscore` incomplete; other cells as in ``complete(seed:replicate:)``.
  ///
  /// Missing at random: the score's missingness depends on sex, arm and class, class counting
  /// only where it is observed.
  public func dataset(
    seed: UInt64, replicate: UInt32 = 0
  ) throws(SimulationError) -> Dataset {
    var trial = try generate(seed: seed, replicate: replicate)
    let who = trial.sex.indices.map { 0.4 * (2 - trial.sex[$0]) + 0.3 * (1 - trial.arm[$0]) }

    var random = stream(.classMissing, seed: seed, replicate: replicate)
    let classRule = try LogisticMissingness(variable: "scpar", rate: classMissing)
    let classGone = try classRule.draw(linearPredictor: who, using: &random)

    random = stream(.scoreMissing, seed: seed, replicate: replicate)
    let scoreRule = try LogisticMissingness(variable: "kscore", rate: outcomeMissing)
    let scoreGone = try scoreRule.draw(
      linearPredictor: who.indices.map { row in
        let lessPrivileged = !classGone[row] && trial.socialClass[row] >= 32
        return who[row] + (lessPrivileged ? 0.5 : 0)
      },
      using: &random)

    for row in who.indices {
      if classGone[row] { trial.socialClass[row] = .nan }
      if scoreGone[row] { trial.score[row] = .nan }
    }
    return trial.dataset
  }

  private func generate(seed: UInt64, replicate: UInt32) throws(SimulationError) -> Trial {
    let sizes = try schoolSizes(seed: seed, replicate: replicate)
    let school = sizes.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
    let armOfSchool = randomisedArms(seed: seed, replicate: replicate)
    let arm = school.map { armOfSchool[$0] }

    var random = stream(.sex, seed: seed, replicate: replicate)
    let sex = school.map { _ in Double(1 + random.index(below: 2)) }

    var effects = stream(.classSchools, seed: seed, replicate: replicate)
    var residuals = stream(.classPupils, seed: seed, replicate: replicate)
    let latentClass = try TwoLevelOutcome(totalVariance: 1, icc: classICC).draw(
      linearPredictor: [Double](repeating: 0, count: school.count), cluster: school,
      clusters: schools, effects: &effects, residuals: &residuals)
    random = stream(.unclassified, seed: seed, replicate: replicate)
    let socialClass = latentClass.map {
      random.uniform() < unclassified ? Self.notClassified : Self.classScale.code(of: $0)
    }

    effects = stream(.scoreSchools, seed: seed, replicate: replicate)
    residuals = stream(.scorePupils, seed: seed, replicate: replicate)
    let latentScore = try TwoLevelOutcome(totalVariance: outcomeVariance, icc: outcomeICC).draw(
      linearPredictor: school.indices.map {
        intercept + armEffect * arm[$0] + sexEffect * (sex[$0] - 1) + classEffect * latentClass[$0]
      },
      cluster: school, clusters: schools, effects: &effects, residuals: &residuals)

    return Trial(
      school: school.map { Double($0 + 1) }, arm: arm, sex: sex, socialClass: socialClass,
      score: latentScore.map(Self.scoreScale.code(of:)))
  }

  private func schoolSizes(seed: UInt64, replicate: UInt32) throws(SimulationError) -> [Int] {
    guard schools > 0, pupils >= schools else {
      throw .tooFewRows(rows: pupils, clusters: schools)
    }
    var random = stream(.sizes, seed: seed, replicate: replicate)
    let sizes = try ClusterSizes(
      mean: Double(pupils) / Double(schools), coefficientOfVariation: sizeVariation)
    return try sizes.draw(clusters: schools, total: pupils, using: &random)
  }

  /// The arm of each school: half of them, rounded up, get the intervention.
  private func randomisedArms(seed: UInt64, replicate: UInt32) -> [Double] {
    var random = stream(.randomisation, seed: seed, replicate: replicate)
    var arms = (0..<schools).map { $0 < (schools + 1) / 2 ? 1.0 : 0.0 }
    // Fisher–Yates; the standard library's shuffle may change its use of the generator.
    for i in stride(from: schools - 1, to: 0, by: -1) {
      arms.swapAt(i, random.index(below: i + 1))
    }
    return arms
  }
}

/// The generated columns, one value a pupil.
private struct Trial {
  var school: [Double]
  var arm: [Double]
  var sex: [Double]
  var socialClass: [Double]
  var score: [Double]

  var dataset: Dataset {
    Dataset(columns: [
      Column(name: "school", label: "School", values: .numeric(school)),
      Column(
        name: "arm", label: "Arm of the trial", values: .numeric(arm),
        valueLabels: [
          ValueLabel(value: 0, label: "control"), ValueLabel(value: 1, label: "intervention"),
        ]),
      Column(
        name: "sex", label: "Sex", values: .numeric(sex),
        valueLabels: [ValueLabel(value: 1, label: "male"), ValueLabel(value: 2, label: "female")]),
      Column(
        name: "scpar", label: "Highest social class of the parents",
        values: .numeric(socialClass), valueLabels: SyntheticTrial.classLabels),
      Column(name: "kscore", label: "Knowledge score at follow-up", values: .numeric(score)),
    ])
  }
}
