#!/bin/sh
# Says in the table of ChooseTerminations (spot-cordon) that this instance is busy, until its job ends.
#   worker-heartbeat.sh busy <pid>   a job starts; the heartbeat lasts as long as this process, at most until idle
#   worker-heartbeat.sh idle         the job has ended
# Hooks:  GitHub runner   ACTIONS_RUNNER_HOOK_JOB_STARTED    worker-heartbeat.sh busy "$PPID"
#                         ACTIONS_RUNNER_HOOK_JOB_COMPLETED  worker-heartbeat.sh idle
#         Buildkite       pre-command                        worker-heartbeat.sh busy "$BUILDKITE_AGENT_PID"
#                         pre-exit                           worker-heartbeat.sh idle
# WORKERS_TABLE is the output WorkersTableName. WORKER_GROUP and WORKER_INSTANCE are read from instance metadata,
# which needs curl, and InstanceMetadataTags=enabled for the group.
set -eu
metadata() { curl -sSf -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"; }
[ -n "${WORKER_GROUP:-}" ] && [ -n "${WORKER_INSTANCE:-}" ] || token=$(curl -sSf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
key="\"group\":{\"S\":\"${WORKER_GROUP:-$(metadata tags/instance/aws:autoscaling:groupName)}\"},\"instanceId\":{\"S\":\"${WORKER_INSTANCE:-$(metadata instance-id)}\"}"
item() { aws dynamodb "$@" --table-name "${WORKERS_TABLE:?is not set}" >/dev/null; }
number() { echo "{\"N\":\"$1\"}"; }
case ${1-} in
idle) item delete-item --key "{$key}" ;;
busy)
  pid=${2:?the process of the job is missing} since=$(date +%s)
  item put-item --item "{$key,\"busySince\":$(number "$since"),\"expiresAt\":$(number $((since + 900)))}"
  # The loop ends when `idle` has deleted the item, or another job has written its own. After any other error it goes on.
  while sleep "${WORKER_BEAT_SECONDS:-300}" && kill -0 "$pid" 2>/dev/null; do
    aws dynamodb update-item --table-name "$WORKERS_TABLE" --key "{$key}" \
      --update-expression 'SET expiresAt = :expiry' --condition-expression 'busySince = :since' \
      --expression-attribute-values "{\":since\":$(number "$since"),\":expiry\":$(number $(($(date +%s) + 900)))}" \
      2>&1 | grep -q ConditionalCheckFailed && break || true
  done </dev/null >/dev/null 2>&1 &
  ;;
*) echo "worker-heartbeat.sh: expected busy <pid> or idle, got '${1-}'" >&2 && exit 2 ;;
esac
