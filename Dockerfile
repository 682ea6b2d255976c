# The gateway's image: built on Debian 12, runs as nobody in particular on a read-only root.
FROM debian:bookworm-slim AS build
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
 && strip --strip-debug .build/release/bin/sluice-gateway .build/release/bin/sluice

FROM debian:bookworm-slim
COPY .apt-packages /usr/share/sluice/apt-packages
RUN apt-get update \
 && awk '$1 == "run" { print $2 }' /usr/share/sluice/apt-packages | xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY LICENSE /usr/share/doc/sluice/LICENSE
COPY --from=build /src/.build/release/bin/sluice-gateway /src/.build/release/bin/sluice /usr/local/bin/
USER 65532:65532
WORKDIR /tmp
EXPOSE 50051 9090
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/sluice-gateway"]
