#!/usr/bin/env bash
# The callers' contract is well-formed and breaks nobody who built against the last released one.
#
#   contract.sh                  lint and format of everything under proto, then `buf breaking` of sluice.v1 against the
#                                newest file in proto/released, which must be as its git tag has it where the tag is known
#   contract.sh --release v0.2   writes proto/released/contract-v0.2.json: commit it, then tag that commit contract/v0.2
#
# The released contract is kept as a file because a shallow clone has no tags, and a check that finds nothing to compare
# with would pass. BUF names the buf program; by default it is fetched, pinned, to .build/tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=1.75.0
if [[ -z ${BUF:-} ]]; then
  BUF=.build/tools/buf-$version/node_modules/.bin/buf
  [[ -x $BUF ]] || npm install --silent --ignore-scripts --no-save --no-audit --no-fund --prefix ".build/tools/buf-$version" \
    "@bufbuild/buf@$version" >&2
fi

if [[ ${1:-} == --release ]]; then
  [[ ${2:-} =~ ^v[0-9]+\.[0-9]+$ ]] || { echo "usage: contract.sh --release vMAJOR.MINOR" >&2; exit 2; }
  mkdir -p proto/released
  [[ ! -e proto/released/contract-$2.json ]] || { echo "$2 is released already: take the next version" >&2; exit 2; }
  # Without comments and positions; those may change freely.
  "$BUF" build proto --path proto/sluice/v1 --exclude-source-info -o "-#format=json" >"proto/released/contract-$2.json"
  echo "wrote proto/released/contract-$2.json"
  exit
fi

passed=0
failed=0
check() {
  if "${@:2}"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $1" >&2
  fi
}

check "lint" "$BUF" lint proto
check "format (run: buf format -w proto)" "$BUF" format --diff --exit-code proto

released=$(find proto/released -name 'contract-v*.json' | sort --version-sort | tail -n 1)
[[ -n $released ]] || { echo "FAILED: no released contract under proto/released to compare with" >&2; exit 1; }
check "nothing breaks against $released" "$BUF" breaking proto --exclude-imports --against "$released"

tag=contract/$(basename "$released" .json | sed 's/^contract-//')
if git rev-parse --quiet --verify "refs/tags/$tag" >/dev/null 2>&1; then
  check "$released is what tag $tag released" git diff --quiet "$tag" -- "$released"
fi
echo "$passed passed, $failed failed"
((failed == 0))
