#!/usr/bin/env bash
# Holds a gateway under mixed load; ends non-zero when anything grew or got lost.
# usage: tests/soak/run.sh [PRESET [MINUTES [SEED]]], after `cmake --build .build/PRESET --target sluice-gateway soak`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
preset=${1:-dev} minutes=${2:-1} seed=${3:-$((RANDOM * 32768 + RANDOM))}
[[ $minutes =~ ^[0-9]+$ && $minutes -gt 0 ]] || { echo "soak: MINUTES is a whole number above 0" >&2; exit 2; }
bin=.build/$preset/bin
[[ -x $bin/soak && -x $bin/sluice-gateway ]] ||
  { echo "soak: build first: cmake --build .build/$preset --target sluice-gateway soak" >&2; exit 2; }
# A descriptor for each stream on each side, and some.
ulimit -n "$(ulimit -Hn)"
exec "$bin/soak" $((minutes * 60)) "$seed"
