# shellcheck shell=bash
# Every script of slurm/ gives what a local run gives.

script_tests() {
  it "one-node.sh gives the bits of a local run" one_node
  it "many-nodes-srun.sh gives the bits of a local run" many_nodes_srun
  it "many-nodes-mpirun.sh gives the bits of a local run" many_nodes_mpirun
  it "requeue.sh gives the bits of a local run, by sbatch from a folder of its own" requeue_script
  it "simulation.sh and submit give the bits of a local simulation" simulation_script
  it "settings come from the file, from variables before it, and from options before both" settings
  it "a study that is wrong fails, and is not put back into the queue" wrong_study
  it "a job that is cancelled is not put back into the queue" cancelled
}

# by_script SCRIPT OPTIONS…: submits the quick study, waits, compares.
by_script() {
  local job
  job=$(sbatch --parsable "${@:2}" "$source_folder/slurm/$1" "$work/quick.yaml" run)
  completed "$job" 120
  same_bits run "$work/reference-quick"
  [[ $(field "$job" Restarts) == 0 ]]
}

one_node() { by_script one-node.sh; }

many_nodes_srun() {
  by_script many-nodes-srun.sh --nodes=3 --ntasks-per-node=2
  # Results did come from several nodes.
  (($(sqlite3 run/record.sqlite 'SELECT count(DISTINCT host) FROM chains') > 1))
}

many_nodes_mpirun() {
  by_script many-nodes-mpirun.sh --nodes=3 --ntasks-per-node=2
  (($(sqlite3 run/record.sqlite 'SELECT count(DISTINCT host) FROM chains') > 1))
}

requeue_script() { by_script requeue.sh; }

simulation_script() {
  cat >few.yaml <<'END'
simulation: few
replicates: 30
seed: 5
scenarios:
  clusters-per-arm: [5, 8]
  icc: [0.05, 0.2]
data:
  model: y ~ 0.3*arm + 0.5*x + (1 | cluster)
  x: {icc: 0.1}
  cluster-size: {fixed: 20}
missing: {mar: {on: [x, arm], rate: 0.3}}
methods:
  complete cases: {}
  2l.pmm: {m: 5, iterations: 1}
analyse: y ~ arm + x + (1 | cluster)
END
  local job file
  "$dormouse" simulate few.yaml --output local >/dev/null
  job=$(sbatch --parsable "$source_folder/slurm/simulation.sh" few.yaml run)
  completed "$job" 300
  same_simulation run local
  export DORMOUSE_SLURM=$source_folder/slurm
  # Nothing starts until the second submission has been refused.
  trap 'scontrol update PartitionName=main State=UP' EXIT
  scontrol update PartitionName=main State=DOWN
  "$dormouse" submit few.yaml --output submitted --nodes 2 --ntasks-per-node 2 \
    --mpi srun >shown 2>forecast || {
    cat shown forecast
    return 1
  }
  grep -q '120 replicates on 4 ranks' forecast
  job=$(sed -n 's/^Submitted as job \([0-9]*\)\.$/\1/p' shown)
  local status=0
  "$dormouse" submit few.yaml --output submitted 2>refused || status=$?
  [[ $status == 73 ]]
  grep -q "job $job does this already (pending)" refused
  scontrol update PartitionName=main State=UP
  completed "$job" 300
  same_simulation submitted local
  "$dormouse" submit few.yaml --output submitted 2>&1 | grep -q 'nothing is submitted'
}

# same_simulation STUDY REFERENCE: the same results of the 120 replicates.
same_simulation() {
  local file
  for file in performance.csv scenarios.csv; do cmp "$1/$file" "$2/$file"; done
  # The last column is the time it took.
  cmp <(sed 's/,[^,]*$//' "$1/estimates.csv") <(sed 's/,[^,]*$//' "$2/estimates.csv")
  (($(wc -l <"$1/estimates.csv") > 4 * 30 * 2))
}

settings() {
  cat >cluster.yaml <<'END'
partition: main    # a comment
time: 00:07:00
nodes: 2
ntasks-per-node: "2"
mpi: mpirun
modules: []
setup:
  - export FROM_SETUP='one two'
  - echo "set up: $FROM_SETUP"
END
  export DORMOUSE_CLUSTER=$PWD/cluster.yaml
  local job
  job=$("$source_folder/slurm/submit" "$source_folder/slurm/requeue.sh" "$work/quick.yaml" run |
    awk 'NR == 1 { print $2 }')
  completed "$job" 120
  same_bits run "$work/reference-quick"
  [[ $(field "$job" TimeLimit) == 00:07:00 && $(field "$job" NumNodes) == 2 ]]
  [[ $(sqlite3 run/record.sqlite 'SELECT ranks FROM attempts') == 4 ]]
  grep -q '^set up: one two$' dormouse-*.out
  DORMOUSE_TIME=00:05:00 "$source_folder/slurm/submit" --show --nodes=3 \
    "$source_folder/slurm/requeue.sh" "$work/quick.yaml" >shown
  grep -q -- '--time=00:05:00 --nodes=2 .*--nodes=3' shown
}

wrong_study() {
  sed 's/2l.pmm/2l.pnn/' "$work/quick.yaml" >wrong.yaml
  local job
  job=$(sbatch --parsable "$source_folder/slurm/requeue.sh" wrong.yaml run)
  poll 60 ended "$job"
  has_state "$job" FAILED
  [[ $(field "$job" ExitCode) == 65:0 && $(field "$job" Restarts) == 0 ]]
  grep -q '2l.pnn' dormouse-*.out
}

cancelled() {
  local job
  job=$(sbatch --parsable "$source_folder/slurm/requeue.sh" "$work/slow.yaml" run)
  poll 60 chains_finished run 1
  scancel "$job"
  poll 60 ended "$job"
  has_state "$job" CANCELLED
  [[ $(field "$job" Restarts) == 0 ]]
  # Nor does its program live on.
  poll 30 not_growing run
}

not_growing() {
  local before
  before=$(announced "$1" | wc -l)
  sleep 5
  [[ $(announced "$1" | wc -l) == "$before" ]]
}
