"""What makes each alert that waits at most five minutes fire, in front of real gateways, and what clears it.

A scenario begins at once; `clear` is what somebody with the runbook in hand would do, once all its alerts have fired. Rates over five
minutes clear by themselves when the fault has gone, so their faults last only as long as the alert needs."""
import signal
import threading

from callers import Callers
from gateway import Gateway
from process import check_output
from span_sink import SpanSink

# What these faults make fire beside the alerts that they are made for: with a history of minutes, every window is short.
BESIDE = [
    {"alertname": "SluiceErrorBudgetBurnFast"}, {"alertname": "SluiceErrorBudgetBurnSlow"},
    {"alertname": "SluiceUpstreamRateLimited", "upstream": "limited"}, {"alertname": "SluiceUpstreamDown", "upstream": "mute"},
]  # fmt: skip


class World:
    """Where scenarios take place: an upstream, and gateways by the job that Prometheus scrapes them under."""

    def __init__(self, binary, folder, upstream, prometheus):
        self.binary, self.folder, self.upstream, self.prometheus = binary, folder, upstream, prometheus
        self.spans = SpanSink()
        self.gateways, self._scraped, self._callers = {}, {}, []
        self._scraping = threading.Lock()

    def gateway(self, job, config, **more):
        gateway = self.gateways[job] = Gateway(self.binary, self.folder / job, config, **more)
        self._scrape(job, [gateway.ops])
        return gateway

    def forget(self, job):
        """It was stopped for good, so it is no target any more, nor expected to live."""
        del self.gateways[job]
        self._scrape(job, [])

    def _scrape(self, job, ports):
        with self._scraping:
            self._scraped[job] = ports
            self.prometheus.targets(self._scraped)

    def callers(self, *arguments):
        self._callers.append(Callers(*arguments))
        return self._callers[-1]

    def ways(self, *ways, **settings):
        """A configuration with one upstream and one route for each way that the scripted upstream has."""
        upstreams = {way: {"dialect": "openai", "base_url": self.upstream.url(way), **settings.get(way, {})} for way in ways}
        return {"upstreams": upstreams, "routes": [{"models": [way], "upstream": way} for way in ways]}

    def stop(self):
        """(job, whether it still ran, exit status after a drain) of each gateway."""
        self._hang_up()
        return [(job, gateway.alive(), gateway.stop()) for job, gateway in self.gateways.items()]

    def _hang_up(self):
        for callers in self._callers:
            callers.close()

    def close(self):
        self._hang_up()
        for gateway in list(self.gateways.values()):
            gateway.kill()
        self.spans.close()


class Scenario:
    alerts = {}  # name -> labels that the alert has to have

    def __init__(self, world):
        self.world = world

    def begin(self):
        raise NotImplementedError

    def clear(self):
        """Nothing, where the fault has gone by itself."""


class Traffic(Scenario):
    """Most of what a gateway meets in a day: good answers, and upstreams that refuse, break off, are ill or mute."""

    alerts = {
        "SluiceStreamsCut": {"upstream": "cut", "cause": "truncated"},
        "SluiceUpstreamAuthentication": {"upstream": "denied", "outcome": "authentication"},
        "SluiceUpstreamDown": {"upstream": "ill"},
        "SluiceRetriesDenied": {"upstream": "ill"},
        "SluicePoolSaturated": {"upstream": "held"},
        "SluiceCertificateExpiresToday": {"certificate": "server"},
    }

    def begin(self):
        folder = self.world.folder / "certificate"
        certificate = self._issue(days=1)
        config = self.world.ways(
            "well", "wide", "cut", "denied", "limited", "ill", "mute", "held",
            ill={"retry": {"budget": 0, "base": "1s"}}, mute={"timeouts": {"first_byte": "2s", "first_output": "2s"}, "retry": {"attempts": 1}},
            held={"pool": {"connections": 1}, "timeouts": {"pool": "10m", "idle": "10m"}},
        )  # fmt: skip
        config["grpc"] = {"tls": {"cert": str(folder / "tls.crt"), "key": str(folder / "tls.key")}}
        config["traces"] = {"endpoint": self.world.spans.endpoint, "sample": 1}
        gateway = self.world.gateway("sluice", config)
        callers = self.world.callers(gateway, certificate)
        callers.keep("well", count=12)
        callers.keep("limited", every=5)
        callers.keep("mute", every=10)
        callers.keep("wide", every=20, call=callers.slowly)
        # Bursts: a counter's first step has to lie after Prometheus' first look, and the last one soon enough to be forgotten.
        callers.keep("cut", every=2, times=20)
        callers.keep("denied", every=2, times=20)
        callers.keep("ill", count=8, every=4, times=8)
        self._waiting = self.world.callers(gateway, certificate)
        self._waiting.at_once(3, "held")

    def _issue(self, days):
        """Key and certificate change at one moment, as they do in the volume of a Secret: the folder is a link, and is turned."""
        folder, link = self.world.folder / f"certificate-{days}", self.world.folder / "next-certificate"
        folder.mkdir()
        check_output(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", days, "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "tls.key", "-out", folder / "tls.crt",
        )  # fmt: skip
        link.symlink_to(folder)
        link.rename(self.world.folder / "certificate")
        return (folder / "tls.crt").read_bytes()

    def clear(self):
        self._issue(days=90)
        self._waiting.close()


class Full(Scenario):
    """More calls than one gateway takes: some wait, the rest is refused."""

    alerts = {"SluiceStreamsNearLimit": {"job": "sluice-full"}, "SluiceQueueGrowing": {"job": "sluice-full"}}

    def begin(self):
        self._config = self.world.ways("held", held={"timeouts": {"idle": "10m"}})
        self._config["limits"] = {"open_calls": 10, "queued_calls": 4, "queue_wait": "10m"}
        self._gateway = self.world.gateway("sluice-full", self._config)
        self.world.callers(self._gateway).keep("held", count=16, every=2)  # ten are open, four wait, two are refused and try again

    def clear(self):
        self._gateway.write({**self._config, "limits": {"open_calls": 100}})


class FewFiles(Scenario):
    """Streams take file descriptors, and this process may have few."""

    alerts = {"SluiceFileDescriptorsNearLimit": {"job": "sluice-files"}}

    def begin(self):
        config = self.world.ways("held", held={"timeouts": {"idle": "10m"}})
        self._callers = self.world.callers(self.world.gateway("sluice-files", config, files=128))
        self._callers.at_once(85, "held")

    def clear(self):
        self._callers.close()


class Refused(Scenario):
    """A configuration that the gateway refuses, until somebody repairs it."""

    alerts = {"SluiceReloadFailed": {"job": "sluice-refused"}}

    def begin(self):
        self._config = self.world.ways("well")
        self._gateway = self.world.gateway("sluice-refused", self._config)
        self._gateway.write({**self._config, "routes": "none"})

    def clear(self):
        self._gateway.write(self._config)


class Overrun(Scenario):
    """SIGTERM, and an answer that does not end."""

    alerts = {"SluiceDrainOverrun": {"job": "sluice-drain"}}

    def begin(self):
        config = self.world.ways("held", held={"timeouts": {"idle": "10m"}})
        config["limits"] = {"drain": "90s"}  # the alert's rule reads what a recording rule writes every 30 s
        self._gateway = self.world.gateway("sluice-drain", config)
        self.world.callers(self._gateway).at_once(1, "held")()
        self._gateway.signal(signal.SIGTERM)

    def clear(self):
        self._gateway.wait()
        self.world.forget("sluice-drain")


class Gone(Scenario):
    """A gateway that was killed, and comes back."""

    alerts = {"SluiceTargetDown": {"job": "sluice-gone"}}

    def begin(self):
        self._gateway = self.world.gateway("sluice-gone", self.world.ways("well"))
        self._gateway.kill()

    def clear(self):
        self._gateway.start()


class Absent(Scenario):
    """A Prometheus that is told of no gateway, until somebody does."""

    alerts = {"SluiceAbsent": {"namespace": "live", "job": "sluice.*"}}

    def begin(self):
        pass

    def clear(self):
        self.world.gateway("sluice", self.world.ways("well"))


TOGETHER = [Traffic, Full, FewFiles, Refused, Overrun, Gone]
ALONE = [Absent]  # with a Prometheus of its own
