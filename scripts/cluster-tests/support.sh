# shellcheck shell=bash
# What the cluster tests share: waiting, running tests, comparing runs, Slurm's view of jobs.

# --- Waiting: always for something announced, never for the clock alone.

# poll SECONDS COMMAND…: until the command succeeds; fails when it did not in time.
poll() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if ((SECONDS >= end)); then
      echo "not within the time: $*" >&2
      return 1
    fi
    sleep 0.1
  done
}

# --- Tests: functions run one after the other, each in a shell and a folder of its own.

# it SENTENCE FUNCTION: a test. Its output is shown only if it fails.
it() {
  local log begin=$SECONDS
  if [[ -n ${only:-} && ! "$2 $1" =~ $only ]]; then return 0; fi
  mkdir -p "$work/$2"
  log=$work/$2/test.log
  # errexit would be off in a function called in a condition: a shell of its own keeps it on.
  set +e
  (
    set -euo pipefail
    cd "$work/$2"
    trap 'echo "failed at ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
    set -E
    "$2"
  ) >"$log" 2>&1
  local status=$?
  set -e
  if ((status == 0)); then
    printf 'ok      %s (%d s)\n' "$1" $((SECONDS - begin))
    echo "passed $1" >>"$results"
    # What a test measured is worth a line.
    sed -n 's/^measured: /        /p' "$log"
  else
    printf 'FAILED  %s (%d s)\n' "$1" $((SECONDS - begin))
    echo "failed $1" >>"$results"
    diagnose "$work/$2" | sed 's/^/        /'
  fi
}

diagnose() {
  local file
  echo "--- the test"
  tail -n 40 "$1/test.log"
  for file in "$1"/*.out; do
    [[ -s $file ]] || continue
    echo "--- ${file##*/}"
    tail -n 30 "$file"
  done
  echo "--- jobs"
  scontrol show job --oneliner 2>/dev/null | tail -n 3 | cut -c 1-800
  tail -n 25 "$lab/log/slurmctld.log"
  tail -n 8 "$lab"/log/slurmd-*.log
}

# --- Runs

result_files=(
  pooled.csv variance-components.csv complete-cases.csv term-tests.csv fits.csv convergence.csv events.csv
)

# imputed RUN: a line for each chain, with every imputed value as stored.
imputed() {
  sqlite3 -readonly "$1/record.sqlite" \
    "SELECT k, iterations, state, hex(imputed) FROM chains ORDER BY k"
}

# same_bits RUN REFERENCE
same_bits() {
  local file
  for file in "${result_files[@]}"; do
    cmp "$1/$file" "$2/$file" || {
      diff "$1/$file" "$2/$file" | head -n 5
      return 1
    }
  done
  cmp <(imputed "$1") <(imputed "$2")
  # A comparison of nothing with nothing would be no comparison.
  (($(imputed "$1" | wc -c) > 1000))
}

# announced RUN: the finished chains, each with the attempt that finished it, as on disk now;
# nothing before there is a record.
announced() {
  [[ -s $1/record.sqlite ]] || return 0
  # A journal left by a killed writer can only be rolled back by somebody who may write, and a
  # record that was never committed has no tables yet.
  sqlite3 -cmd '.timeout 60000' "$1/record.sqlite" \
    "SELECT k, attempt FROM chains WHERE state = 'finished' ORDER BY k" 2>"$work/sqlite.err" || {
    grep -q 'no such table' "$work/sqlite.err"
  }
}

# none_again RUN FILE: every chain that FILE (from `announced`) names is finished by the same
# attempt still, that is: it was not computed again.
none_again() {
  local again
  again=$(comm -23 <(sort "$2") <(announced "$1" | sort))
  [[ -z $again ]] || {
    echo "announced, and computed again (k|attempt): $again"
    return 1
  }
}

attempts() { sqlite3 -readonly "$1/record.sqlite" "SELECT count(*) FROM attempts"; }

# chains_finished RUN N: at least N chains are finished.
chains_finished() { (($(announced "$1" | wc -l) >= $2)); }

# --- Jobs

# field JOB NAME: a field of `scontrol show job`.
field() {
  scontrol show job --oneliner "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1
}

has_state() { [[ $(field "$1" JobState) == "$2" ]]; }

# is_final JOB: in a state that is an end. No answer from a busy controller is none.
is_final() {
  case $(field "$1" JobState) in
    COMPLETED | FAILED | CANCELLED | TIMEOUT | OUT_OF_MEMORY | DEADLINE) return 0 ;;
  esac
  return 1
}

# ended JOB: it has, in whatever way, and stays so: a job that goes back into the queue passes
# through such states.
ended() { is_final "$1" && sleep 2 && is_final "$1"; }

restarted() { (($(field "$1" Restarts) >= ${2:-1})); }

# completed JOB SECONDS: waits for its end, which must be a good one.
completed() {
  poll "$2" ended "$1"
  has_state "$1" COMPLETED || {
    echo "job $1 is $(field "$1" JobState), exit code $(field "$1" ExitCode)"
    return 1
  }
}
