#!/usr/bin/env bash
# What somebody at a terminal sees when an upstream fails: `sluice chat` through a real gateway against a dead port, a
# refused key, an HTML page and a stream cut in half has to give four different messages that say what to do, and exit
# statuses that are not 0.
#   cli_errors.sh BUILD_DIR
set -euo pipefail

build=${1:-${SLUICE_BUILD:?usage: cli_errors.sh BUILD_DIR}}
here=$(cd "$(dirname "$0")" && pwd)
gateway=$build/bin/sluice-gateway
cli=$build/bin/sluice
[[ -x $gateway && -x $cli ]] || { echo "cli_errors: build sluice-gateway and sluice in $build first" >&2; exit 2; }

work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

# Reading a fifo waits for whoever writes it: no polling, no sleeps.
mkfifo "$work/upstream" "$work/ports"
python3 "$here/cli_errors/upstream.py" >"$work/upstream" &
pids+=($!)
read -r port <"$work/upstream"
# A port that was free a moment ago, and that nobody listens on.
dead=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

{
  echo 'listen: {grpc: {address: "127.0.0.1:0"}, ops: "127.0.0.1:0"}'
  echo 'upstreams:'
  echo "  dead: {dialect: openai, base_url: \"http://127.0.0.1:$dead/v1\"}"
  for how in refuse page cut; do
    echo "  $how: {dialect: openai, base_url: \"http://127.0.0.1:$port/$how/v1\"}"
  done
  echo 'routes:'
  for how in dead refuse page cut; do echo "  - {models: [$how], upstream: $how}"; done
} >"$work/sluice.yaml"
"$gateway" --config "$work/sluice.yaml" --ports-file "$work/ports" 2>"$work/log" &
pids+=($!)
address=
while IFS='=' read -r name value; do
  if [[ $name == grpc ]]; then address=127.0.0.1:$value; fi
done <"$work/ports"

failed=0
# expect MODEL STATUS WORDS...: the exit status, and words that the message has to have.
expect() {
  local model=$1 wanted=$2 status=0
  shift 2
  "$cli" chat --address "$address" --model "$model" hello >"$work/$model.out" 2>"$work/$model.err" || status=$?
  echo "--- $model: exit $status"
  cat "$work/$model.out" "$work/$model.err"
  if [[ $status -ne $wanted ]]; then
    echo "FAILED: $model: exit status $status, not $wanted"
    failed=1
  fi
  for word in "$@"; do
    if ! grep -qF -- "$word" "$work/$model.err"; then
      echo "FAILED: $model: the message lacks \"$word\""
      failed=1
    fi
  done
}
expect dead 24 UPSTREAM_UNREACHABLE "check base_url" connect
expect refuse 23 UPSTREAM_AUTH "check api_key" "http_status: 401"
expect page 23 UPSTREAM_NOT_SSE "check base_url"
expect cut 24 UPSTREAM_TRUNCATED "not complete; try again"

if [[ $(cat "$work/cut.out") != "half an" ]]; then
  echo "FAILED: cut: what came before the cut was not shown"
  failed=1
fi
first_lines=$(head -qn 1 "$work"/{dead,refuse,page,cut}.err | sort -u | wc -l)
if [[ $first_lines -ne 4 ]]; then
  echo "FAILED: $first_lines different messages, not 4"
  failed=1
fi
# Nobody at the gateway's own address is a fifth.
status=0
"$cli" chat --address "127.0.0.1:$dead" hello 2>"$work/nobody.err" || status=$?
echo "--- no gateway: exit $status"
cat "$work/nobody.err"
if [[ $status -ne 24 ]] || ! grep -qF "is the gateway running at" "$work/nobody.err"; then
  echo "FAILED: no gateway"
  failed=1
fi
exit "$failed"
