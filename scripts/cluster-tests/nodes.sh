# shellcheck shell=bash
# Nodes lost under a job across nodes. Each test gets a lab of its own, of three nodes, two of which
# the job takes first.

node_tests() {
  it "a node crashes under srun: NODE_FAIL, requeued, the same bits" crash_under_srun
  it "a node crashes under mpirun: requeued, the same bits" crash_under_mpirun
  it "slurmd of a node is stopped: NODE_FAIL, requeued, the same bits" slurmd_stopped
  it "a node's network is cut under mpirun: requeued, the same bits" cut_under_mpirun
  it "the batch node's network is cut: two copies of the job at once, the same bits" split_brain
}

fresh_lab() {
  local number
  number=$(sed -n 's/.*SlurmctldPort=//p' "$lab/slurm.conf")
  (
    # shellcheck source=/dev/null
    . "$lab/lab.settings"
    "$source_folder/scripts/slurm-lab" down "$lab"
    "$source_folder/scripts/slurm-lab" up "$lab" --nodes 3 --cpus 4 --bridge "$bridge" \
      --network "$network" --port "$number"
  )
}

# across_nodes LAUNCHER: the long study `nodes` on two nodes with a third to spare; sets job, batch (the
# node of the script and of rank 0) and other.
across_nodes() {
  fresh_lab
  started nodes "many-nodes-$1.sh" --nodes=2 --ntasks-per-node=2
  batch=$(field "$job" BatchHost)
  other=$(scontrol show hostnames "$(field "$job" NodeList)" | grep -vx "$batch")
}

lab_does() { "$source_folder/scripts/slurm-lab" "$1" "$lab" "$2"; }

# Slurm's own word for what happened, from the log of the controller.
node_failed() { grep -qi 'node_fail\|node failure\|not responding, setting DOWN' "$lab/log/slurmctld.log"; }

crash_under_srun() {
  across_nodes srun
  lab_does crash "$other"
  finishes_after_restart 1
  node_failed
}

crash_under_mpirun() {
  across_nodes mpirun
  lab_does crash "$other"
  finishes_after_node_loss
}

slurmd_stopped() {
  across_nodes srun
  freeze "$batch"
  on "$other" kill -STOP "$(on "$other" pgrep -x slurmd | head -n 1)"
  poll 120 restarted "$job" 1
  thaw "$batch" || true # Slurm ends this node's ranks itself, often before this
  finishes_after_restart 1
  node_failed
}

cut_under_mpirun() {
  # mpirun notices within 6 s, before Slurm does.
  export OMPI_MCA_oob_tcp_keepalive_time=3 OMPI_MCA_oob_tcp_keepalive_intvl=1
  across_nodes mpirun
  lab_does cut "$other"
  finishes_after_node_loss
}

# mpirun may notice before Slurm does; then the job's next start may be given the dead node again.
finishes_after_node_loss() {
  poll 120 restarted "$job"
  announced run >before
  completed "$job" 900
  none_again run before
  echo "measured: $(field "$job" Restarts) restarts"
  poll 600 has_reference nodes
  same_bits run "$work/reference-nodes"
}

split_brain() {
  # mpirun must not notice, or there would be one copy only.
  export OMPI_MCA_oob_tcp_keepalive_time=3600
  across_nodes mpirun
  freeze "$batch"
  lab_does cut "$batch"
  poll 120 restarted "$job"
  thaw "$batch"
  announced run >before
  completed "$job" 600
  none_again run before
  # The old copy lived on until the new one had taken the record from it.
  poll 60 grep -q 'no longer holds' dormouse-*.out
  (($(attempts run) == 2))
  poll 600 has_reference nodes
  same_bits run "$work/reference-nodes"
}
