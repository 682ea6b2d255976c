{{- define "sluice.upstreams" -}}
{{- $usual := dict "holysheep" (dict "dialect" "openai" "base_url" "https://api.holysheep.ai/v1") -}}
{{- .Values.config.upstreams | default $usual | toYaml -}}
{{- end -}}

{{/* The callers' and the operators' doors. */}}
{{- define "sluice.listen" -}}
{{- $grpc := dict "address" "0.0.0.0:50051" -}}
{{- if include "sluice.tlsSecret" . -}}
{{- $tls := dict "cert" "/etc/sluice/tls/tls.crt" "key" "/etc/sluice/tls/tls.key" -}}
{{- if .Values.tls.clientCa.existingSecret -}}
{{- $_ := set $tls "client_ca" (printf "/etc/sluice/client-ca/%s" .Values.tls.clientCa.key) -}}
{{- end -}}
{{- $_ := set $grpc "tls" $tls -}}
{{- else -}}
{{- if .Values.tls.clientCa.existingSecret -}}
{{- fail "tls.clientCa.existingSecret without a certificate of the gateway's own: set tls.existingSecret or tls.certManager.enabled" -}}
{{- end -}}
{{- $_ := set $grpc "insecure" true -}}
{{- end -}}
{{- dict "grpc" $grpc "ops" "0.0.0.0:9090" | toYaml -}}
{{- end -}}

{{/* values.config's limits, and the chart's where they are left out. */}}
{{- define "sluice.limits" -}}
{{- $limits := .Values.config.limits | default dict -}}
{{- if hasKey $limits "drain" -}}
{{- fail "config.limits.drain is the chart's to write: set drain.seconds, which the pod's grace period follows" -}}
{{- end -}}
{{- $drain := printf "%ds" (int64 .Values.drain.seconds) -}}
{{- merge (dict "drain" $drain) $limits (dict "connection_age" "15m" "open_calls" 5000) | toYaml -}}
{{- end -}}

{{/* The gateway's own file: values.config, and what the chart knows better. Whatever contradicts it fails by name. */}}
{{- define "sluice.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if hasKey $config "listen" -}}
{{- fail "config.listen is the chart's to write: use service.port, metrics.port and tls" -}}
{{- end -}}
{{/* Not a default in values.yaml: helm would add it to the user's own. */}}
{{- $upstreams := include "sluice.upstreams" . | fromYaml -}}
{{- $_ := set $config "upstreams" $upstreams -}}
{{- include "sluice.checkNames" $config -}}
{{- $seen := dict "config" $config "env" .Values.extraEnv -}}
{{- include "sluice.checkVariables" $seen -}}
{{- include "sluice.refuseSecrets" $seen -}}
{{- include "sluice.checkPlaintext" $seen -}}
{{- range $name, $secret := .Values.upstreamSecrets -}}
{{- $upstream := get $upstreams $name -}}
{{- if not $upstream -}}
{{- fail (printf "upstreamSecrets.%s: config.upstreams has no upstream of that name, it has %s" $name (keys $upstreams | sortAlpha | join ", ")) -}}
{{- end -}}
{{- if or (hasKey $upstream "api_key") (hasKey $upstream "api_key_file") -}}
{{- fail (printf "upstreamSecrets.%s contradicts config.upstreams.%s, which has a key already: remove one of the two" $name $name) -}}
{{- end -}}
{{- $_ := set $upstream "api_key_file" (printf "%s/%s" (include "sluice.keyPath" $name) ($secret.key | default "api-key")) -}}
{{- end -}}
{{- $_ := set $config "listen" (include "sluice.listen" . | fromYaml) -}}
{{- $_ := set $config "limits" (include "sluice.limits" . | fromYaml) -}}
{{- toYaml $config -}}
{{- end -}}

{{/* What the gateway reads at start-up only (its log names such a change): the pods have to be replaced for it. */}}
{{- define "sluice.startupConfig" -}}
{{- $config := include "sluice.config" . | fromYaml -}}
{{- $limits := pick $config.limits "header_bytes" "connection_streams" "connection_age" -}}
{{- merge (dict "limits" $limits) (pick $config "listen" "engines" "traces") | toJson -}}
{{- end -}}

{{/*
The ConfigMap's name, which ends in a hash of all that the file may name and a running pod may lack: mounts, variables, and the image, for
only a newer gateway knows a new field. The old pods of such an update keep the old file (the kubelet leaves them what it has mounted),
where they would refuse the new one. Any other change keeps the name, and they take it up.
*/}}
{{- define "sluice.configName" -}}
{{- $keys := dict -}}
{{- range $name, $secret := .Values.upstreamSecrets }}{{ $_ := set $keys $name ($secret.key | default "api-key") }}{{ end -}}
{{- $seen := list (include "sluice.image" .) (include "sluice.secretFolders" .) $keys .Values.tls.clientCa.key .Values.extraVolumes .Values.extraVolumeMounts .Values.extraEnv -}}
{{- printf "%s-%s" (include "sluice.fullname" .) (toJson $seen | sha256sum | trunc 8) -}}
{{- end -}}

{{/* Every text in a value, as a JSON list of {path, text}. */}}
{{- define "sluice.texts" -}}
{{- $found := list -}}
{{- $path := .path -}}
{{- if kindIs "map" .value -}}
{{- range $key, $value := .value -}}
{{- $found = concat $found (include "sluice.texts" (dict "path" (printf "%s.%s" $path $key) "value" $value) | fromJsonArray) -}}
{{- end -}}
{{- else if kindIs "slice" .value -}}
{{- range $index, $value := .value -}}
{{- $found = concat $found (include "sluice.texts" (dict "path" (printf "%s[%d]" $path $index) "value" $value) | fromJsonArray) -}}
{{- end -}}
{{- else if kindIs "string" .value -}}
{{- $found = append $found (dict "path" $path "text" .value) -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* ${NAME} as the gateway reads it. */}}
{{- define "sluice.variable" -}}
\$\{[A-Za-z0-9_]+\}
{{- end -}}

{{/* The configuration as JSON, with the ${NAME} filled in whose value stands in plain sight in extraEnv; those of Secrets stay. */}}
{{- define "sluice.expanded" -}}
{{- $text := toJson .config | replace "$${" "{" -}}
{{- range .env -}}
{{- if .value -}}
{{- $text = replace (printf "${%s}" .name) (toJson .value | trimPrefix "\"" | trimSuffix "\"") $text -}}
{{- end -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{- define "sluice.checkNames" -}}
{{- $upstreams := .upstreams -}}
{{- range $name, $_ := $upstreams -}}
{{/* A folder for its key has this name. */}}
{{- if or (not (regexMatch "^[A-Za-z0-9._-]{1,64}$" $name)) (has $name (list "." "..")) -}}
{{- fail (printf "config.upstreams.%s: an upstream's name is made of 1 to 64 letters, digits, '.', '_' and '-', and neither '.' nor '..'; rename it" $name) -}}
{{- end -}}
{{- end -}}
{{- range $index, $route := .routes -}}
{{- if not (or (contains "${" $route.upstream) (hasKey $upstreams $route.upstream)) -}}
{{- fail (printf "config.routes[%d].upstream is %s, and config.upstreams has no upstream of that name: it has %s" $index $route.upstream (keys $upstreams | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A ${NAME} that the pod's environment does not have, or a ${ of no name, would stop it at start-up. Kubernetes itself sets HOSTNAME. */}}
{{- define "sluice.checkVariables" -}}
{{- $known := list "HOSTNAME" -}}
{{- range .env }}{{ $known = append $known .name }}{{ end -}}
{{- range include "sluice.texts" (dict "path" "config" "value" .config) | fromJsonArray -}}
{{- $path := .path -}}
{{- $text := .text | replace "$${" " " -}}
{{/* What stands between the braces may be a key pasted there, so it is not shown. */}}
{{- if contains "${" (regexReplaceAllLiteral (include "sluice.variable" .) $text " ") -}}
{{- fail (printf "%s has a ${ that is not followed by NAME}: write ${NAME}, or $${ for a literal ${" $path) -}}
{{- end -}}
{{- range regexFindAll (include "sluice.variable" .) $text -1 -}}
{{- $name := . | trimPrefix "${" | trimSuffix "}" -}}
{{- if not (has $name $known) -}}
{{- fail (printf "%s has %s, and extraEnv no variable of that name: add {name: %s, valueFrom: {secretKeyRef: {name: ..., key: ...}}} to it" $path . $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Plaintext to another machine, which the gateway refuses where it would show keys or prompts. What a ${VARIABLE} of a Secret says is not
known here.
*/}}
{{- define "sluice.checkPlaintext" -}}
{{- $config := include "sluice.expanded" . | fromJson -}}
{{- range $name, $upstream := $config.upstreams -}}
{{- $insecure := get $upstream "insecure" | toString -}}
{{- if and (eq $insecure "true") (hasPrefix "https://" $upstream.base_url) -}}
{{- fail (printf "config.upstreams.%s.insecure contradicts its base_url, which is https: remove it" $name) -}}
{{- else if and (has $insecure (list "" "false")) (include "sluice.isPlaintext" $upstream.base_url) -}}
{{- fail (printf "config.upstreams.%s.base_url is plaintext http to another machine, and shows key and prompts to the network: use https, or set config.upstreams.%s.insecure" $name $name) -}}
{{- end -}}
{{- end -}}
{{- if and (dig "traces" "headers" dict $config) (include "sluice.isPlaintext" (dig "traces" "endpoint" "" $config)) -}}
{{- fail "config.traces.endpoint is plaintext http to another machine, and shows config.traces.headers to the network: use https" -}}
{{- end -}}
{{- end -}}

{{/* Whether a URL leads in plaintext to a host that is not loopback (RFC 6890), or nothing. */}}
{{- define "sluice.isPlaintext" -}}
{{- $host := regexFind "^http://[^/?#]*" . -}}
{{- if and $host (not (contains "$" $host)) (not (regexMatch "(?i)^http://(localhost|127(\\.[0-9]+){3}|\\[[0:]*:0*1\\])(:[0-9]*)?$" $host)) -}}
true
{{- end -}}
{{- end -}}
