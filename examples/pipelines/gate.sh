#!/bin/sh
# A gate for any pipeline that has curl and jq.
#
#   GRADCERT_URL=https://gradcert.example GRADCERT_KEY=gck_... sh gate.sh request.json
#
# Ends with 0 where every rule of the request's policy is shown to hold, and with something else in
# every other case: a rule broken or left open, no policy, a job that failed, a service that is away.
# Leaves gate.json, gradcert.junit.xml and gradcert.sarif in the working directory.
set -eu
request=$1

# Through a file descriptor, so that the key is in no list of processes.
ask() {
  printf 'header = "Authorization: Bearer %s"\n' "$GRADCERT_KEY" |
    curl --config - --silent --show-error --retry 3 --retry-connrefused "$@"
}

job=$(ask --fail-with-body --header 'Content-Type: application/json' \
  --data-binary "@$request" "$GRADCERT_URL/analyze")
id=$(printf '%s' "$job" | jq --exit-status --raw-output .id)
echo "gradcert: job $id"

# The service holds each answer back until the job is done, at most 55 seconds.
while :; do
  status=$(ask --output gate.json --write-out '%{http_code}' \
    --header 'Prefer: wait=55' "$GRADCERT_URL/jobs/$id/gate")
  test "$status" = 409 && jq --exit-status '.code == "not-ready"' gate.json >/dev/null || break
done

if jq --exit-status 'has("rules")' gate.json >/dev/null; then
  jq --raw-output '.rules[] | "\(.verdict): \(.rule), limit \(.limit), found \(.figure)"' gate.json
  ask --fail --output gradcert.junit.xml "$GRADCERT_URL/jobs/$id/report?format=junit"
  ask --fail --output gradcert.sarif "$GRADCERT_URL/jobs/$id/report?format=sarif"
else
  jq . gate.json
fi
test "$status" = 200
