// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "dormouse",
  products: [.executable(name: "dormouse", targets: ["dormouse"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    // System libraries and shims: a header each, no logic.
    .systemLibrary(
      name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "CReadStat", providers: [.apt(["libreadstat-dev"])]),
    .systemLibrary(name: "CCSV", providers: [.apt(["libcsv-dev"])]),
    .systemLibrary(
      name: "CMessageDigest", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
    .systemLibrary(name: "CNLopt", pkgConfig: "nlopt", providers: [.apt(["libnlopt-dev"])]),
    .systemLibrary(name: "CSleef", providers: [.apt(["libsleef-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .target(name: "CBoostMath", linkerSettings: [.linkedLibrary("m")]),

    // Each declares every module that it imports, and depends only on targets above it:
    // scripts/check-imports.
    .target(name: "Numerics", dependencies: ["CBoostMath", "CSleef"]),
    .target(name: "MixedModels", dependencies: ["Numerics", "CNLopt"]),
    .target(name: "Tabular", dependencies: ["CReadStat", "CCSV", "CMessageDigest"]),
    .target(name: "Formulas", dependencies: ["Numerics", "MixedModels", "Tabular"]),
    .target(name: "Imputation", dependencies: ["Numerics", "MixedModels", "Tabular"]),
    .target(name: "Analyses", dependencies: ["Numerics", "MixedModels", "Tabular", "Formulas"]),
    .target(name: "Pooling", dependencies: ["Numerics", "MixedModels", "Tabular", "Analyses"]),
    .target(name: "Convergence", dependencies: ["Numerics", "MixedModels"]),
    .target(name: "MessagePassing", dependencies: ["COpenMPI"]),
    .target(
      name: "RunRecord",
      dependencies: [
        "Tabular", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
    .target(
      name: "Study",
      dependencies: [
        "MixedModels", "Tabular", "Formulas", "Imputation", "Analyses",
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "Coordination",
      dependencies: [
        "MixedModels", "Tabular", "Formulas", "Imputation", "Analyses", "MessagePassing",
        "RunRecord", "Study",
      ]),
    .target(
      name: "Simulation",
      dependencies: [
        "Numerics", "MixedModels", "Tabular", "Formulas", "Imputation", "Analyses", "Pooling",
        "MessagePassing", "RunRecord", "Study", "Coordination",
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "Reporting",
      dependencies: [
        "Numerics", "MixedModels", "Tabular", "Imputation", "Analyses", "Pooling", "Convergence",
        "RunRecord", "Study", "Coordination", "Simulation",
        .product(name: "Mustache", package: "swift-mustache"),
      ]),
    .target(
      name: "Batch",
      dependencies: [
        "Tabular", "Imputation", "Analyses", "Study", "Coordination",
        .product(name: "Yams", package: "Yams"),
      ]),
    .executableTarget(
      name: "dormouse",
      dependencies: [
        "CMalloc", "Numerics", "MixedModels", "Tabular", "Formulas", "Imputation", "Analyses",
        "Pooling", "MessagePassing", "RunRecord", "Study", "Coordination", "Simulation",
        "Reporting", "Batch",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Run by tests under mpirun; not part of what is installed.
    .executableTarget(
      name: "mpi-selftest", dependencies: ["MessagePassing", "RunRecord", "Coordination"]),
    // Starts jobs under mpirun from tests.
    .target(name: "LaunchedJobs", path: "Tests/LaunchedJobs"),

    .testTarget(
      name: "NumericsTests", dependencies: ["Numerics"], exclude: ["Reference"]),
    .testTarget(
      name: "MixedModelsTests", dependencies: ["MixedModels"], resources: [.copy("Reference")]),
    .testTarget(
      name: "TabularTests", dependencies: ["Tabular", "LaunchedJobs"],
      resources: [.copy("Reference")]),
    .testTarget(
      name: "ImputationTests", dependencies: ["Imputation"], resources: [.copy("Reference")]),
    .testTarget(
      name: "InferenceTests", dependencies: ["Formulas", "Analyses", "Pooling", "Convergence"],
      resources: [.copy("Reference")]),
    .testTarget(
      name: "MessagePassingTests",
      dependencies: ["MessagePassing", "LaunchedJobs", "mpi-selftest"]),
    .testTarget(
      name: "RunRecordTests",
      dependencies: [
        "RunRecord", "LaunchedJobs", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(name: "StudyTests", dependencies: ["Study"]),
    .testTarget(
      name: "CoordinationTests", dependencies: ["Coordination", "LaunchedJobs", "mpi-selftest"]),
    .testTarget(
      name: "SimulationTests", dependencies: ["Simulation"], resources: [.copy("Reference")]),
    .testTarget(name: "BatchTests", dependencies: ["Batch", "LaunchedJobs"]),
    .testTarget(name: "ReportingTests", dependencies: ["Reporting"]),
    .testTarget(
      name: "DormouseTests",
      dependencies: [
        "Coordination", "Reporting", "RunRecord", "Simulation", "Tabular", "dormouse",
        "LaunchedJobs", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      exclude: ["Golden"], resources: [.copy("Reference")]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// For scripts/try: a test target and what it needs, without the program and all other tests.
if let tested = Context.environment["DORMOUSE_TRY"] {
  var needed: Set<String> = []
  var packages: Set<String> = []
  func need(_ name: String) {
    guard let target = package.targets.first(where: { $0.name == name }) else { return }
    guard needed.insert(name).inserted else { return }
    for dependency in target.dependencies {
      switch dependency {
      case .targetItem(let name, _), .byNameItem(let name, _): need(name)
      case .productItem(_, let package, _, _): packages.insert(package ?? "")
      @unknown default: break
      }
    }
  }
  need(tested)
  package.targets.removeAll { !needed.contains($0.name) }
  package.products = []
  package.dependencies.removeAll { dependency in
    guard case .sourceControl(_, let location, _) = dependency.kind else { return false }
    return !packages.contains { location.hasSuffix("/" + $0) }
  }
}
