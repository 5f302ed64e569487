#!/usr/bin/env bash
# A study as a job array, without MPI: each element computes its share of the imputations on one
# core into a record of its own; the same bits as in one job.
#
#   slurm/submit [--array=1-20] slurm/array.sh STUDY [RUN [OPTIONS OF dormouse run]]
#   dormouse gather RUN                 puts the elements together when they are done
#   slurm/submit --array=3,7 slurm/array.sh STUDY RUN    … those that `gather` names again
#
# The first start says how many elements there are. RUN is the run's directory (default: runs/ and
# the study file's name). See slurm/README.md.
#SBATCH --job-name=dormouse
#SBATCH --array=1-10
#SBATCH --ntasks=1
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%A_%a.out

# shellcheck source=slurm/common.sh
. "${DORMOUSE_SLURM:-$(dirname "$(scontrol show job "$SLURM_JOB_ID" --oneliner | sed -nE "1s/.* Command=([^ ]+).*/\1/p")")}/common.sh"
prepare
arguments "$@"

elements=$(number_of_elements "$run")
launch "$dormouse" run "$study" --output "$run" --element "$SLURM_ARRAY_TASK_ID/$elements" \
  ${options[@]+"${options[@]}"}
requeue_or_exit "$run/elements/$SLURM_ARRAY_TASK_ID-of-$elements"
