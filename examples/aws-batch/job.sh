#!/usr/bin/env bash
# What a container of the job does: plays its shard, or merges them all. Shards go by way of S3.
#
#   job.sh shard|merge s3://BUCKET/PREFIX
set -euo pipefail

here=$(dirname "$0")
to=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $1 in
  shard)
    # `auto` reads AWS_BATCH_JOB_ARRAY_INDEX, which begins at 0, and AWS_BATCH_JOB_ARRAY_SIZE.
    "$here/../sweep.sh" --shard auto -o "$work"
    aws s3 cp --recursive --only-show-errors "$work" "$to/shards"
    ;;
  merge)
    aws s3 cp --recursive --only-show-errors "$to/shards" "$work/shards"
    "${DWELL:-dwell}" merge "$work/shards"/* -o "$work/merged"
    aws s3 cp --recursive --only-show-errors "$work/merged" "$to"
    ;;
  *)
    echo "neither shard nor merge: $1" >&2
    exit 2
    ;;
esac
