#!/usr/bin/env bash
# Builds the image without a container engine's daemon and checks what it promises: runs as a nobody on a read-only
# root without capabilities, serves, and ends with 0 on SIGTERM. Needs root; not part of CI (it builds from nothing).
# Installs mmdebstrap, buildah, podman and runc where they are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

tools=(mmdebstrap buildah podman runc)
for tool in "${tools[@]}"; do
  command -v "$tool" >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${tools[@]}"; }
done

work=$(mktemp -d)
name=sluice-check-$$
trap 'podman rm --force --ignore "$name" >/dev/null; rm -rf "$work"' EXIT

# Images and containers in a folder of their own, with limits that a sandbox grants.
export CONTAINERS_STORAGE_CONF=$work/storage.conf CONTAINERS_CONF=$work/containers.conf
cat >"$CONTAINERS_STORAGE_CONF" <<EOF
[storage]
driver = "vfs"
graphroot = "$work/images"
runroot = "$work/run"
EOF
cat >"$CONTAINERS_CONF" <<'EOF'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
EOF

echo "== base image"
mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$work/slim.tar"
podman import --quiet "$work/slim.tar" localhost/debian:bookworm-slim
rm "$work/slim.tar"

echo "== build"
buildah bud --isolation chroot --pull-never --tag localhost/sluice:check .
podman images localhost/sluice

hardened=(--read-only --cap-drop ALL --security-opt no-new-privileges --network host)

echo "== who it runs as"
user=$(podman run --rm "${hardened[@]}" --entrypoint id localhost/sluice:check -u)
[[ $user == 65532 ]] || { echo "runs as $user"; exit 1; }

echo "== read-only root"
if podman run --rm "${hardened[@]}" --entrypoint touch localhost/sluice:check /usr/local/planted; then
  echo "the root can be written"
  exit 1
fi

echo "== serves, and ends on SIGTERM"
mkdir "$work/ports"
mkfifo --mode 666 "$work/ports/fifo"
chmod 755 "$work" "$work/ports"
podman run --detach --name "$name" "${hardened[@]}" --volume "$work/ports:/ports" localhost/sluice:check \
  --demo --grpc-address 127.0.0.1:0 --ops-address 127.0.0.1:0 --ports-file /ports/fifo >/dev/null
exec {fifo}<>"$work/ports/fifo"
ports=
while [[ $ports != *grpc=* || $ports != *ops=* ]]; do
  read -r -t 30 -u "$fifo" line || { podman logs "$name"; echo "it did not start"; exit 1; }
  ports+=" $line"
done
[[ $ports =~ grpc=([0-9]+) ]] && address=127.0.0.1:${BASH_REMATCH[1]}
podman run --rm "${hardened[@]}" --entrypoint sluice localhost/sluice:check chat --address "$address" --model demo "Hello?"
podman kill --signal TERM "$name" >/dev/null
status=$(podman wait "$name")
[[ $status == 0 ]] || { podman logs "$name"; echo "SIGTERM ended it with $status"; exit 1; }
echo "== the image keeps its promises"
