# shellcheck shell=bash
# The studies that the cluster tests run, and what they give on one process alone.

# make_studies: writes the studies, each of about as many seconds of work on every machine, and
# makes the references of the short ones.
make_studies() {
  # Ten times the example's schools, so that iterations take milliseconds.
  awk -F, -v OFS=, '
    NR == 1 { print; next }
    { row[++n] = $0; if ($1 > schools) schools = $1 }
    END {
      for (copy = 0; copy < 10; copy++)
        for (i = 1; i <= n; i++) { $0 = row[i]; $1 += copy * schools; print }
    }' config/example.csv >"$work/slow.csv"
  study quick "$source_folder/config/example.csv" 8 40
  study pilot "$work/slow.csv" 1 100
  local TIMEFORMAT=%U seconds
  seconds=$({ time reference pilot; } 2>&1)
  # Iterations in one second of one core.
  speed=$(awk -v s="$seconds" 'BEGIN { printf "%d", 100 / s }')
  study kill "$work/slow.csv" 40 $((speed / 40 + 2))     # about 1 s of one core
  study short "$work/slow.csv" 40 $((20 * speed / 40))   # 20 s
  study nodes "$work/slow.csv" 60 $((60 * speed / 60))   # 60 s: outlasts Slurm's noticing a death
  study slow "$work/slow.csv" 40 $((150 * speed / 40))   # 150 s: two slots of a minute don't hold it
  reference quick
  reference kill
}

# study NAME DATA M ITERATIONS
study() {
  sed -e "s|^study: .*|study: $1|" -e "s|file: example.csv|file: $2|" -e "s|m: 20|m: $3|" \
    -e "s|iterations: 20|iterations: $4|" config/example.yaml >"$work/$1.yaml"
}

# reference NAME: the study's run on one process of this machine without any launcher, or with
# two ranks where that takes minutes.
reference() {
  local ranks=()
  case $1 in short | nodes | slow) ranks=(--ranks 2) ;; esac
  "$dormouse" run "$work/$1.yaml" --output "$work/reference-$1" "${ranks[@]}" \
    >"$work/reference-$1.log" 2>&1 || {
    tail -n 5 "$work/reference-$1.log" >&2
    return 1
  }
}

# has_reference NAME: it is finished (long ones are made in the background).
has_reference() { [[ -s $work/reference-$1/provenance.json ]]; }
