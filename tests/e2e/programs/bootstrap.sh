#!/bin/sh
# A custom runtime in shell: sends each event back.
set -u
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  event=$(curl -sS -D /tmp/headers "$api/next")
  id=$(sed -n 's/^lambda-runtime-aws-request-id: *\([^[:space:]]*\).*/\1/Ip' /tmp/headers)
  echo "has $event"
  printf %s "$event" | curl -sS -X POST --data-binary @- "$api/$id/response" >/dev/null
done
