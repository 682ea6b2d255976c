"""Where the proofs take place: gateways on one scripted upstream, and Envoys in front of them."""
import collections

import proxy
from gateway import Gateway
from load import OK
from table import Report
from upstream import Upstream

WAYS = ("well", "numbered", "silent", "wide", "held")


class CallReport(Report):
    def calls(self, ok, what, answers, text, told):
        """A line about many calls, each of which must have ended well with this text; then what went wrong."""
        failed = [answer for answer in answers if answer.code != OK or answer.text != text]
        gap = max(answer.gap for answer in answers)
        causes = collections.Counter(f"{answer.code.name}: {answer.error or 'an answer in part'}" for answer in failed)
        details = [f"{count} x {cause}" for cause, count in causes.items()]
        self.line(ok and not failed, what, f"{len(answers)} calls, {len(failed)} failed, longest wait {gap:.2f} s, {told}", details)


class Stage:
    """`stack` ends what is begun here."""

    def __init__(self, envoy, gateway, folder, stack):
        self._envoy, self._gateway, self._folder, self._stack = envoy, gateway, folder, stack
        self.report, self.upstream = CallReport(), stack.enter_context(Upstream())
        self._config = {
            "upstreams": {way: {"dialect": "openai", "base_url": self.upstream.url(way)} for way in WAYS},
            "routes": [{"models": [way], "upstream": way} for way in WAYS],
        }
        self.gateways = [self.gateway("a"), self.gateway("b")]

    def gateway(self, name, **more):
        gateway = Gateway(self._gateway, self._folder / name, self._config, **more)
        self._stack.callback(gateway.kill)
        return gateway

    def envoy(self, name, spoil=None, ports=None):
        """In front of the two gateways, or of these ports."""
        return proxy.Envoy(self._envoy, self._folder / f"envoy-{name}", ports or [gateway.grpc for gateway in self.gateways], spoil)

    def open(self, way):
        return sum(gateway.open_streams(way) for gateway in self.gateways)
