#!/usr/bin/env bash
# The examples in other languages against a gateway in plaintext:   examples.sh [ADDRESS [LANGUAGE...]]
# Each has to stream the text of a good call, and to read the reason of a failed one. The gateway must answer model "demo"
# and no model "no-such-model"; without ADDRESS, SLUICE_BIN/sluice-gateway is started with --demo, which does.
# Languages: python go node cpp; all by default.
set -euo pipefail

address=${1:-}
(($# == 0)) || shift
languages=("$@")
((${#languages[@]})) || languages=(python go node cpp)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
run=$root/client/examples/run.sh
scratch=$(mktemp -d)
gateway=
finish() {
  [[ -z $gateway ]] || kill "$gateway"
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

# The ports come through a pipe once calls are taken, so nobody polls.
start_demo() {
  mkfifo "$scratch/ports"
  "${SLUICE_BIN:?}/sluice-gateway" --demo --grpc-address 127.0.0.1:0 --ops-address 127.0.0.1:0 \
    --ports-file "$scratch/ports" 2>"$scratch/gateway.log" &
  gateway=$!
  local line
  while read -r -t 30 line; do
    if [[ $line == grpc=* ]]; then address=127.0.0.1:${line#grpc=}; fi
  done <"$scratch/ports"
}
[[ -n $address ]] || start_demo

for language in "${languages[@]}"; do
  call 0 out '[[:alpha:]]' "a good call streams text" "$language" demo
  call 1 err 'reason=\(NO_ROUTE\|MODEL_NOT_FOUND\) ' "a model that nobody has is an error with its reason" "$language" no-such-model
done
echo "$passed passed, $failed failed"
((failed == 0))
