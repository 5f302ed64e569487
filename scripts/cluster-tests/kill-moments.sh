#!/usr/bin/env bash
# A batch script: runs the study `kill` again and again on this node's three ranks, each time killed
# at a random moment, then completed by the same command and compared.
#
#   sbatch … kill-moments.sh worker|first|mpirun TIMES
set -euo pipefail
# shellcheck source=scripts/cluster-tests/support.sh
. "${source_folder:?}/scripts/cluster-tests/support.sh"
victim=$1
times=$2

start=(mpirun -n 3 "${dormouse:?}" run "$work/kill.yaml" --output run)

# The process number of a rank of mpirun $1; nothing if it is not there (yet, or any more).
rank() {
  local process
  for process in $(pgrep -P "$1" -x dormouse); do
    if grep -qzx "OMPI_COMM_WORLD_RANK=$2" "/proc/$process/environ" 2>/dev/null; then
      echo "$process"
    fi
  done
}

# How long it takes undisturbed bounds the moments.
begin=$EPOCHREALTIME
"${start[@]}" >whole.log 2>&1
same_bits run "$work/reference-kill"
whole=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')

interrupted=0 early=0 resumed=0
RANDOM=$((${seed:?} * 1000 + ${#victim}))
for ((i = 1; i <= times; i++)); do
  rm -rf run
  delay=$(awk -v whole="$whole" -v u=$RANDOM 'BEGIN { printf "%.3f", whole * u / 32768 }')
  worker=$((1 + RANDOM % 2))
  "${start[@]}" >"start-$i.log" 2>&1 &
  launcher=$!
  sleep "$delay"
  # Ranks appear some time after mpirun; the moment counts from then if it came too soon.
  while kill -0 "$launcher" 2>/dev/null; do
    case $victim in
      mpirun) target=$launcher ;;
      first) target=$(rank "$launcher" 0) ;;
      worker) target=$(rank "$launcher" "$worker") ;;
    esac
    if [[ -n $target ]] && kill -KILL "$target" 2>/dev/null; then break; fi
    sleep 0.005
  done
  status=0
  wait "$launcher" || status=$?
  # Ranks whose mpirun is gone end by themselves; what they had announced counts.
  announced run >before
  done_before=$(wc -l <before)
  ((status == 0)) || interrupted=$((interrupted + 1))
  ((done_before > 0)) || early=$((early + 1))
  ((status == 0 || done_before == 0 || done_before == 40)) || resumed=$((resumed + 1))
  "${start[@]}" >"again-$i.log" 2>&1 || {
    echo "moment $i, $delay s: the same command again ended with $?"
    tail -n 5 "start-$i.log" "again-$i.log"
    exit 1
  }
  none_again run before
  same_bits run "$work/reference-kill" || {
    echo "moment $i, $delay s: other bits"
    exit 1
  }
done
echo "measured: $interrupted of $times were interrupted, $early before the first commit," \
  "$resumed between the first and the last"
# Kills that all come too late would show nothing.
((interrupted >= times / 2 && resumed >= 1))
