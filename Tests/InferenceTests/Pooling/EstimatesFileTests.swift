import Foundation
import Pooling
import Testing

@Suite struct EstimatesFileTests {
  private func read(_ text: String) throws -> [ModelEstimates] {
    let path = FileManager.default.temporaryDirectory
      .appending(path: "estimates-\(UUID().uuidString).csv")
    try Data(text.utf8).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    return try EstimatesFile.read(path.path)
  }

  /// mice calls the incomplete data imputation 0.
  @Test func imputationZeroIsLeftOut() throws {
    let found = try read(
      "term,estimate,std.error,.imp\nx,9,0.5,0\nx,1,0.5,1\nx,1.2,0.5,2\n")
    #expect(found.count == 1)
    #expect(found[0].imputations == ["1", "2"])
    #expect(found[0].fits.map { $0.map(\.estimate) } == [[1], [1.2]])
    #expect(found[0].notes.count == 1)
    #expect(found[0].notes[0].hasPrefix("Imputation 0 is left out"))
    let only = try read("term,estimate,std.error,.imp\nx,9,0.5,0\n")
    #expect(only[0].imputations == ["0"] && only[0].notes.isEmpty)
    let none = try read("term,estimate,std.error,.imp\nx,9,0.5,1\nx,9,0.5,10\n")
    #expect(none[0].imputations == ["1", "10"] && none[0].notes.isEmpty)
  }

  /// Without numbers of imputations the rows of a term are those of one parameter, or nobody knows.
  @Test(arguments: ["outcome", "subgroup", "time"])
  func rowsOfSeveralParametersAreNotAveraged(column: String) throws {
    let kinds = column == "time" ? ["1", "2"] : ["pain", "sleep"]
    func text(_ values: [String], _ header: String = "") -> String {
      "\(header.isEmpty ? column : header),term,estimate,std.error\n"
        + values.enumerated().map { "\($0.element),arm,\($0.offset + 1),0.5\n" }.joined()
    }
    let error = #expect(throws: EstimatesFileError.self) { try read(text(kinds + kinds)) }
    #expect("\(try #require(error))".contains("'\(column)' differs between rows of the term 'arm'"))
    // Each value once: these are the imputations' names. All the same: nothing is told apart.
    #expect(try read(text(kinds))[0].fits.count == 2)
    #expect(try read(text([kinds[0], kinds[0]]))[0].fits.count == 2)
    #expect(try read(text(kinds + kinds, "model")).count == 2)
  }

  /// The table of a run's fits, whose variance components have no standard error.
  @Test func onlyFixedEffectsArePooled() throws {
    let found = try read(
      """
      analysis,.imp,effect,group,term,estimate,std.error,df.model,df.nlme,df.residual
      a,1,fixed,,(Intercept),1,0.5,23,600,620
      a,1,ran_pars,school,sd__(Intercept),2,,,,
      a,1,ran_pars,Residual,sd__Observation,3,,,,
      a,2,fixed,,(Intercept),1.5,0.5,23,600,620
      a,2,ran_pars,school,sd__(Intercept),2,,,,
      a,2,ran_pars,Residual,sd__Observation,3,-1,,,

      """)
    #expect(found.map(\.model) == ["a"])
    #expect(found[0].fits.map { $0.map(\.term) } == [["(Intercept)"], ["(Intercept)"]])
    #expect(found[0].fits.map { $0.map(\.estimate) } == [[1], [1.5]])
    #expect(
      found[0].notes == [
        "4 rows whose 'effect' is not 'fixed' are left out; only fixed effects are pooled."
      ])
  }

  @Test(arguments: [
    ("y,nan,1,3", "estimate"), ("y,1,nan,3", "std.error"), ("y,1,1,nan", "df"),
  ]) func textIsToldAtItsRow(row: String, column: String) {
    #expect {
      _ = try read("term,estimate,std.error,df\nx,1,1,3\n\(row)\n")
    } throws: {
      "\($0)".hasSuffix("row 2: '\(column)' holds text where a number is needed")
    }
  }

  @Test func mistakesAreToldAtTheirRow() {
    #expect {
      _ = try read("effect,term,estimate,std.error\nran_pars,x,1,\nfixed,x,1,1\nfixed,y,1,\n")
    } throws: {
      "\($0)".hasSuffix("row 3: 'std.error' is missing; every row needs one")
    }
    #expect {
      _ = try read("effect,term,estimate,std.error\nran_pars,x,1,\nfixed,x,1,-1\n")
    } throws: {
      "\($0)".contains("row 2: 'std.error' is negative")
    }
    #expect {
      _ = try read("effect,term,estimate,std.error\nran_pars,x,1,\n")
    } throws: {
      if case EstimatesFileError.noFixedEffects(_, "effect") = $0 { true } else { false }
    }
  }
}
