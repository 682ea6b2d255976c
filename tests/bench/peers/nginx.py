import os
import pathlib
import shutil
import subprocess
from collections.abc import Mapping

import machine
from peers.base import Peer, Relay, Setup, Unavailable

# One worker; nothing is buffered, parsed or logged; connections to the upstream are kept alive, TLS sessions reused.
CONFIG = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream model {{
    server 127.0.0.1:{upstream_port};
    keepalive 1024;
  }}
  server {{
    listen 127.0.0.1:{port} {listen_options} backlog=4096;
{listen_tls}    keepalive_requests 1000000;
    location / {{
      proxy_pass {scheme}://model;
{upstream_tls}      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 7200s;
    }}
  }}
}}
"""

LISTEN_TLS = """\
    ssl_certificate {files.chain};
    ssl_certificate_key {files.key};
    ssl_protocols TLSv1.3;
"""

UPSTREAM_TLS = """\
      proxy_ssl_protocols TLSv1.3;
      proxy_ssl_session_reuse on;
      proxy_ssl_verify on;
      proxy_ssl_name localhost;
      proxy_ssl_trusted_certificate {files.authority};
"""


class Nginx(Peer):
    name, what, tls = "nginx", "relays bytes, proxy_buffering off, one worker", True

    def program(self) -> str:
        found = shutil.which("nginx", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
        if not found:
            raise Unavailable("is not installed (Debian: nginx)")
        return found

    def install(self) -> None:
        self.program()

    def version(self, binaries: Mapping[str, pathlib.Path]) -> str:
        done = subprocess.run([self.program(), "-v"], check=False, capture_output=True, text=True)
        return done.stderr.strip().rpartition("/")[2]

    def start(self, setup: Setup) -> Relay:
        port = machine.free_port()
        config = setup.folder / "nginx.conf"
        # Far more connections than files: it drops callers' connections once most of its slots are taken.
        files = machine.raise_file_limit()
        config.write_text(CONFIG.format(
            folder=setup.folder, files=files, connections=4 * files, upstream_port=setup.upstream_port,
            port=port,
            listen_options="ssl" if setup.listen_tls else "",
            listen_tls=LISTEN_TLS.format(files=setup.certificates) if setup.listen_tls else "",
            scheme="https" if setup.upstream_tls else "http",
            upstream_tls=UPSTREAM_TLS.format(files=setup.certificates) if setup.upstream_tls else ""))
        return Relay(self.run(setup, [self.program(), "-c", config]), port)
