{{/*
The ports that the configuration's URLs name, as a JSON list of numbers. A part in a ${VARIABLE} of a Secret is not known here: then
networkPolicy.extraEgress has to say what the way out is.
*/}}
{{- define "sluice.egressPorts" -}}
{{- $config := include "sluice.expanded" (dict "config" (include "sluice.config" . | fromYaml) "env" .Values.extraEnv) | fromJson -}}
{{- $urls := list -}}
{{- range $name, $upstream := $config.upstreams -}}
{{- $field := ternary "proxy" "base_url" (ne ($upstream.proxy | default "") "") -}}
{{- $urls = append $urls (dict "path" (printf "config.upstreams.%s.%s" $name $field) "url" (get $upstream $field)) -}}
{{- end -}}
{{- with dig "traces" "endpoint" "" $config -}}
{{- $urls = append $urls (dict "path" "config.traces.endpoint" "url" . "usual" "4317") -}}
{{- end -}}
{{- $ports := list -}}
{{- range $urls -}}
{{- $port := include "sluice.port" . -}}
{{- if $port -}}
{{- $ports = append $ports (int $port) -}}
{{- else if not $.Values.networkPolicy.extraEgress -}}
{{- fail (printf "networkPolicy.enabled, and the port in %s is not known here: write it in plain sight, as in https://${HOST}:443, or let it out by networkPolicy.extraEgress" .path) -}}
{{- end -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{/* The port of {url, usual}: the one that is written, or the scheme's (usual, where there is one); nothing where a variable stands there. */}}
{{- define "sluice.port" -}}
{{- $url := regexReplaceAllLiteral (include "sluice.variable" .) .url "$" -}}
{{- $scheme := regexFind "^https?://" $url -}}
{{- $authority := regexReplaceAll "^.*@" ($url | trimPrefix $scheme | regexFind "^[^/?#]*") "" -}}
{{- if $scheme -}}
{{- $written := regexFind ":[0-9]+$" $authority | trimPrefix ":" -}}
{{- if $written -}}
{{- $written -}}
{{- else if not (hasSuffix "$" $authority) -}}
{{- .usual | default (ternary "443" "80" (eq $scheme "https://")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
