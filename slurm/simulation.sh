#!/usr/bin/env bash
# A simulation study (`dormouse simulate`) on one node or many: the queue of replicates is shared by
# all ranks. Goes back into Slurm's queue at the time limit, as often as needed.
#
#   slurm/submit [--nodes=8] slurm/simulation.sh FILE [DIRECTORY [OPTIONS OF dormouse simulate]]
#
# DIRECTORY is the study's (default: runs/ and the file's name). See slurm/README.md.
#SBATCH --job-name=dormouse
#SBATCH --nodes=1
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

# By srun or mpirun, whichever config/cluster.yaml names.
launch_ranks "$(setting_or mpi srun)" "$dormouse" simulate "$study" --output "$run" \
  ${options[@]+"${options[@]}"}
requeue_or_exit "$run"
