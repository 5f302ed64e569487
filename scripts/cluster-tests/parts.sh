# shellcheck shell=bash
# A part of a job is lost: an element of an array, a rank of many.

part_tests() {
  it "array.sh, one of five elements killed: gather names what is missing, then merges" \
    array_element
  it "submit --array, one of five elements killed: gather --resubmit computes only that" \
    resubmitted
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
  export DORMOUSE_REQUEUE=no
  local job
  job=$(sbatch --parsable --array=1-5 "$source_folder/slurm/array.sh" "$work/short.yaml" run)
  third_killed "$job"
  missing_named
  job=$(sbatch --parsable --array=3 "$source_folder/slurm/array.sh" "$work/short.yaml" run)
  completed "$job" 600
  merged
}

resubmitted() {
  export DORMOUSE_REQUEUE=no DORMOUSE_SLURM=$source_folder/slurm
  local job
  "$dormouse" submit "$work/short.yaml" --output run --array 5 >shown
  job=$(sed -n 's/^Submitted as job \([0-9]*\)\.$/\1/p' shown)
  third_killed "$job"
  missing_named --resubmit
  job=$(sed -nE 's/.* as job ([0-9]+).*/\1/p' gathered | head -n 1)
  # No other element is in the new job.
  [[ $(squeue --noheader --array --jobs "$job" --format %K) == 3 ]]
  completed "$job" 600
  merged
}

# third_killed JOB: the third element of five is killed in the middle, the others end well.
third_killed() {
  local element node
  poll 120 chains_finished run/elements/3-of-5 1
  node=$(field "${1}_3" BatchHost)
  on "$node" kill -KILL "$(processes_of "$node" SLURM_ARRAY_TASK_ID=3 | head -n 1)"
  for element in 1 2 4 5; do completed "${1}_$element" 600; done
  poll 60 ended "${1}_3"
  has_state "${1}_3" FAILED
  announced run/elements/3-of-5 >before
}

# missing_named OPTIONS…: gather says which element lacks imputations, and makes no results.
missing_named() {
  local status=0
  "$dormouse" gather run "$@" >gathered 2>&1 || status=$?
  cat gathered
  [[ $status == 85 && ! -e run/pooled.csv ]]
  grep -q 'element 3/5 lacks imputations' gathered
  [[ $(grep -c 'lacks' gathered) == 1 ]]
}

# merged: what was announced was not computed again, and the whole has the bits of a local run.
merged() {
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
