#!/usr/bin/env bash
# The sweep with GNU parallel: as many shards at a time as there are cores, then the merge.
#
#   examples/gnu-parallel.sh [SHARDS [DIR]]
#
# On several machines, add `--sshloginfile FILE --workdir .` and take a DIR that all of them see.
set -euo pipefail

here=$(dirname "$0")
shards=${1:-8}
out=${2:-output/gnu-parallel}

# The first shard that fails stops the others: without it there is nothing to merge.
seq "$shards" | parallel --quote --halt now,fail=1 \
  "$here/sweep.sh" --shard "{}/$shards" --threads 1 -o "$out"

"${DWELL:-dwell}" merge "$out"/*.sweep-*-of-"$shards" -o "$out"
