# shellcheck shell=bash
# Jobs that are signalled, put back and killed: the same command again gives the same bits, and no
# chain that was announced is computed again.

kill_tests() {
  it "scancel --signal stops a run in order; the job goes back and ends with the same bits" \
    signalled
  it "scontrol requeue in the middle: the same bits" requeued
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
  scancel --signal=USR1 "$job"
  finishes_after_restart 1
  [[ $(sqlite3 run/record.sqlite 'SELECT outcome FROM attempts WHERE id = 1') == stopped ]]
}

requeued() {
  started short many-nodes-mpirun.sh --nodes=2 --ntasks-per-node=2
  scontrol requeue "$job"
  finishes_after_restart 1
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
