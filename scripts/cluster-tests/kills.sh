# shellcheck shell=bash
# Jobs that are signalled, put back and killed: the same command again gives the same bits, and no
# chain that was announced is computed again.

kill_tests() {
  it "scancel --signal stops a run in order; the job goes back and ends with the same bits" \
    signalled
  it "scontrol requeue in the middle: the same bits" requeued
  it "scancel --signal and scontrol requeue at 20 random moments each: the same bits" \
    disturbed_at_moments
  it "kill -9 of a worker rank at 20 random moments: the same bits" worker_killed
  it "kill -9 of rank 0 at 20 random moments: the same bits" first_rank_killed
  it "kill -9 of mpirun at 20 random moments: the same bits" mpirun_killed
  it "kill -9 of a rank under srun: the script puts the job back" rank_killed_under_srun
  it "kill -9 of slurmstepd, then scontrol requeue: the same bits" slurmstepd_killed
  it "kill -9 of slurmd: the job moves, its old processes lose the record" slurmd_killed
  it "a rank that dies again and again: the job is given up after three restarts" hopeless
}

on() { "$source_folder/scripts/slurm-lab" in "$lab" "$@"; }

# started STUDY SCRIPT OPTIONS…: submits the study and waits until some of it is on disk; sets job
# and study.
started() {
  study=$1
  job=$(sbatch --parsable "${@:3}" "$source_folder/slurm/$2" "$work/$1.yaml" run)
  poll 120 chains_finished run 3
}

# finishes_after_restart N: the job is started again, ends well, and has lost and repeated nothing.
finishes_after_restart() {
  poll 120 restarted "$job" "$1"
  announced run >before
  completed "$job" 600
  none_again run before
  [[ $(field "$job" Restarts) == "$1" ]]
  poll 600 has_reference "$study"
  same_bits run "$work/reference-$study"
}

signalled() {
  started short many-nodes-srun.sh --nodes=2 --ntasks-per-node=2
  # From a node that has no part in it.
  on n3 "$dormouse" status "$PWD/run" >status
  cat status
  grep -Eq '^state +running' status
  grep -Eq '^time to the limit ' status
  grep -Eq '^written by .* on n1, since ' status
  (($(grep -Ec ' n[12] .* computing$' status) >= 3))
  scancel --signal=USR1 "$job"
  finishes_after_restart 1
  [[ $(sqlite3 run/record.sqlite 'SELECT outcome FROM attempts WHERE id = 1') == stopped ]]
}

requeued() {
  started short many-nodes-mpirun.sh --nodes=2 --ntasks-per-node=2
  scontrol requeue "$job"
  finishes_after_restart 1
}

# Twenty moments of each kind: five in each of four jobs, which run side by side because a job that
# goes back into the queue mostly waits there.
disturbed_at_moments() {
  local kind number processes=() process failed=0
  for kind in signal requeue; do
    for number in 1 2 3 4; do
      mkdir "$kind-$number"
      (
        cd "$kind-$number"
        disturbed "$kind" "$number"
      ) >"$kind-$number/log" 2>&1 &
      processes+=($!)
    done
  done
  for process in "${processes[@]}"; do wait "$process" || failed=$((failed + 1)); done
  tail -n 5 ./*/log
  ((failed == 0))
  for kind in signal requeue; do
    number=$(cat "$kind"-*/moments | wc -l)
    echo "measured: $kind at $number moments, $(cat "$kind"-*/moments | sort -n |
      awk '{ k[NR] = $1 } END { print k[1] " to " k[NR] }') of 40 imputations done by then"
    ((number >= 15))
  done
}

# disturbed signal|requeue NUMBER: a job that is disturbed five times at random moments; what was
# done by then goes to `moments`, a line each.
disturbed() {
  local job n delay
  set -euo pipefail
  RANDOM=$((seed * 100 + ${#1} * 10 + $2))
  : >moments
  : >before
  job=$(sbatch --parsable --ntasks-per-node=1 "$source_folder/slurm/one-node.sh" \
    "$work/short.yaml" run)
  for n in 1 2 3 4 5; do
    # The moment counts from when the program is there: the n-th start has its line in the record.
    poll 300 begun_or_ended "$job" run "$n"
    ! is_final "$job" || break
    delay=$((RANDOM % 3000))
    sleep "$((delay / 1000)).$(printf '%03d' $((delay % 1000)))"
    none_again run before
    announced run >before
    case $1 in
      signal) scancel --batch --signal=USR1 "$job" ;;
      requeue) scontrol requeue "$job" ;;
    esac || break # It has ended in the meantime.
    wc -l <before >>moments
  done
  completed "$job" 900
  none_again run before
  poll 900 has_reference short
  same_bits run "$work/reference-short"
}

# begun_or_ended JOB RUN N
begun_or_ended() {
  is_final "$1" ||
    { [[ -s $2/record.sqlite ]] && (($(attempts "$2" 2>/dev/null || echo 0) >= $3)); }
}

# The moments themselves happen in one allocation, with mpirun: 60 rounds through Slurm's queue
# would take an hour. The batch script is kill-moments.sh.
kill_at_moments() {
  local job
  job=$(sbatch --parsable --nodes=1 --ntasks=3 --output=%x-%j.out \
    "$source_folder/scripts/cluster-tests/kill-moments.sh" "$1" 20)
  completed "$job" 900
  grep '^measured: ' kill-moments.sh-*.out
}

worker_killed() { kill_at_moments worker; }
first_rank_killed() { kill_at_moments first; }
mpirun_killed() { kill_at_moments mpirun; }

# ranks NODE: process numbers of the ranks on a node, as the node counts them.
ranks() { on "$1" pgrep -x dormouse; }

# freeze NODE, thaw NODE: its ranks stand still in the meantime, so that a quick machine does not
# finish the job before Slurm has noticed what happened to the node.
freeze() { on "$1" pkill -STOP -x dormouse; }
thaw() { on "$1" pkill -CONT -x dormouse; }

rank_killed_under_srun() {
  started short many-nodes-srun.sh --nodes=2 --ntasks-per-node=2
  on n2 kill -KILL "$(ranks n2 | head -n 1)"
  finishes_after_restart 1
  grep -q 'back into the queue' dormouse-*.out
}

slurmstepd_killed() {
  started short one-node.sh
  local node
  node=$(field "$job" BatchHost)
  # The batch step's; the program lives on without it, as orphan, and must not do harm.
  on "$node" pgrep -x slurmstepd | while read -r process; do
    on "$node" kill -KILL "$process"
  done
  scontrol requeue "$job"
  finishes_after_restart 1
}

slurmd_killed() {
  started nodes one-node.sh
  local node
  node=$(field "$job" BatchHost)
  freeze "$node"
  on "$node" kill -KILL "$(on "$node" pgrep -x slurmd | head -n 1)"
  poll 120 restarted "$job" 1
  thaw "$node"
  finishes_after_restart 1
  [[ $(field "$job" BatchHost) != "$node" ]]
  # The old copy went on without a slurmd until it lost the record.
  poll 60 grep -q 'no longer holds' dormouse-*.out
  "$source_folder/scripts/slurm-lab" crash "$lab" "$node"
  "$source_folder/scripts/slurm-lab" start "$lab" "$node"
  poll 60 all_idle
}

all_idle() { [[ $(sinfo -h -N -o %T | grep -cx idle) == 3 ]]; }

hopeless() {
  # A program that is killed before it gets anywhere.
  printf '#!/bin/sh\ncase $1 in status) exit 1 ;; esac\nkill -KILL $$\n' >doomed
  chmod +x doomed
  local job
  job=$(DORMOUSE=$PWD/doomed sbatch --parsable "$source_folder/slurm/one-node.sh" \
    "$work/quick.yaml" run)
  poll 180 ended "$job"
  has_state "$job" FAILED
  [[ $(field "$job" Restarts) == 3 ]]
  grep -q 'given up: 3 restarts' dormouse-*.out
}
