"""What must hold of every rendering, whatever its values: CHECKS, each of which takes the objects and the values and yields what is wrong.
mutations.yaml shows that each of them finds what it is for."""
import re
import urllib.parse

import yaml

from render import NAMESPACE, ROOT, of_kind

SECURITY = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
# What a user brings: named in the values, made by nobody here.
OWN = {("Secret", name) for name in (
    "sluice-keys", "sluice-tls", "callers-ca", "relay-key", "house-key", "openai-key", "r-sluice-tls", "registry", "claude", "collector",
    "llm-tls", "proxy", "tenant", "test-client",
)}  # fmt: skip
OWN |= {("ServiceAccount", "llm"), ("ConfigMap", "house-ca")}
PORTS = {"http": 80, "https": 443}
OTLP = 4317
KEY = re.compile(r"\b(sk-|HS-|AIza|eyJ)[\w-]{16,}")


def matches(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def name_of(document):
    return document["metadata"]["name"]


def pods(documents):
    """(where, spec, labels) of each pod that is made."""
    for document in of_kind(documents, "Deployment"):
        template = document["spec"]["template"]
        yield f"Deployment {name_of(document)}", template["spec"], template["metadata"]["labels"]
    for document in of_kind(documents, "Pod"):
        yield f"Pod {name_of(document)}", document["spec"], document["metadata"]["labels"]


def gateway(documents):
    """(pod template, container, configuration) of the gateway."""
    (deployment,) = of_kind(documents, "Deployment")
    template = deployment["spec"]["template"]
    (container,) = template["spec"]["containers"]
    (config,) = [d["data"]["sluice.yaml"] for d in of_kind(documents, "ConfigMap") if "sluice.yaml" in d["data"]]
    return template, container, yaml.safe_load(config)


def unique(documents, _):
    """No two objects of one kind, namespace and name: the second would take the first's place."""
    seen = set()
    for document in documents:
        what = (document["kind"], document["metadata"].get("namespace", ""), name_of(document))
        if what in seen:
            yield f"two objects are {' '.join(filter(None, what))}"
        seen.add(what)


def security(documents, _):
    """The restricted profile of Kubernetes' pod security standards, and a root that cannot be written."""
    for where, spec, _ in pods(documents):
        context = spec.get("securityContext", {})
        if not context.get("runAsNonRoot") or not context.get("runAsUser"):
            yield f"{where} may run as root"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{where} has no seccomp profile"
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{where} mounts a token"
        for forbidden in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(forbidden):
                yield f"{where} has {forbidden}"
        for container in spec["containers"]:
            if container.get("securityContext") != SECURITY:
                yield f"{where}: {container['name']} has securityContext {container.get('securityContext')}"
        for volume in spec.get("volumes", []):
            if "hostPath" in volume:
                yield f"{where} mounts the host's {volume['hostPath']}"


def references(documents, _):
    """Each name that an object refers to is rendered too, or is the user's own."""
    made = {(d["kind"], name_of(d)) for d in documents}

    def known(kind, name):
        return (kind, name) in made or (kind, name) in OWN

    for where, spec, _ in pods(documents):
        account = spec.get("serviceAccountName")
        if account and not known("ServiceAccount", account):
            yield f"{where}: no ServiceAccount {account}"
        volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        for volume in volumes.values():
            if "configMap" in volume and not known("ConfigMap", volume["configMap"]["name"]):
                yield f"{where}: no ConfigMap {volume['configMap']['name']}"
            if "secret" in volume and not known("Secret", volume["secret"]["secretName"]):
                yield f"{where}: no Secret {volume['secret']['secretName']}"
        for pull in spec.get("imagePullSecrets", []):
            if not known("Secret", pull["name"]):
                yield f"{where}: no Secret {pull['name']} to pull the image with"
        for container in spec["containers"]:
            for variable in container.get("env", []):
                secret = variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name")
                if secret and not known("Secret", secret):
                    yield f"{where}: no Secret {secret} for {variable['name']}"
            paths = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
            if len(set(paths)) != len(paths):
                yield f"{where}: two mounts at one path: {paths}"
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    yield f"{where}: no volume {mount['name']}"
                if "subPath" in mount:
                    yield f"{where}: {mount['name']} is mounted by subPath, and would not follow a change"
    for ingress in of_kind(documents, "Ingress"):
        for entry in ingress["spec"].get("tls", []):
            if not known("Secret", entry["secretName"]):
                yield f"the Ingress: no Secret {entry['secretName']}"
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if not known(target["kind"], target["name"]):
            yield f"the HPA scales no {target['kind']} {target['name']}"
    for certificate in of_kind(documents, "Certificate"):
        secrets = [volume.get("secret", {}).get("secretName") for _, spec, _ in pods(documents) for volume in spec.get("volumes", [])]
        if certificate["spec"]["secretName"] not in secrets:
            yield f"nobody mounts {certificate['spec']['secretName']}"
    for kind in ("BackendTLSPolicy", "BackendTrafficPolicy"):
        for policy in of_kind(documents, kind):
            for target in policy["spec"]["targetRefs"]:
                if (target["kind"], target["name"]) not in made:
                    yield f"the {kind} is for a {target['kind']} {target['name']}, which is not rendered"
    for policy in of_kind(documents, "BackendTLSPolicy"):
        for reference in policy["spec"]["validation"]["caCertificateRefs"]:
            if not known(reference["kind"], reference["name"]):
                yield f"the BackendTLSPolicy: no {reference['kind']} {reference['name']}"
    gateways = {(parent.get("namespace", NAMESPACE), parent["name"]) for route in of_kind(documents, "GRPCRoute") for parent in route["spec"]["parentRefs"]}
    for policy in of_kind(documents, "ClientTrafficPolicy"):
        for target in policy["spec"]["targetRefs"]:
            if (policy["metadata"]["namespace"], target["name"]) not in gateways:
                yield f"the ClientTrafficPolicy is for Gateway {target['name']} in {policy['metadata']['namespace']}, which the route does not name"


def files(documents, _):
    """Each file that the configuration names lies in a folder that is mounted."""
    _, container, config = gateway(documents)
    mounts = tuple(mount["mountPath"] + "/" for mount in container["volumeMounts"])
    for path in sorted(set(re.findall(r"/etc/sluice/[\w./-]+", yaml.safe_dump(config)))):
        if not path.startswith(mounts):
            yield f"the configuration names {path}, where nothing is mounted"


def selectors(documents, _):
    """Services, budgets, policies, monitors and the spread select the gateway's pods and no others."""
    template, _, _ = gateway(documents)
    labels = template["metadata"]["labels"]
    others = [pod_labels for where, _, pod_labels in pods(documents) if where.startswith("Pod ")]
    services = of_kind(documents, "Service")

    def check(what, selector):
        if not selector or not matches(selector, labels):
            yield f"{what} does not select the gateway's pods: {selector}"
        if any(matches(selector, other) for other in others):
            yield f"{what} selects the test's pod too"

    for document in of_kind(documents, "Deployment"):
        yield from check("the Deployment", document["spec"]["selector"]["matchLabels"])
    for service in services:
        yield from check(f"Service {name_of(service)}", service["spec"]["selector"])
    for kind in ("PodDisruptionBudget", "PodMonitor"):
        for document in of_kind(documents, kind):
            yield from check(kind, document["spec"]["selector"]["matchLabels"])
    for document in of_kind(documents, "NetworkPolicy"):
        yield from check("NetworkPolicy", document["spec"]["podSelector"]["matchLabels"])
    for constraint in template["spec"].get("topologySpreadConstraints", []):
        yield from check(f"the spread over {constraint['topologyKey']}", constraint["labelSelector"]["matchLabels"])
    for document in of_kind(documents, "ServiceMonitor"):
        chosen = [s for s in services if matches(document["spec"]["selector"]["matchLabels"], s["metadata"]["labels"])]
        names = [port["name"] for service in chosen for port in service["spec"]["ports"]]
        wanted = [endpoint["port"] for endpoint in document["spec"]["endpoints"]]
        if names != wanted:
            yield f"the ServiceMonitor scrapes {wanted} and selects services with {names}"


def ports(documents, _):
    """The ports that the gateway listens on are the container's, and all others lead to them."""
    _, container, config = gateway(documents)
    named = {port["name"]: port["containerPort"] for port in container["ports"]}
    listen = {"grpc": config["listen"]["grpc"]["address"], "ops": config["listen"]["ops"]}
    for name, address in listen.items():
        if named.get(name) != int(address.rsplit(":", 1)[1]):
            yield f"the container's port {name} is {named.get(name)}, and the gateway listens on {address}"
    services = of_kind(documents, "Service")
    protocol = "https" if "tls" in config["listen"]["grpc"] else "kubernetes.io/h2c"
    for service in services:
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in named:
                yield f"Service {name_of(service)}: no port {port['targetPort']}"
            if port["targetPort"] == "grpc" and port.get("appProtocol") != protocol:
                yield f"Service {name_of(service)}: appProtocol {port.get('appProtocol')}, and the gateway speaks {protocol}"
    for document in of_kind(documents, "NetworkPolicy"):
        for rule in document["spec"]["ingress"]:
            for port in rule["ports"]:
                if port["port"] not in named:
                    yield f"NetworkPolicy: no port {port['port']}"
    by_name = {name_of(service): {port["port"]: port["name"] for port in service["spec"]["ports"]} for service in services}
    for route in of_kind(documents, "GRPCRoute"):
        for rule in route["spec"]["rules"]:
            for backend in rule["backendRefs"]:
                if by_name.get(backend["name"], {}).get(backend["port"]) != "grpc":
                    yield f"the GRPCRoute leads nowhere: {backend}"
    for ingress in of_kind(documents, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                if service["port"]["name"] not in by_name.get(service["name"], {}).values():
                    yield f"the Ingress leads nowhere: {service}"
    for probe, path in (("startupProbe", "/readyz"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        if container[probe]["httpGet"] != {"path": path, "port": "ops"}:
            yield f"{probe} asks {container[probe]['httpGet']}, not {path} of port ops"
    for kind, field in (("ServiceMonitor", "endpoints"), ("PodMonitor", "podMetricsEndpoints")):
        for document in of_kind(documents, kind):
            for endpoint in document["spec"][field]:
                if (endpoint["path"], endpoint["port"]) != ("/metrics", "ops"):
                    yield f"the {kind} scrapes {endpoint['path']} of port {endpoint['port']}, not /metrics of ops"


def egress(documents, _):
    """A NetworkPolicy lets out DNS and what the configuration calls, and has no rule that lets out everything."""
    _, container, config = gateway(documents)
    variables = {variable["name"]: variable["value"] for variable in container.get("env", []) if "value" in variable}
    urls = [(each.get("proxy") or each["base_url"], None) for each in config["upstreams"].values()]
    urls += [(config["traces"]["endpoint"], OTLP)] if "traces" in config else []
    for document in of_kind(documents, "NetworkPolicy"):
        rules = document["spec"]["egress"]
        open_ports = {(port["protocol"], port["port"]) for rule in rules for port in rule.get("ports", [])}
        if any(not rule.get("ports") and not rule.get("to") for rule in rules):
            yield "NetworkPolicy: a rule lets out everything"
        for protocol in ("UDP", "TCP"):
            if (protocol, 53) not in open_ports:
                yield f"NetworkPolicy: no DNS over {protocol}"
        for text, usual in urls:
            url = urllib.parse.urlsplit(re.sub(r"\$\{(\w+)\}", lambda match: variables.get(match[1], "$"), text))
            if not url.hostname or url.hostname.endswith("$"):
                continue  # a Secret has it: the user's own rule lets it out
            if ("TCP", port := url.port or usual or PORTS[url.scheme]) not in open_ports:
                yield f"NetworkPolicy: no way out to port {port} of {text}"


def certificates(documents, values):
    """cert-manager's certificate has the names by which the gateway is called in the cluster, by helm test and by a proxy."""
    services = [name_of(service) for service in of_kind(documents, "Service") if any(port["name"] == "grpc" for port in service["spec"]["ports"])]
    in_cluster = values.get("tls", {}).get("certManager", {}).get("serviceNames", True)
    for certificate in of_kind(documents, "Certificate"):
        names = certificate["spec"]["dnsNames"]
        wanted = [f"{service}{rest}" for service in services for rest in ("", f".{NAMESPACE}", f".{NAMESPACE}.svc", f".{NAMESPACE}.svc.cluster.local")] if in_cluster else []
        for pod in of_kind(documents, "Pod"):
            arguments = pod["spec"]["containers"][0]["args"]
            wanted.append(arguments[arguments.index("--address") + 1].rsplit(":", 1)[0])
        wanted += [policy["spec"]["validation"]["hostname"] for policy in of_kind(documents, "BackendTLSPolicy")]
        for name in wanted:
            if name not in names:
                yield f"the Certificate does not have {name}"
        if not in_cluster and [name for name in names if "." not in name or ".svc" in name]:
            yield f"the Certificate has names that no public authority signs: {names}"


def rollout(documents, values):
    """A pod is not killed before its drain may end, none goes before another has come, and nothing but what it needs replaces it."""
    (deployment,) = of_kind(documents, "Deployment")
    template, container, config = gateway(documents)
    spec = template["spec"]
    seconds = int(config["limits"]["drain"].removesuffix("s"))
    pre_stop = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    if spec["terminationGracePeriodSeconds"] < pre_stop + seconds + 10:
        yield f"killed after {spec['terminationGracePeriodSeconds']} s, the drain may take {pre_stop} + {seconds} + 10"
    if deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] != 0:
        yield "an update takes pods away before others have come"
    if deployment["spec"].get("minReadySeconds", 0) < (wanted := values.get("minReadySeconds", 31)):
        yield f"minReadySeconds is {deployment['spec'].get('minReadySeconds', 0)}, below {wanted}: callers may still have DNS answers without the new pods"
    if "helm.sh/chart" in template["metadata"]["labels"]:
        yield "the chart's version is a label of the pods, and every release would replace them"
    if ("replicas" in deployment["spec"]) == bool(values.get("autoscaling", {}).get("enabled")):
        yield "replicas are to be set just where no autoscaler sets them"


def scaling(documents, _):
    """What the autoscaler goes by is a metric that the gateway has."""
    metrics = (ROOT / "server/telemetry/names.h").read_text()
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        for metric in scaler["spec"]["metrics"]:
            if f'"{metric["pods"]["metric"]["name"]}"' not in metrics:
                yield f"the HPA goes by {metric['pods']['metric']['name']}, which the gateway does not have"


def secrets(documents, _):
    """No Secret is rendered and no key stands anywhere."""
    for document in of_kind(documents, "Secret"):
        yield f"Secret {name_of(document)} is rendered"
    _, _, config = gateway(documents)
    for name, upstream in config["upstreams"].items():
        if not re.fullmatch(r"\$\{\w+\}|", upstream.get("api_key", "")):
            yield f"upstream {name} has its api_key in plain sight"
    for where, spec, _ in pods(documents):
        for variable in spec["containers"][0].get("env", []):
            if "value" in variable and re.search(r"(KEY|TOKEN|SECRET|PASSWORD)$", variable["name"]):
                yield f"{where} has {variable['name']} in plain sight"
    if found := KEY.search(yaml.safe_dump_all(documents)):
        yield f"what looks like a key stands in it: {found[1]}..."


CHECKS = (unique, security, references, files, selectors, ports, egress, certificates, rollout, scaling, secrets)
