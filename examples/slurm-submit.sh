#!/usr/bin/env bash
# Submits the sweep as a Slurm array and, for when all its tasks have succeeded, the merge. Prints
# the id of the merging job. From the root of the repository:
#
#   examples/slurm-submit.sh DIR [OPTION of sbatch]...
#
# The options are the array's: `--array=1-100` for a hundred shards, `--partition`, `--account` …
set -euo pipefail

out=$1
mkdir -p "$out"
array=$(sbatch --parsable --output="$out/shard-%a.log" "${@:2}" examples/slurm-array.sbatch "$out")

# The pattern is expanded when the job runs: there are no shards yet.
sbatch --parsable --output="$out/merge.log" --time=00:10:00 \
  --dependency="afterok:$array" --kill-on-invalid-dep=yes \
  --wrap "$(printf '%q merge %q/*.sweep-*-of-* -o %q' "${DWELL:-dwell}" "$out" "$out")"
