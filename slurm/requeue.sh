#!/usr/bin/env bash
# A long study in short jobs: for queues that start short jobs soon, and for machines on which
# nothing may run long. Stops before its time is up, goes back into the queue and carries on,
# as often as needed; on one node or many.
#
#   slurm/submit slurm/requeue.sh STUDY [RUN [OPTIONS OF dormouse run]]
#
# RUN is the run's directory (default: runs/ and the study file's name). See slurm/README.md.
#SBATCH --job-name=dormouse
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=4
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.out

# shellcheck source=slurm/common.sh
. "${DORMOUSE_SLURM:-$(dirname "$(scontrol show job "$SLURM_JOB_ID" --oneliner | sed -nE "1s/.* Command=([^ ]+).*/\1/p")")}/common.sh"
prepare
arguments "$@"

# By srun or mpirun, whichever config/cluster.yaml names.
launch_ranks "$(setting_or mpi srun)" "$dormouse" run "$study" --output "$run" \
  ${options[@]+"${options[@]}"}
requeue_or_exit "$run"
