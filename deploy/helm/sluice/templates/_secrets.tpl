{{/*
Secrets that are mounted, as a JSON list of {volume, path, secret}: each as a folder and never by subPath, because only a folder follows a
Secret that changes. What a capability needs of such is added here; the Deployment and the ConfigMap's name go by this list.
*/}}
{{- define "sluice.secretFolders" -}}
{{- $folders := list -}}
{{- with include "sluice.tlsSecret" . -}}
{{- $folders = append $folders (dict "volume" "tls" "path" "/etc/sluice/tls" "secret" .) -}}
{{- end -}}
{{- with .Values.tls.clientCa.existingSecret -}}
{{- $folders = append $folders (dict "volume" "client-ca" "path" "/etc/sluice/client-ca" "secret" .) -}}
{{- end -}}
{{- range $name, $secret := .Values.upstreamSecrets -}}
{{- $folders = append $folders (dict "volume" (include "sluice.volumeName" (printf "key-%s" $name)) "path" (include "sluice.keyPath" $name) "secret" $secret.existingSecret) -}}
{{- end -}}
{{- toJson $folders -}}
{{- end -}}

{{- define "sluice.keyPath" -}}
/etc/sluice/keys/{{ . }}
{{- end -}}

{{/* A name as a volume's, which may hold no dots, underscores or capitals. */}}
{{- define "sluice.volumeName" -}}
{{- printf "%s-%s" (lower . | replace "." "-" | replace "_" "-" | trunc 50 | trimSuffix "-") (sha256sum . | trunc 6) -}}
{{- end -}}

{{/* Names of headers and of a query's parameters that carry something secret. */}}
{{- define "sluice.secretName" -}}
(?i)(key|token($|[^i])|secret|passw|credential|cookie|signature|auth($|[^o]|oriz)|(^|[^a-z])(sig|pwd|pass|session)($|[^a-z]))
{{- end -}}

{{/* Keys as providers write them. */}}
{{- define "sluice.keyShape" -}}
\b(sk-|HS-|gsk_|xai-|hf_|nvapi-|pplx-|AIza|AKIA|ghp_|eyJ)[A-Za-z0-9_-]{16,}
{{- end -}}

{{/*
Fails, by name, where a key, a password or a secret header stands in plain sight: in config, or in the value of an extraEnv that config
takes. It looks at every text, so that it holds for fields that come later: by the field's name, and by the text's shape.
*/}}
{{- define "sluice.refuseSecrets" -}}
{{- $variables := printf "^(%s)+$" (include "sluice.variable" .) -}}
{{- $orScheme := printf "^((?i:bearer|basic|token|apikey|key) )?(%s)+$" (include "sluice.variable" .) -}}
{{- $written := dict -}}
{{- range include "sluice.texts" (dict "path" "config" "value" .config) | fromJsonArray }}{{ $_ := set $written .path .text }}{{ end -}}
{{- range include "sluice.texts" (dict "path" "config" "value" (include "sluice.expanded" . | fromJson)) | fromJsonArray -}}
{{- $path := .path -}}
{{- $text := .text -}}
{{- $from := "" -}}
{{- if ne $text (get $written .path | replace "$${" "{") -}}
{{- $from = printf " by the value of the extraEnv in %q" (get $written .path) -}}
{{- end -}}
{{- $instead := "put it into a Secret, name that in extraEnv by valueFrom.secretKeyRef, and write ${VARIABLE} here" -}}
{{- $name := regexFind "[^.]+$" .path -}}
{{- if and $text (regexMatch "^(api_key|password|secret|token)$" $name) (not (regexMatch $variables $text)) -}}
{{- $upstream := regexFind "^config\\.upstreams\\..*\\.api_key$" .path | trimPrefix "config.upstreams." | trimSuffix ".api_key" -}}
{{- fail (printf "%s holds a key in plain sight%s: %s" .path $from (ternary (printf "put it into a Secret and name that in upstreamSecrets.%s.existingSecret" $upstream) $instead (ne $upstream ""))) -}}
{{- end -}}
{{/* An upstream, too, may be called headers. */}}
{{- $header := regexReplaceAll "^.*\\.headers\\." (regexFind "^config\\.(traces|upstreams\\..+)\\.headers\\..+" .path) "" -}}
{{- if $header -}}
{{- if and (or (hasPrefix "config.traces." .path) (regexMatch (include "sluice.secretName" .) $header)) (not (regexMatch $orScheme $text)) -}}
{{- fail (printf "%s stands in plain sight%s: %s; nothing but a scheme such as Bearer may stand before it" .path $from $instead) -}}
{{- end -}}
{{- end -}}
{{- $userinfo := regexFind "://[^/?#]*@" $text | trimPrefix "://" | trimSuffix "@" -}}
{{- if $userinfo -}}
{{- if ne $name "proxy" -}}
{{- fail (printf "%s holds a user or password%s, which the gateway takes in a proxy's URL only: remove it, a key belongs into a Secret" .path $from) -}}
{{- end -}}
{{- if not (regexMatch $variables (regexReplaceAll "^[^:]*:" $userinfo "")) -}}
{{- fail (printf "%s holds a password in plain sight%s: %s" .path $from $instead) -}}
{{- end -}}
{{- end -}}
{{- range regexFindAll "[?&][^=&#]+=[^&#]*" $text -1 -}}
{{- $pair := splitn "=" 2 (substr 1 -1 .) -}}
{{- if and (regexMatch (include "sluice.secretName" .) $pair._0) (not (regexMatch $variables $pair._1)) -}}
{{- fail (printf "%s holds %s=... in plain sight%s: %s" $path $pair._0 $from $instead) -}}
{{- end -}}
{{- end -}}
{{/* Models, upstreams and files may be called so. */}}
{{- $named := regexMatch "^config\\.(default_model|routes\\[[0-9]+\\]\\.(models\\[[0-9]+\\]|model|upstream))$" .path -}}
{{- $named = or $named (and (hasSuffix "_file" .path) (hasPrefix "/" $text)) -}}
{{- if and (not $named) (regexMatch (include "sluice.keyShape" .) $text) -}}
{{- fail (printf "%s holds what looks like a key, in plain sight%s: %s" .path $from $instead) -}}
{{- end -}}
{{- end -}}
{{- end -}}
