# shellcheck shell=bash
# Faults of disks and machines, and other numbers of ranks from start to start. They need no Slurm,
# but root, for the mounts and for a host's name.

fault_tests() {
  it "the disk is full in mid-run: it says so, and with room it carries on to the same bits" \
    disk_full
  it "the directory becomes read-only in mid-run: it says so, and carries on to the same bits" \
    read_only
  it "the host's name changes between two starts: it carries on to the same bits" host_renamed
  it "the clock jumps a year ahead and ten years back in mid-run, then a kill: the same bits" \
    clock_jumps
  it "killed on 16 ranks, carried on with 3, killed, ended with 1: the same bits" elastic
  it "status is asked again and again during commits: the same bits, and always an answer" \
    hammered
}

# ends_with STATUS PATTERN COMMAND…: the command's exit status and what it says.
ends_with() {
  local status=0
  "${@:3}" >said 2>&1 || status=$?
  cat said
  [[ $status == "$1" ]] || {
    echo "ended with $status, not $1"
    return 1
  }
  grep -q "$2" said
}

# carried_on STUDY RUN: the same command goes to the end, repeats nothing that is in `before`, and
# gives the reference's bits.
carried_on() {
  "$dormouse" run "$work/$1.yaml" --output "$2" >again 2>&1
  none_again "$2" before
  poll 900 has_reference "$1"
  same_bits "$2" "$work/reference-$1"
}

disk_full() {
  mkdir full
  # Room for a part of the record and its journal.
  local bytes
  bytes=$(stat -c %s "$work/reference-kill/record.sqlite")
  mount -t tmpfs -o "size=$((bytes * 2 / 3))" tmpfs full
  # shellcheck disable=SC2064  # the folder of now
  trap "umount -l '$PWD/full'" EXIT
  ends_with 70 'no space is left for .*record.sqlite' \
    "$dormouse" run "$work/kill.yaml" --output full/run
  announced full/run >before
  echo "measured: $(wc -l <before) of 40 imputations fitted"
  [[ -s before ]]
  mount -o "remount,size=$((bytes * 20))" full
  carried_on kill full/run
}

# as_user COMMAND…: as somebody to whom permissions apply.
as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

read_only() {
  mkdir --mode 777 open
  local program
  as_user "$dormouse" run "$work/short.yaml" --output open/run >first 2>&1 &
  program=$!
  poll 120 chains_finished open/run 2
  chmod 555 open/run
  local status=0
  wait "$program" || status=$?
  cat first
  [[ $status == 73 ]]
  grep -q "record.sqlite can't be written to; make it writable" first
  chmod 755 open/run
  announced open/run >before
  [[ -s before ]]
  as_user "$dormouse" run "$work/short.yaml" --output open/run >again 2>&1
  none_again open/run before
  poll 900 has_reference short
  same_bits open/run "$work/reference-short"
}

host_renamed() {
  local program
  unshare --uts sh -c 'hostname first-name; exec "$@"' sh \
    "$dormouse" run "$work/short.yaml" --output run >first 2>&1 &
  program=$!
  poll 120 chains_finished run 2
  kill -KILL "$program"
  wait "$program" || true
  announced run >before
  unshare --uts sh -c 'hostname other-name; exec "$@"' sh \
    "$dormouse" run "$work/short.yaml" --output run >again 2>&1
  none_again run before
  [[ $(sqlite3 run/record.sqlite 'SELECT group_concat(host) FROM attempts') == \
    first-name,other-name ]]
  poll 900 has_reference short
  same_bits run "$work/reference-short"
}

clock_jumps() {
  local library program
  library=$(find /usr/lib -name libfaketimeMT.so.1 | head -n 1)
  [[ -n $library ]]
  echo +0 >clock
  # The library moves the environment when it is first loaded, where Swift looks for the words of
  # the command line: a shell goes before. The clock of running time goes on evenly, as it does
  # when somebody sets the date.
  LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$PWD/clock FAKETIME_NO_CACHE=1 \
    FAKETIME_DONT_FAKE_MONOTONIC=1 sh -c 'exec "$@"' sh \
    "$dormouse" run "$work/short.yaml" --output run --ranks 2 >first 2>&1 &
  program=$!
  poll 120 chains_finished run 2
  echo +400d >clock
  poll 120 chains_finished run 6
  echo -10y >clock
  poll 120 chains_finished run 10
  kill -KILL "$program"
  wait "$program" || true
  poll 60 eval '! pgrep -f "run $work/short.yaml --output run "'
  announced run >before
  # Its claim on the record is of a time long ago, and its start of now.
  carried_on short run
  [[ $(attempts run) == 2 ]]
  "$dormouse" status run | grep -q '40 of 40'
}

elastic() {
  local ranks launcher chains=2
  for ranks in 16 3; do
    mpirun -n "$ranks" "$dormouse" run "$work/short.yaml" --output run >"start-$ranks" 2>&1 &
    launcher=$!
    poll 120 chains_finished run "$chains"
    kill -KILL "$launcher"
    wait "$launcher" || true
    # Ranks whose launcher is gone end by themselves.
    poll 60 eval '! pgrep -f "run $work/short.yaml --output run$"'
    if [[ -e before ]]; then none_again run before; fi
    announced run >before
    chains=$(($(wc -l <before) + 2))
  done
  carried_on short run
  [[ $(sqlite3 run/record.sqlite 'SELECT group_concat(ranks) FROM attempts') == 16,3,1 ]]
}

hammered() {
  local program looks=0
  "$dormouse" run "$work/kill.yaml" --output run --ranks 2 >first 2>&1 &
  program=$!
  poll 60 test -s run/record.sqlite
  while kill -0 "$program" 2>/dev/null; do
    "$dormouse" status run >status 2>&1 || {
      # Between the file's making and its first commit there is nothing to say yet.
      ((looks == 0)) || { cat status && return 1; }
      continue
    }
    looks=$((looks + 1))
  done
  wait "$program"
  echo "measured: $looks looks"
  ((looks >= 5))
  "$dormouse" status run | grep -q 'finished'
  same_bits run "$work/reference-kill"
}
