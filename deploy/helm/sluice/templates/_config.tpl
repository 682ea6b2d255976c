{{- define "sluice.upstreams" -}}
{{- $usual := dict "holysheep" (dict "dialect" "openai" "base_url" "https://api.holysheep.ai/v1") -}}
{{- .Values.config.upstreams | default $usual | toYaml -}}
{{- end -}}

{{/* A value that holds ${VARIABLE}, which the pod's environment fills in; any other stands in plain sight in the ConfigMap. */}}
{{- define "sluice.variable" -}}
\$\{[A-Za-z_][A-Za-z0-9_]*\}
{{- end -}}

{{/* Fails, by name, where a key, a password or a secret header stands in values.config. */}}
{{- define "sluice.refuseSecrets" -}}
{{- $variable := include "sluice.variable" . -}}
{{- $instead := "put it into a Secret, name that in extraEnv, and write ${VARIABLE} here" -}}
{{- range $name, $upstream := .upstreams -}}
{{- $key := $upstream.api_key | default "" -}}
{{- if and $key (not (regexMatch (printf "^%s$" $variable) $key)) -}}
{{- fail (printf "config.upstreams.%s.api_key holds a key in plain sight: put it into a Secret and name that in upstreamSecrets.%s.existingSecret" $name $name) -}}
{{- end -}}
{{- range $header, $value := $upstream.headers -}}
{{- if and (regexMatch "(?i)(key|token|secret|authorization|cookie|credential)" $header) (not (regexMatch $variable $value)) -}}
{{- fail (printf "config.upstreams.%s.headers.%s stands in plain sight: %s" $name $header $instead) -}}
{{- end -}}
{{- end -}}
{{- range $field := list "base_url" "proxy" -}}
{{- if regexMatch "://[^/$]*:[^/$]*@" (get $upstream $field | default "") -}}
{{- fail (printf "config.upstreams.%s.%s holds a password in plain sight: %s" $name $field $instead) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := (dig "traces" "headers" dict .) -}}
{{- if not (regexMatch $variable $value) -}}
{{- fail (printf "config.traces.headers.%s stands in plain sight: %s" $name $instead) -}}
{{- end -}}
{{- end -}}
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
{{- include "sluice.refuseSecrets" $config -}}
{{- range $name, $secret := .Values.upstreamSecrets -}}
{{- $upstream := get $upstreams $name -}}
{{- if not $upstream -}}
{{- fail (printf "upstreamSecrets.%s: config.upstreams has no upstream of that name" $name) -}}
{{- end -}}
{{- if or (hasKey $upstream "api_key") (hasKey $upstream "api_key_file") -}}
{{- fail (printf "upstreamSecrets.%s contradicts config.upstreams.%s, which has a key already: remove one of the two" $name $name) -}}
{{- end -}}
{{- $_ := set $upstream "api_key_file" (printf "/etc/sluice/keys/%s/%s" $name ($secret.key | default "api-key")) -}}
{{- end -}}
{{- $_ := set $config "listen" (include "sluice.listen" . | fromYaml) -}}
{{- $_ := set $config "limits" (include "sluice.limits" . | fromYaml) -}}
{{- toYaml $config -}}
{{- end -}}

{{/* The ports that the configuration's URLs name, as a JSON list of numbers in order. */}}
{{- define "sluice.egressPorts" -}}
{{- $config := include "sluice.config" . | fromYaml -}}
{{- $urls := list (dig "traces" "endpoint" "" $config) -}}
{{- range $config.upstreams -}}
{{- $urls = append $urls (.proxy | default .base_url) -}}
{{- end -}}
{{- $ports := list -}}
{{- range compact $urls -}}
{{- $port := regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default (ternary "443" "80" (hasPrefix "https:" .)) -}}
{{- $ports = append $ports (int $port) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}
