"""Everything that can be measured. The order is that of the report's rows."""

import pathlib

from peers.base import Peer
from peers.envoy import Envoy
from peers.fastapi_httpx import FastApi
from peers.litellm_proxy import LiteLlm
from peers.nginx import Nginx
from peers.parts import Direct, Reader, Writer
from peers.portkey import Portkey, PortkeyWithoutTimer
from peers.routers import Smg, VllmRouter
from peers.sluice import Sluice

KINDS: tuple[type[Peer], ...] = (Sluice, Nginx, Writer, Reader, Direct, Envoy, Smg, VllmRouter, FastApi, LiteLlm,
                                 Portkey, PortkeyWithoutTimer)
# Two names for one installation.
FOLDERS = {"portkey-no-timer": "portkey"}


def all_peers(installed: pathlib.Path) -> dict[str, Peer]:
    return {kind.name: kind(installed / FOLDERS.get(kind.name, kind.name)) for kind in KINDS}
