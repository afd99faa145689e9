#!/usr/bin/env bash
# The sweep with HyperQueue (https://it4innovations.github.io/hyperqueue): one task a shard, then the
# merge. A server must run and have workers, on this machine with
#
#   hq server start &
#   hq worker start &
#
# or on a cluster with `hq alloc add slurm`. Then, with a DIR that all workers see:
#
#   examples/hyperqueue.sh [SHARDS [DIR]]
set -euo pipefail

here=$(dirname "$0")
shards=${1:-8}
out=${2:-output/hyperqueue}
mkdir -p "$out"

# `auto` reads HQ_TASK_ID; of how many, HyperQueue does not say. Tasks have the environment of their
# worker, so DWELL is handed on. Waiting succeeds even if a task fails: it is the merge that refuses.
hq submit --wait --max-fails 0 --name dwell-sweep --array "1-$shards" --cpus 1 \
  --env "DWELL=${DWELL:-dwell}" --stdout none --stderr "$out/shard-%{TASK_ID}.log" \
  -- "$here/sweep.sh" --shard auto --shards "$shards" --threads 1 -o "$out"

"${DWELL:-dwell}" merge "$out"/*.sweep-*-of-"$shards" -o "$out"
