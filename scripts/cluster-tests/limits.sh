# shellcheck shell=bash
# Time limits and the ways back into the queue. Lab a: a node with RequeueExit=85.

limit_tests() {
  { reference short && reference nodes && reference slow; } &
  it "a job of two minutes' work in slots of one minute ends by itself, with the same bits" \
    time_limit
  it "Slurm's RequeueExit puts a stopped job back where the script may not" requeue_exit
}

# Slurm looks at time limits every half minute, so that its warning comes after 10 to 40 s.
time_limit() {
  local job
  job=$(sbatch --parsable --time=1 --signal=B:USR1@20 --ntasks-per-node=2 \
    "$source_folder/slurm/requeue.sh" "$work/slow.yaml" run)
  poll 120 restarted "$job"
  announced run >first
  completed "$job" 1200
  grep -q 'back into the queue' dormouse-*.out
  echo "measured: $(field "$job" Restarts) restarts"
  none_again run first
  poll 600 has_reference slow
  same_bits run "$work/reference-slow"
}

requeue_exit() {
  local job
  export DORMOUSE_REQUEUE=no
  job=$(sbatch --parsable "$source_folder/slurm/requeue.sh" "$work/short.yaml" run)
  poll 60 chains_finished run 2
  scancel --batch --signal=USR1 "$job"
  poll 60 restarted "$job"
  announced run >first
  completed "$job" 300
  if grep -q 'back into the queue' dormouse-*.out; then return 1; fi
  [[ $(field "$job" Restarts) == 1 ]]
  none_again run first
  poll 600 has_reference short
  same_bits run "$work/reference-short"
}
