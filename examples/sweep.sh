#!/usr/bin/env bash
# The sweep that the examples spread over machines: with how many tries, and how much room in the
# warehouse, does a retry storm stay? 16 points, 5 replications each.
#
#   examples/sweep.sh [OPTION of dwell sweep]...
#
# DWELL names the program if it is not on the PATH.
set -euo pipefail

exec "${DWELL:-dwell}" sweep "$(dirname "$0")/../scenarios/backoff-is-no-cure.yaml" \
  --grid 'functions.Shop.calls.0.retry.attempts=1..4' \
  --grid 'dependencies.Warehouse.concurrency=10,14,18,22' \
  --metric 'Orders.latency count / Orders.arrivals' \
  --metric 'Orders.latency p99' \
  --replications 5 \
  "$@"
