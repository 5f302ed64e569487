#!/usr/bin/env bash
# A study on many nodes, by mpirun, which starts the ranks through Slurm.
#
#   slurm/submit slurm/many-nodes-mpirun.sh STUDY [RUN [OPTIONS OF dormouse run]]
#
# RUN is the run's directory (default: runs/ and the study file's name); it, the study and the data
# must be on a file system that all nodes share. See slurm/README.md.
#SBATCH --job-name=dormouse
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.out

# shellcheck source=slurm/common.sh
. "${DORMOUSE_SLURM:-$(dirname "$(scontrol show job "$SLURM_JOB_ID" --oneliner | sed -nE "1s/.* Command=([^ ]+).*/\1/p")")}/common.sh"
prepare
arguments "$@"

launch_ranks mpirun "$dormouse" run "$study" --output "$run" \
  ${options[@]+"${options[@]}"}
requeue_or_exit "$run"
