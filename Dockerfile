# The gateway's image: built on Debian 12, runs as nobody in particular on a read-only root.
# The base can be pinned: --build-arg BASE=debian@sha256:...
ARG BASE=debian:bookworm-slim

FROM $BASE AS build
WORKDIR /src
COPY .apt-packages ./
RUN apt-get update \
 && awk '$1 == "build" { print $2 }' .apt-packages | xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY proto proto
COPY client client
COPY server server
RUN cmake --preset release -DSLUICE_BUILD_TESTS=OFF \
 && cmake --build .build/release --target sluice-gateway sluice \
 && strip --strip-debug .build/release/bin/sluice-gateway .build/release/bin/sluice \
 && dpkg-query --show --showformat '${Package} ${Version} ${Architecture}\n' rapidjson-dev 'libboost1.*-dev' > .build/release/bin/headers

FROM $BASE AS system
COPY .apt-packages /usr/share/sluice/apt-packages
RUN apt-get update \
 && awk '$1 == "run" { print $2 }' /usr/share/sluice/apt-packages | xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY LICENSE /usr/share/doc/sluice/LICENSE
COPY --from=build /src/.build/release/bin/sluice-gateway /src/.build/release/bin/sluice /usr/local/bin/

# The bill of materials of exactly that system.
FROM system AS materials
COPY --from=build /src/.build/release/bin/headers /tmp/headers
COPY deploy/image/sbom.sh /tmp/sbom.sh
RUN sh /tmp/sbom.sh "$(sluice-gateway --version | awk '{ print $NF }')" /tmp/headers > /tmp/sbom.spdx.json

FROM system
COPY --from=materials /tmp/sbom.spdx.json /usr/share/doc/sluice/sbom.spdx.json
USER 65532:65532
WORKDIR /tmp
EXPOSE 50051 9090
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/sluice-gateway"]
