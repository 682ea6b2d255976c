#!/usr/bin/env bash
# The examples in other languages against a running gateway in plaintext:   examples.sh ADDRESS [LANGUAGE...]
# The gateway must answer model "demo" and no model "no-such-model": --demo does. Languages: python go node cpp; by default
# the first three. Each has to stream the text of a good call, and to read the reason of a failed one.
set -euo pipefail

if (($# < 1)); then
  echo "usage: examples.sh ADDRESS [python|go|node|cpp ...]" >&2
  exit 2
fi
address=$1
shift
languages=("$@")
((${#languages[@]})) || languages=(python go node)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
run=$root/client/examples/run.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
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

for language in "${languages[@]}"; do
  call 0 out '[[:alpha:]]' "a good call streams text" "$language" demo
  call 1 err 'reason=\(NO_ROUTE\|MODEL_NOT_FOUND\) ' "a model that nobody has is an error with its reason" "$language" no-such-model
done
echo "$passed passed, $failed failed"
((failed == 0))
