#!/usr/bin/env bash
# What `cmake --install` hands out is enough for a program of its own:   install_test.sh [BUILD]
# Builds the client alone (no server, no tests), installs it to a scratch prefix, builds a small project and the C++
# example against find_package(sluice), and runs both against an address where nobody listens: they have to say so.
# BUILD is a folder for the client's build, kept for the next run; default .build/install-test.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${1:-$root/.build/install-test}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix

cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-O1 -DSLUICE_BUILD_SERVER=OFF >/dev/null
cmake --build "$build" --parallel 2
cmake --install "$build" --prefix "$prefix" >/dev/null

mkdir "$scratch/consumer"
cat >"$scratch/consumer/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(sluice 0.1 REQUIRED)
add_executable(consumer main.cc)
target_link_libraries(consumer PRIVATE sluice::client)
CMAKE
cat >"$scratch/consumer/main.cc" <<'CC'
#include <cstdio>
#include "sluice/client.h"
#include "sluice/v1/models.grpc.pb.h"
int main(int, char** argv) {
  sluice::ClientOptions options;
  options.address = argv[1];
  const auto result = sluice::Client(options).ListModels();
  std::puts(result.status.ToString().c_str());
  return result.status.code == grpc::StatusCode::UNAVAILABLE ? 0 : 1;
}
CC

passed=0
fail() {
  echo "FAILED: $1" >&2
  echo "$passed passed, 1 failed"
  exit 1
}

build_consumer() {
  # Only the installed prefix may be seen: neither the source tree nor the build.
  cmake -S "$1" -B "$2" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF >/dev/null &&
    cmake --build "$2" >/dev/null
}
build_consumer "$scratch/consumer" "$scratch/consumer-build" || fail "a consumer builds against the installed package"
passed=$((passed + 1))
# Port 1 of the loopback: refused at once.
"$scratch/consumer-build/consumer" 127.0.0.1:1 || fail "the consumer reports that nobody listens"
passed=$((passed + 1))

cp -r "$root/client/examples/cpp" "$scratch/example"
build_consumer "$scratch/example" "$scratch/example-build" || fail "the C++ example builds against the installed package"
SLUICE_ADDRESS=127.0.0.1:1 "$scratch/example-build/sluice_example_cpp" 2>"$scratch/err" &&
  fail "the example must fail here"
grep -q "^UNAVAILABLE reason=" "$scratch/err" || fail "the example names code and reason"
passed=$((passed + 1))

for file in bin/sluice share/sluice/proto/sluice/v1/chat.proto share/sluice/proto/sluice/rpc/v1/status.proto; do
  [[ -e $prefix/$file ]] || fail "$file is installed"
done
protoc --proto_path="$prefix/share/sluice/proto" --cpp_out="$scratch" "$prefix"/share/sluice/proto/sluice/v1/*.proto ||
  fail "the installed .proto files stand alone"
passed=$((passed + 1))

leaked=$(grep -rlF "$root" "$prefix" --include='*.cmake' --include='*.h' || true)
[[ -z $leaked ]] || fail "no installed file names the source tree: $leaked"
passed=$((passed + 1))
echo "$passed passed, 0 failed"
