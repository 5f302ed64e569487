#!/usr/bin/env bash
# A study on one node, one rank per core asked for.
#
#   slurm/submit slurm/one-node.sh STUDY [RUN [OPTIONS OF dormouse run]]
#
# RUN is the run's directory (default: runs/ and the study file's name). See slurm/README.md.
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

# No launcher of Slurm's is needed: the program starts its ranks on this node itself.
launch "$dormouse" run "$study" --output "$run" --ranks "${SLURM_NTASKS:-1}" \
  ${options[@]+"${options[@]}"}
requeue_or_exit "$run"
