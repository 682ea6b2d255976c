"""Certificates for one run: an authority, and one for localhost that it signed."""

import pathlib
import subprocess

from peers.base import Certificates


def make(folder: pathlib.Path) -> Certificates:
    files = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    extensions = folder / "extensions"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=bench authority", "-keyout", folder / "ca.key", "-out",
            files.authority)
    openssl("req", "-new", *key, "-subj", "/CN=localhost", "-keyout", files.key, "-out", folder / "server.csr")
    openssl("x509", "-req", "-in", folder / "server.csr", "-CA", files.authority, "-CAkey", folder / "ca.key",
            "-set_serial", "1", "-days", "2", "-extfile", extensions, "-out", files.chain)
    for file in (folder, files.authority, files.chain, files.key):  # nginx's worker may be another user
        file.chmod(0o755)
    return files


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
