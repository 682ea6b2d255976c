#!/usr/bin/env bash
# The examples in other languages against a gateway in plaintext:   examples.sh [ADDRESS [LANGUAGE...]]
# Each has to stream the text of a good call, and to read the reason of a failed one. The gateway must answer model "demo"
# and no model "no-such-model"; without ADDRESS, SLUICE_BIN/sluice-gateway is started with --demo, which does.
# Languages: python go node cpp; all by default. Without ADDRESS, Python and C++ also hold a conversation with a tool,
# through a second gateway and in front of an upstream that knows each turn.
set -euo pipefail

address=${1:-}
given=$address
(($# == 0)) || shift
languages=("$@")
((${#languages[@]})) || languages=(python go node cpp)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
run=$root/client/examples/run.sh
scratch=$(mktemp -d)
processes=()
finish() {
  ((${#processes[@]} == 0)) || kill "${processes[@]}" 2>/dev/null || true
  rm -rf "$scratch"
}
trap finish EXIT
passed=0
failed=0

# call STATUS FILE PATTERN WHAT LANGUAGE MODEL: runs the example; it must exit with STATUS and print PATTERN to FILE.
call() {
  local ended=0
  "$run" "$5" "$address" "$6" "Say hello." >"$scratch/out" 2>"$scratch/err" || ended=$?
  if [[ $ended == "$1" ]] && grep -q "$3" "$scratch/$2"; then
    passed=$((passed + 1))
    return
  fi
  failed=$((failed + 1))
  echo "FAILED: $5: $4 (exit status $ended)" >&2
  sed 's/^/  stdout: /' "$scratch/out" >&2
  sed 's/^/  stderr: /' "$scratch/err" >&2
}

# start_gateway FLAGS...: sets address. The ports come through a pipe once calls are taken, so nobody polls.
start_gateway() {
  local ready line
  exec {ready}< <(exec "$SLUICE_BIN/sluice-gateway" "$@" --ports-file /dev/fd/3 3>&1 >"$scratch/gateway.log" 2>&1)
  processes+=($!)
  address=
  while [[ -z $address ]]; do
    read -r -t 30 -u "$ready" line || { cat "$scratch/gateway.log" >&2; exit 1; }
    if [[ $line == grpc=* ]]; then address=127.0.0.1:${line#grpc=}; fi
  done
}
[[ -n $given ]] || start_gateway --demo --grpc-address 127.0.0.1:0 --ops-address 127.0.0.1:0

for language in "${languages[@]}"; do
  call 0 out '[[:alpha:]]' "a good call streams text" "$language" demo
  call 1 err 'reason=\(NO_ROUTE\|MODEL_NOT_FOUND\) ' "a model that nobody has is an error with its reason" "$language" no-such-model
done

start_tools_upstream() {
  local ready port
  exec {ready}< <(exec python3 "$root/tests/e2e/examples/tools_upstream.py")
  processes+=($!)
  read -r -t 30 -u "$ready" port
  cat >"$scratch/sluice.yaml" <<END
listen: {grpc: {address: "127.0.0.1:0", insecure: true}, ops: "127.0.0.1:0"}
upstreams:
  tools: {dialect: openai, base_url: "http://127.0.0.1:$port/v1"}
routes:
  - {models: [tools], upstream: tools}
END
  start_gateway --config "$scratch/sluice.yaml"
}

# tools_call LANGUAGE RESULT: the example must print the call that came in pieces, what its tool made of it, and the
# upstream's answer, which is there only if the second turn brought back that call and its result.
tools_call() {
  call 0 out . "a conversation with a tool" "$1-tools" tools
  printf 'tool get_weather({"city": "Lisbon"}) = %s\nanswer: 21 degrees and clear.\n' "$2" >"$scratch/expected"
  if diff "$scratch/expected" "$scratch/out" >&2; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $1-tools: the conversation is not the one above at <" >&2
  fi
  call 1 err '^NOT_FOUND ' "a model that nobody has is an error" "$1-tools" no-such-model
}

if [[ -z $given ]]; then
  start_tools_upstream
  for language in "${languages[@]}"; do
    case $language in
      python) tools_call python '{"city": "Lisbon", "degrees": 21, "sky": "clear"}' ;;
      cpp) tools_call cpp '{"asked":"{\"city\": \"Lisbon\"}","degrees":21,"sky":"clear"}' ;;
    esac
  done
fi
echo "$passed passed, $failed failed"
((failed == 0))
