#!/usr/bin/env bash
# Proves the Slurm example: makes a cluster of this one machine, submits the sweep to it, waits for
# the merge, and compares the result byte for byte with that of one process.
#
#   examples/slurm-one-node.sh
#
# Needs Debian or Ubuntu, and root or sudo if Slurm and MUNGE are not installed yet. There is no need
# of systemd, cgroups or a configured Slurm: the daemons run as whoever calls this, listen on
# 127.0.0.1 only, keep everything in a temporary folder and are stopped at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

# Where Debian has the daemons; not on the PATH of everybody.
PATH=$PATH:/usr/sbin
DWELL=$(command -v "${DWELL:-dwell}") || { echo "no dwell: set DWELL to the program" >&2; exit 2; }
export DWELL

if ! type slurmctld slurmd sbatch munged > /dev/null 2>&1; then
  root=()
  ((EUID == 0)) || root=(sudo)
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge
fi

# Others may look into the folder: MUNGE asks it of the path to its socket.
dir=$(mktemp -d)
chmod 755 "$dir"
mkdir "$dir/state" "$dir/spool" "$dir/out"
daemons=()

stop() {
  local code=$?
  trap - EXIT
  ((${#daemons[@]} < 2)) || scancel --user="$(id -un)" || true
  # The last one started goes first: slurmd, slurmctld, munged.
  for ((at = ${#daemons[@]} - 1; at >= 0; at--)); do
    kill "${daemons[at]}" || true
    wait "${daemons[at]}" || true
  done
  if ((code != 0)); then
    echo "failed; what the daemons and jobs said last:" >&2
    tail -n 20 "$dir"/*.log "$dir"/out/*.log >&2 || true
  fi
  rm -rf "$dir"
  exit "$code"
}
trap stop EXIT

# start NAME COMMAND...: a daemon in the background, with a log of its own.
start() {
  local name=$1
  shift
  "$@" > "$dir/$name.log" 2>&1 &
  daemons+=($!)
}

# until_within SECONDS WHAT COMMAND...: waits until the command succeeds.
until_within() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || { echo "waited in vain for $what" >&2; return 1; }
    sleep 0.2
  done
}

# MUNGE is how Slurm's daemons and commands know one another.
(umask 077 && head -c 1024 /dev/urandom > "$dir/munge.key")
start munged munged --foreground --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
  --pid-file="$dir/munged.pid" --seed-file="$dir/munged.seed" --log-file="$dir/munged.log"
until_within 10 "munged's socket" test -S "$dir/munge.socket"

# Processes are found by /proc and not by cgroups, which a container may not have. Ports are not
# Slurm's own, so that a real cluster on this machine is left alone.
export SLURM_CONF=$dir/slurm.conf
cat > "$SLURM_CONF" << end
ClusterName=dwell
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
$(slurmd -C | head -n 1) NodeAddr=127.0.0.1
PartitionName=all Nodes=ALL Default=YES
end
# Slurm 24.05 has learned to leave cgroups alone; before, it does not know the word.
[[ $(slurmd -V) =~ \ 2[0-3]\. ]] || echo CgroupPlugin=disabled > "$dir/cgroup.conf"
start slurmctld slurmctld -D
start slurmd slurmd -D

is_idle() { [[ $(sinfo --noheader --format=%T 2> "$dir/sinfo.log") == idle ]]; }
until_within 60 "the node" is_idle
sinfo

job=$(examples/slurm-submit.sh "$dir/out")
squeue

# Without accounting Slurm forgets a job five minutes after its end.
state() { scontrol show job "$job" | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p'; }
has_ended() { [[ ! $(state) =~ ^(PENDING|RUNNING|COMPLETING|CONFIGURING)$ ]]; }
until_within 600 "the merge" has_ended
[[ $(state) == COMPLETED ]] || { echo "the merge ended as $(state)" >&2; exit 1; }

examples/sweep.sh -o "$dir/one"
diff -r "$dir/one"/*.sweep "$dir/out"/*.sweep
echo "three tasks of a Slurm array and the merge wrote what one process writes"
