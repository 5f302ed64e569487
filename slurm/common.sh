# shellcheck shell=bash
# What the batch scripts of this folder share; they read it with `.`. Bash 4 or later.
#
# Settings come from config/cluster.yaml (another file: DORMOUSE_CLUSTER=path), each overridden by
# a variable: key `ntasks-per-node` by DORMOUSE_NTASKS_PER_NODE, and so on. See slurm/README.md.

set -uo pipefail

dormouse_home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

log() { printf '%s [job %s] %s\n' "$(date '+%F %T')" "${SLURM_JOB_ID:--}" "$*"; }

die() {
  log "$*" >&2
  exit 78 # EX_CONFIG
}

# setting KEY: its values, one a line; nothing if it is not set. The file is flat:
# `key: value`, `key: [a, b]`, or `key:` followed by lines `- item`.
setting() {
  local variable file=${DORMOUSE_CLUSTER:-$dormouse_home/config/cluster.yaml}
  variable=DORMOUSE_$(tr 'a-z-' 'A-Z_' <<<"$1")
  if [[ -n ${!variable+set} ]]; then
    # Modules are separated by blanks in the variable; everything else is one value.
    if [[ $1 == modules ]]; then tr -s ' ' '\n' <<<"${!variable}"; else echo "${!variable}"; fi
    return
  fi
  [[ -r $file ]] || return 0
  awk -v key="$1" '
    function show(text) {
      gsub(/^[ \t]+|[ \t]+$/, "", text)
      if (text ~ /^".*"$/ || text ~ /^\047.*\047$/) text = substr(text, 2, length(text) - 2)
      if (text != "" && text != "null" && text != "~") print text
    }
    { sub(/(^|[ \t])#.*$/, "") }
    /^[A-Za-z-]+:/ {
      inside = (substr($0, 1, index($0, ":") - 1) == key)
      if (!inside) next
      value = substr($0, index($0, ":") + 1)
      gsub(/^[ \t]+|[ \t]+$/, "", value)
      if (value ~ /^\[.*\]$/) {
        n = split(substr(value, 2, length(value) - 2), items, ",")
        for (i = 1; i <= n; i++) show(items[i])
      } else show(value)
      next
    }
    inside && /^[ \t]*- / { sub(/^[ \t]*- /, ""); show($0) }' "$file"
}

# The first value of a setting, or what is given as default.
setting_or() {
  local value
  value=$(setting "$1" | head -n 1)
  echo "${value:-$2}"
}

# prepare: modules and set-up lines, the program, what it should know of the job.
prepare() {
  local line
  while read -r line; do
    [[ -z $line ]] || module load "$line" || die "module load $line failed"
  done < <(setting modules)
  while IFS= read -r line; do
    [[ -z $line ]] || eval "$line" || die "set-up line failed: $line"
  done < <(setting setup)
  dormouse=${DORMOUSE:-dormouse}
  command -v "$dormouse" >/dev/null ||
    die "no '$dormouse': put it into PATH, load its module, or set DORMOUSE to its path"
  # Ranks that wait let others compute, and several jobs on a node don't share its first cores.
  export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}
  export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}
  # mpirun notices within half a minute that a node cannot be reached; by default it takes hours.
  export OMPI_MCA_oob_tcp_keepalive_time=${OMPI_MCA_oob_tcp_keepalive_time:-10}
  export OMPI_MCA_oob_tcp_keepalive_intvl=${OMPI_MCA_oob_tcp_keepalive_intvl:-5}
  export OMPI_MCA_oob_tcp_keepalive_probes=${OMPI_MCA_oob_tcp_keepalive_probes:-3}
  # srun across nodes: without it MPI_Init crashes now and then (Slurm 22.05 with Open MPI 4.1).
  export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}
  # Before 23.02 Slurm does not tell a job when it began and when it must end.
  export SLURM_JOB_START_TIME=${SLURM_JOB_START_TIME:-$(job_time %S)}
  export SLURM_JOB_END_TIME=${SLURM_JOB_END_TIME:-$(job_time %e)}
  [[ -n $SLURM_JOB_START_TIME ]] || unset SLURM_JOB_START_TIME
  [[ -n $SLURM_JOB_END_TIME ]] || unset SLURM_JOB_END_TIME
}

# A time of this job in seconds since 1970, by squeue's format; nothing if unlimited or unknown.
job_time() {
  local text
  text=$(squeue --noheader --jobs "$SLURM_JOB_ID" --format "$1" 2>/dev/null | head -n 1)
  [[ $text != [0-9]* ]] || date --date "$text" +%s
}

# What the job is doing as Slurm sees it: RUNNING, COMPLETING (cancelled or out of time), …
job_state() { squeue --noheader --jobs "$SLURM_JOB_ID" --format %T 2>/dev/null | head -n 1; }

# launch COMMAND…: runs it in the background, passes warnings on to it, waits; sets `status`.
#
# Slurm's warning (USR1, from --signal=B:USR1@120) and the end of the time (TERM) reach this shell;
# the program wants USR1, which mpirun and srun pass on to the ranks: the first ends the run in
# order, the second sooner, the third at once. The traps only count: whatever interrupts `wait` is
# looked at in the loop. CONT must not be trapped: Slurm sends it along with USR1, and bash 5.2
# loses one of the two now and then.
launch() {
  local passed=0 process watcher=
  warnings=0
  trap 'warnings=$((warnings + 1))' USR1 TERM
  "$@" &
  process=$!
  if [[ $(basename "$1") == mpirun ]]; then
    watch_mpirun "$process" &
    watcher=$!
  fi
  while :; do
    wait "$process"
    status=$?
    if ((warnings > passed)); then
      passed=$warnings
      log "warned by Slurm (${warnings}.); telling the program to stop"
      kill -USR1 "$process" 2>/dev/null
    fi
    kill -0 "$process" 2>/dev/null || break
  done
  # A process that ended while a signal came in still has its status to give.
  wait "$process" 2>/dev/null
  local last=$?
  ((last == 127)) || status=$last
  [[ -z $watcher ]] || kill "$watcher" 2>/dev/null
  trap - USR1 TERM
  log "ended with status $status"
}

# watch_mpirun PROCESS: ends an mpirun that has had nothing alive below it for two minutes (seconds:
# DORMOUSE_MPIRUN_ALONE) and does not end by itself. After the loss of a rank it may wait for ever in
# PMIx, and the job would stand still until its time is over; so it is started again.
watch_mpirun() {
  local limit=${DORMOUSE_MPIRUN_ALONE:-120} alone=0 child children living
  trap - USR1 TERM
  while sleep 5; do
    [[ -d /proc/$1 ]] || return
    # Some kernels do not tell.
    compgen -G "/proc/$1/task/*/children" >/dev/null || return
    living=no
    read -r -d '' -a children < <(cat /proc/"$1"/task/*/children 2>/dev/null)
    for child in "${children[@]}"; do
      # The dead that nobody has buried do not count.
      grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$child/status" && living=yes
    done
    if [[ $living == yes ]]; then alone=0; else alone=$((alone + 5)); fi
    if ((alone >= limit)); then
      log "mpirun has had no process for $alone s and does not end; it is ended"
      kill -KILL "$1" 2>/dev/null
      return
    fi
  done
}

# requeue_or_exit RUN: ends the script with `status`, or puts the job back into Slurm's queue if
# the run can be carried on:
#   85        the program was stopped and says that the same command carries on;
#   129-255   killed: a rank, the launcher or a node was lost, and the launcher ended the rest.
# Anything else (wrong input, a failed chain, a full disk) would only fail again. Neither would a
# restart help that gets nowhere: after three that added nothing to the disk it is given up. Nor
# is a job started again that was cancelled.
requeue_or_exit() {
  local run=$1 limit=${DORMOUSE_RESTARTS_WITHOUT_PROGRESS:-3} kept before=none restarts=0 state
  local file=$run/.requeue-${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}
  if ((status == 0)); then
    rm -f -- "$file"
    exit 0
  fi
  ((status == 85 || status > 128)) || exit "$status"
  [[ ${DORMOUSE_REQUEUE:-yes} != no ]] || exit "$status"
  state=$(job_state)
  if [[ $state != RUNNING ]]; then
    log "not requeued, for the job is ${state:-over}; the same command carries on"
    exit "$status"
  fi
  kept=$(kept_in "$run")
  [[ ! -r $file ]] || read -r before restarts <"$file"
  if [[ $kept == "$before" ]]; then restarts=$((restarts + 1)); else restarts=0; fi
  if ((restarts >= limit)); then
    log "given up: $limit restarts in which nothing was added to $run"
    rm -f -- "$file"
    exit "$status"
  fi
  mkdir -p -- "$run" && echo "$kept $restarts" >"$file"
  log "back into the queue; ${kept%-*} iterations or replicates are finished in $run"
  # Slurm ends this script when it has taken the job back; where requeueing is not allowed, a
  # site's RequeueExit may still do it by the status.
  if scontrol requeue "$SLURM_JOB_ID"; then sleep 300; fi
  exit "$status"
}

# What of the run is on disk, as one word: iterations in the record (a simulation study: replicates),
# and a sum of the checkpoints of chains under way. It changes when anything was added.
kept_in() {
  local kept checkpoints
  kept=$("$dormouse" status "$1" --format csv 2>/dev/null |
    sed -nE 's/^(iterations kept|replicates finished),"?([0-9]+).*/\2/p' | head -n 1)
  checkpoints=$(cat "$1"/checkpoints/*.checkpoint 2>/dev/null | cksum)
  echo "${kept:-0}-${checkpoints%% *}"
}

# launch_ranks LAUNCHER COMMAND…: as `launch`, one rank for each task of the job, by srun or mpirun.
launch_ranks() {
  case $1 in
    srun) launch srun --mpi=pmix --kill-on-bad-exit=1 "${@:2}" ;;
    mpirun) launch mpirun "${@:2}" ;;
    *) die "mpi: '$1' is neither srun nor mpirun" ;;
  esac
}

# arguments STUDY [RUN [OPTIONS…]]: sets study, run and options.
arguments() {
  (($# >= 1)) || die "usage: sbatch SCRIPT STUDY [RUN [OPTIONS OF THE PROGRAM]]"
  study=$1
  run=${2:-runs/$(basename "${study%.*}")}
  # shellcheck disable=SC2034  # for the scripts
  options=("${@:3}")
  [[ -r $study ]] || die "no study file '$study' in $PWD"
  log "start $((${SLURM_RESTART_COUNT:-0} + 1)) on $SLURM_JOB_NODELIST: $study into $run"
}

# number_of_elements RUN: how many shares the run is cut into. Slurm's count is that of the elements
# submitted now, which may be the few that are missing; the first start's is kept.
number_of_elements() {
  local file=$1/elements/count
  mkdir -p "$1/elements"
  # All elements start at once, and write the same.
  [[ -s $file ]] || { echo "$SLURM_ARRAY_TASK_MAX" >"$file.$$" && mv "$file.$$" "$file"; }
  cat "$file"
}
