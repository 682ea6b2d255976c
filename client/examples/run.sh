#!/usr/bin/env bash
# Runs one of the examples against a gateway:   run.sh EXAMPLE ADDRESS [MODEL [PROMPT]]
#   python, go, node, cpp       streams one answer
#   python-tools, cpp-tools     a conversation in which the model calls a tool
# Stubs and downloads go to .build/examples. The C++ example is taken from a build of this tree, SLUICE_BUILD (default
# .build/dev); build it first: cmake --build --preset dev --target sluice_example_cpp sluice_example_cpp_tools
set -euo pipefail

if (($# < 2)); then
  echo "usage: run.sh python|go|node|cpp|python-tools|cpp-tools ADDRESS [MODEL [PROMPT]]" >&2
  exit 2
fi
example=$1
language=${example%-tools}
export SLUICE_ADDRESS=$2
shift 2

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
proto=$root/proto
work=$root/.build/examples/$language
mkdir -p "$work"

# once_for FUNCTION FILES...: runs the function, unless it ran before with the same contents of the files.
once_for() {
  local stamp
  stamp=$(cat "${@:2}" "$here/run.sh" | sha256sum)
  [[ $(cat "$work/stamp" 2>/dev/null) == "$stamp" ]] && return
  "$1" >&2
  echo "$stamp" >"$work/stamp"
}

prepare_python() {
  [[ -x $work/venv/bin/python ]] || python3 -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    -r "$here/python/requirements.txt"
  rm -rf "$work/gen"
  mkdir "$work/gen"
  "$work/venv/bin/python" -m grpc_tools.protoc --proto_path="$proto" --python_out="$work/gen" \
    --grpc_python_out="$work/gen" "$proto"/sluice/v1/*.proto
}

# Debian 12's Go is too old for gRPC's present module, and too old to fetch a newer Go by itself (1.21 can). But a Go
# toolchain is a module like any other; only its programs lose their permission to run on the way.
use_recent_go() {
  local folder
  printf '%s\n' go1.21 "$(go env GOVERSION)" | sort --version-sort --check=silent && return
  if [[ ! -x $work/go/bin/go ]]; then
    folder=$(go mod download -json "golang.org/toolchain@v0.0.1-go1.26.0.linux-$(go env GOARCH)" |
      sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
    cp -r "$folder" "$work/go"
    chmod -R u+w "$work/go"
    chmod +x "$work"/go/bin/* "$work"/go/pkg/tool/*/*
  fi
  PATH=$work/go/bin:$PATH
}

prepare_go() {
  use_recent_go
  GOBIN=$work/bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
  GOBIN=$work/bin go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
  rm -rf "$work/gen"
  mkdir "$work/gen"
  PATH=$work/bin:$PATH protoc --proto_path="$proto" --go_out="$work/gen" --go-grpc_out="$work/gen" \
    --go_opt=module=github.com/sluice-gateway/sluice/gen --go-grpc_opt=module=github.com/sluice-gateway/sluice/gen \
    "$proto"/sluice/v1/*.proto
  printf 'module github.com/sluice-gateway/sluice/gen\n\ngo 1.25\n' >"$work/gen/go.mod"
  go -C "$here/go" build -o "$work/chat" .
}

prepare_node() {
  cp "$here"/node/{package.json,package-lock.json,.npmrc,chat.js} "$work/"
  npm --prefix "$work" ci --silent --no-audit --no-fund
}

case $example in
  python)
    once_for prepare_python "$proto"/sluice/v1/*.proto "$here"/python/*
    PYTHONPATH=$work/gen exec "$work/venv/bin/python" "$here/python/chat.py" "$@"
    ;;
  python-tools)
    once_for prepare_python "$proto"/sluice/v1/*.proto "$here"/python/*
    PYTHONPATH=$work/gen exec "$work/venv/bin/python" "$here/python/tools.py" "$@"
    ;;
  go)
    once_for prepare_go "$proto"/sluice/v1/*.proto "$here"/go/*
    exec "$work/chat" "$@"
    ;;
  node)
    once_for prepare_node "$here"/node/*.js* "$here/node/.npmrc"
    SLUICE_PROTO=$proto exec node "$work/chat.js" "$@"
    ;;
  cpp-tools) exec "${SLUICE_BUILD:-$root/.build/dev}/bin/sluice_example_cpp_tools" "$@" ;;
  cpp) exec "${SLUICE_BUILD:-$root/.build/dev}/bin/sluice_example_cpp" "$@" ;;
  *)
    echo "run.sh: unknown example $example" >&2
    exit 2
    ;;
esac
