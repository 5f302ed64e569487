import Batch
import Study
import Testing

@Suite("config/cluster.yaml") struct ClusterSettingsTests {
  static let full = """
    # our machine
    account: trials
    partition: compute
    qos: normal
    time: 08:00:00
    nodes: 4
    ntasks-per-node: 32
    mem-per-cpu: 2G
    modules: [openmpi/4.1, dormouse]
    setup:
      - export A=1
      - ulimit -c 0
    mpi: mpirun
    """

  @Test func everyKey() throws {
    let settings = try ClusterSettings(text: Self.full, path: "cluster.yaml")
    #expect(settings.account == "trials" && settings.partition == "compute")
    #expect(settings.qos == "normal" && settings.time == .seconds(28800))
    #expect(settings.nodes == 4 && settings.tasksPerNode == 32)
    #expect(settings.memoryPerCPU == "2G" && settings.memoryInMegabytes == 2048)
    #expect(settings.modules == ["openmpi/4.1", "dormouse"])
    #expect(settings.setup == ["export A=1", "ulimit -c 0"] && settings.mpi == .mpirun)
  }

  @Test(arguments: ["", "# nothing yet\n", "account:\npartition: ~\n"])
  func everythingIsOptional(_ text: String) throws {
    #expect(try ClusterSettings(text: text, path: "cluster.yaml") == ClusterSettings())
  }

  @Test(arguments: [
    ("partiton: x", "1:1: unknown key 'partiton'; did you mean 'partition'?"),
    ("nodes: 2\ntime: 8h", "2:7: 'time': '8h' is no time limit"),
    ("nodes: 0", "1:8: 'nodes': '0' must be a whole number, 1 or more"),
    ("nodes: [1]", "1:8: 'nodes' must be a text"),
    ("account: my account", "1:10: 'account': 'my account' is no name"),
    ("mem-per-cpu: lots", "1:14: 'mem-per-cpu': 'lots' is no amount of memory"),
    ("mpi: aprun", "1:6: 'mpi': 'aprun' is neither srun nor mpirun"),
    ("modules: [a b]", "1:10: 'modules': 'a b' is no module's name"),
    ("nodes: 1\nnodes: 2", "2:1: the key 'nodes' is given twice; line 1 has it already"),
    ("nodes: {", "1:9: this is not valid YAML"),
  ])
  func mistakesStandWithTheirPlace(_ text: String, _ sentence: String) throws {
    let error = try #require(throws: StudyError.self) {
      try ClusterSettings(text: text, path: "cluster.yaml")
    }
    let shown = error.rendered(excerpts: false)
    #expect(shown.hasPrefix("cluster.yaml:" + sentence), "\(shown)")
    #expect(!shown.contains("\n"), "\(shown)")
  }

  @Test func theEnvironmentReplacesTheFileAndOptionsBoth() throws {
    var settings = try ClusterSettings(text: Self.full, path: "cluster.yaml")
    try settings.apply(environment: [
      "DORMOUSE_ACCOUNT": "other", "DORMOUSE_NTASKS_PER_NODE": "8", "DORMOUSE_QOS": "",
      "DORMOUSE_MODULES": "a/1  b", "DORMOUSE_SETUP": "source x; y",
    ])
    #expect(settings.account == "other" && settings.tasksPerNode == 8)
    #expect(settings.qos == "normal", "an empty variable replaces nothing")
    #expect(settings.modules == ["a/1", "b"] && settings.setup == ["source x; y"])
    try settings.apply(options: ["account": "third", "time": "1-0"])
    #expect(settings.account == "third" && settings.time == .seconds(86400))
    #expect(
      throws: BatchError.setting(
        place: "DORMOUSE_TIME", explanation: TimeLimit.explanation("soon"))
    ) { try settings.apply(environment: ["DORMOUSE_TIME": "soon"]) }
  }

  @Test func anAbsentFileIsNamed() throws {
    #expect(
      throws: BatchError.settingsAbsent(
        path: "/nowhere/cluster.yaml", explanation: "No such file or directory")
    ) { try ClusterSettings(readingFile: "/nowhere/cluster.yaml") }
  }
}
