"""What must hold of every rendering, whatever its values. Each check yields what is wrong."""
import re

from render import of_kind

SECURITY = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def matches(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def pods(documents):
    """(where, spec, labels) of each pod that is made."""
    for document in of_kind(documents, "Deployment"):
        template = document["spec"]["template"]
        yield f"Deployment {document['metadata']['name']}", template["spec"], template["metadata"]["labels"]
    for document in of_kind(documents, "Pod"):
        yield f"Pod {document['metadata']['name']}", document["spec"], document["metadata"]["labels"]


def security(documents):
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


def references(documents, external):
    """Each name that an object refers to is rendered too, or is the user's own (external)."""
    made = {(d["kind"], d["metadata"]["name"]) for d in documents}

    def known(kind, name):
        return (kind, name) in made or (kind, name) in external

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
    deployments = {d["metadata"]["name"] for d in of_kind(documents, "Deployment")}
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] not in deployments:
            yield f"the HPA scales no Deployment: {scaler['spec']['scaleTargetRef']}"
    for certificate in of_kind(documents, "Certificate"):
        if not any(f"secretName: {certificate['spec']['secretName']}" in str(s).replace("'", "") for _, s, _ in pods(documents)):
            yield f"nobody mounts {certificate['spec']['secretName']}"


def selectors(documents):
    """Services, budgets, policies and monitors select the gateway's pods and no others; ports have their names."""
    (deployment,) = of_kind(documents, "Deployment")
    template = deployment["spec"]["template"]
    labels = template["metadata"]["labels"]
    ports = {port["name"]: port["containerPort"] for port in template["spec"]["containers"][0]["ports"]}
    others = [pod_labels for where, _, pod_labels in pods(documents) if where.startswith("Pod ")]

    def check(what, selector):
        if not selector or not matches(selector, labels):
            yield f"{what} does not select the gateway's pods: {selector}"
        if any(matches(selector, other) for other in others):
            yield f"{what} selects the test's pod too"

    yield from check("the Deployment", deployment["spec"]["selector"]["matchLabels"])
    services = of_kind(documents, "Service")
    for service in services:
        yield from check(f"Service {service['metadata']['name']}", service["spec"]["selector"])
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in ports:
                yield f"Service {service['metadata']['name']}: no port {port['targetPort']}"
    for kind in ("PodDisruptionBudget", "PodMonitor"):
        for document in of_kind(documents, kind):
            yield from check(kind, document["spec"]["selector"]["matchLabels"])
    for document in of_kind(documents, "NetworkPolicy"):
        yield from check("NetworkPolicy", document["spec"]["podSelector"]["matchLabels"])
        for rule in document["spec"]["ingress"]:
            for port in rule["ports"]:
                if port["port"] not in ports:
                    yield f"NetworkPolicy: no port {port['port']}"
    for document in of_kind(documents, "ServiceMonitor"):
        chosen = [s for s in services if matches(document["spec"]["selector"]["matchLabels"], s["metadata"]["labels"])]
        names = [port["name"] for service in chosen for port in service["spec"]["ports"]]
        wanted = [endpoint["port"] for endpoint in document["spec"]["endpoints"]]
        if names != wanted:
            yield f"the ServiceMonitor scrapes {wanted} and selects services with {names}"
    by_name = {service["metadata"]["name"]: {port["port"]: port["name"] for port in service["spec"]["ports"]} for service in services}
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
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        port = template["spec"]["containers"][0][probe]["httpGet"]["port"]
        if port != "ops":
            yield f"{probe} asks port {port}"


def drain(documents, values):
    """A pod is not killed before its drain may end, and none goes before another has come."""
    (deployment,) = of_kind(documents, "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    (config,) = [d for d in of_kind(documents, "ConfigMap") if "sluice.yaml" in d["data"]]
    seconds = int(re.search(r"drain: (\d+)s", config["data"]["sluice.yaml"])[1])
    pre_stop = int(spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    if spec["terminationGracePeriodSeconds"] < pre_stop + seconds + 5:
        yield f"killed after {spec['terminationGracePeriodSeconds']} s, the drain may take {pre_stop} + {seconds} + 5"
    if deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] != 0:
        yield "an update takes pods away before others have come"
    if ("replicas" in deployment["spec"]) == bool(values.get("autoscaling", {}).get("enabled")):
        yield "replicas are to be set just where no autoscaler sets them"


def secrets(text):
    """No Secret is rendered and no key stands anywhere."""
    if re.search(r"^kind: Secret$", text, re.MULTILINE):
        yield "a Secret is rendered"
    for key in re.findall(r"api_key: *(\S+)", text):
        if not re.fullmatch(r"\"?\$\{\w+\}\"?", key):
            yield f"a key stands in it: {key[:6]}..."
