# shellcheck shell=bash
# A part of a job is lost: an element of an array, a rank of many.

part_tests() {
  it "array.sh, one of five elements killed: gather names what is missing, then merges" \
    array_element
  it "a worker killed under mpirun --enable-recovery: ends without a restart, the same bits" \
    recovery
}

# processes_of NODE VARIABLE=VALUE: the program's processes on a node with that in their environment.
processes_of() {
  # shellcheck disable=SC2016  # for the shell on the node
  on "$1" sh -c 'for p in $(pgrep -x dormouse); do
    ! grep -qzx "$1" "/proc/$p/environ" || echo "$p"; done' sh "$2"
}

array_element() {
  local job status=0
  export DORMOUSE_REQUEUE=no
  job=$(sbatch --parsable --array=1-5 "$source_folder/slurm/array.sh" "$work/short.yaml" run)
  poll 120 chains_finished run/elements/3-of-5 1
  on "$(field "${job}_3" BatchHost)" kill -KILL \
    "$(processes_of "$(field "${job}_3" BatchHost)" SLURM_ARRAY_TASK_ID=3 | head -n 1)"
  local element
  for element in 1 2 4 5; do completed "${job}_$element" 600; done
  poll 60 ended "${job}_3"
  has_state "${job}_3" FAILED
  announced run/elements/3-of-5 >before

  "$dormouse" gather run >gathered 2>&1 || status=$?
  cat gathered
  [[ $status == 85 && ! -e run/pooled.csv ]]
  grep -q 'element 3/5 lacks imputations' gathered
  [[ $(grep -c 'lacks' gathered) == 1 ]]

  job=$(sbatch --parsable --array=3 "$source_folder/slurm/array.sh" "$work/short.yaml" run)
  completed "$job" 600
  none_again run/elements/3-of-5 before
  "$dormouse" gather run >gathered 2>&1
  poll 900 has_reference short
  same_bits run "$work/reference-short"
}

recovery() {
  started short one-node.sh --ntasks-per-node=3
  local node
  node=$(field "$job" BatchHost)
  announced run >before
  on "$node" kill -KILL "$(processes_of "$node" OMPI_COMM_WORLD_RANK=1 | head -n 1)"
  completed "$job" 600
  [[ $(field "$job" Restarts) == 0 && $(attempts run) == 1 ]]
  none_again run before
  poll 900 has_reference short
  same_bits run "$work/reference-short"
}
