import Foundation
import Imputation
import Study
import Testing

let packageRoot = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The problems of a study file, as a user reads them.
func messages(_ text: String) -> [String] {
  do throws(StudyError) {
    _ = try StudyFile(text: text, path: "s.yaml")
    return []
  } catch {
    return error.description.split(separator: "\n").map(String.init)
  }
}

@Suite struct StudyFileReading {
  @Test func readsTheShippedStudy() throws {
    let file = try StudyFile(readingFile: packageRoot.appending(path: "config/share.yaml").path)
    #expect(file.name?.value == "share")
    #expect(file.dataFile?.value == "share.dta")
    #expect(file.columns?.map(\.value) == ["school", "arm", "sex", "scpar", "kscore"])
    #expect(file.cluster?.value == "school")
    #expect(file.variables.first?.type?.value == .numeric)
    #expect(file.imputations?.value == 30)
    #expect(file.iterations?.value == 200)
    #expect(file.seed?.value == 1234)
    #expect(file.targets?.map(\.name.value) == ["scpar", "kscore"])
    let kscore = try #require(file.targets?.last)
    #expect(kscore.method?.value == "2l.pmm")
    #expect(kscore.predictors?.map(\.name.value) == ["arm", "sex", "scpar"])
    #expect(kscore.predictors?.map(\.role) == [.fixedWithMean, .fixedWithMean, .fixedWithMean])
    #expect(kscore.options.isEmpty)
    #expect(file.visit?.map(\.value) == ["scpar", "kscore"])
    #expect(file.analyses.first?.model.value == "kscore ~ arm + (1 | school)")
    #expect(file.analyses.first?.estimation?.value == .reml)
    #expect(file.degreesOfFreedom?.value == .standard)
    #expect(file.level?.value == 0.95)
    #expect(file.outputDirectory?.value == "runs/share")
  }

  @Test func reportsEverythingAtOnce() {
    let text = """
      data:
        file: a.csv
        cluser: g
      impute:
        m: 0
        m: 5
        iterations: "20"
        seed: -1
        targets:
          y: {predictors: {y: 1, x: 7, g: -2}}
      pool: {level: 95, df: modle}
      """
    #expect(
      messages(text) == [
        "s.yaml:3:3: unknown key 'cluser' in 'data'; did you mean 'cluster'?",
        "s.yaml:6:3: the key 'm' is given twice; line 5 has it already",
        "s.yaml:7:15: 'impute.iterations' must be a whole number from 1 to 2147483647, but this is "
          + "the text \"20\"",
        "s.yaml:8:9: 'impute.seed' must be a whole number from 0 to 18446744073709551615, "
          + "but this is -1",
        "s.yaml:10:22: 'y' cannot predict itself; leave it out",
        "s.yaml:10:31: the role of 'x' cannot be 7; roles are 0 (unused), 1 (fixed), "
          + "2 (fixed + random slope), 3 (fixed + cluster mean), "
          + "4 (fixed + random slope + cluster mean)",
        "s.yaml:10:37: the role of 'g' cannot be -2: 'data.cluster' names the cluster, "
          + "for every target at once; leave it out of the predictors",
        "s.yaml:11:15: 'pool.level' must be a number between 0 and 1, but this is 95",
        "s.yaml:11:23: 'pool.df' cannot be 'modle'; did you mean 'model'?",
      ])
  }
}
