#!/usr/bin/env bash
# Submits the sweep to AWS Batch as an array job and, for when all its children have succeeded, the
# merge. What they wrote is then in s3://BUCKET/PREFIX. From where `aws` is logged in:
#
#   examples/aws-batch/submit.sh JOB_QUEUE s3://BUCKET/PREFIX [SHARDS]
#
# Put your image and roles into job-definition.json first. Take a PREFIX that is empty.
set -euo pipefail

here=$(dirname "$0")
queue=$1
to=$2
shards=${3:-8} # an array has 2 to 10,000 children

definition=$(aws batch register-job-definition --query jobDefinitionArn --output text \
  --cli-input-json "file://$here/job-definition.json")

array=$(aws batch submit-job --query jobId --output text --job-name dwell-sweep \
  --job-queue "$queue" --job-definition "$definition" \
  --array-properties "size=$shards" --parameters "step=shard,to=$to")

merge=$(aws batch submit-job --query jobId --output text --job-name dwell-merge \
  --job-queue "$queue" --job-definition "$definition" \
  --depends-on "jobId=$array" --parameters "step=merge,to=$to")

echo "$shards shards: $array, then the merge: $merge"
echo "fetch: aws s3 cp --recursive --exclude 'shards/*' $to output"
