{{/* Names and labels. */}}
{{- define "sluice.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end -}}

{{- define "sluice.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains (include "sluice.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "sluice.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sluice.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sluice.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sluice.labels" -}}
{{ include "sluice.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "sluice.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* The Secret with the door's certificate, or nothing. */}}
{{- define "sluice.tlsSecret" -}}
{{- if .Values.tls.certManager.enabled -}}
{{- if .Values.tls.existingSecret -}}
{{- fail "tls.existingSecret contradicts tls.certManager.enabled: cert-manager makes the Secret itself; remove one of the two" -}}
{{- end -}}
{{- if not .Values.tls.certManager.issuerRef.name -}}
{{- fail "tls.certManager.issuerRef.name is required when tls.certManager.enabled: name your Issuer or ClusterIssuer" -}}
{{- end -}}
{{ include "sluice.fullname" . }}-tls
{{- else -}}
{{ .Values.tls.existingSecret }}
{{- end -}}
{{- end -}}

{{/* Seconds from the pod's end announced to its kill: never less than what a drain may take. */}}
{{- define "sluice.gracePeriod" -}}
{{- $least := add .Values.drain.preStopSeconds .Values.drain.seconds .Values.drain.marginSeconds -}}
{{- $given := .Values.terminationGracePeriodSeconds -}}
{{- if kindIs "invalid" $given -}}
{{- $least -}}
{{- else if lt (int64 $given) (int64 $least) -}}
{{- fail (printf "terminationGracePeriodSeconds is %d, but drain.preStopSeconds + drain.seconds + drain.marginSeconds are %d: raise it, or lower those; streams would be killed" (int64 $given) (int64 $least)) -}}
{{- else -}}
{{- $given -}}
{{- end -}}
{{- end -}}

{{- define "sluice.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "sluice.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* The names in the Certificate that cert-manager makes, as a JSON list. localhost is for kubectl port-forward. */}}
{{- define "sluice.certificateNames" -}}
{{- $names := list -}}
{{- if .Values.tls.certManager.serviceNames -}}
{{- range $service := list (include "sluice.fullname" .) (printf "%s-headless" (include "sluice.fullname" .)) -}}
{{- $full := printf "%s.%s.svc" $service $.Release.Namespace -}}
{{- $names = concat $names (list $service (trimSuffix ".svc" $full) $full (printf "%s.cluster.local" $full)) -}}
{{- end -}}
{{- $names = append $names "localhost" -}}
{{- end -}}
{{- concat $names .Values.tls.certManager.dnsNames | uniq | toJson -}}
{{- end -}}

{{/* Why helm test has nothing to run, or nothing. */}}
{{- define "sluice.noTest" -}}
{{- if and .Values.tls.clientCa.existingSecret (not .Values.tls.test.clientSecret) -}}
callers have to show a certificate, and tls.test.clientSecret names none for it
{{- else if and .Values.tls.certManager.enabled (not .Values.tls.certManager.serviceNames) -}}
the certificate does not name the Service (tls.certManager.serviceNames)
{{- end -}}
{{- end -}}

{{/* A proxy has no part in a handshake of callers with the gateway, so it has to show a certificate itself, or to keep out of TLS. */}}
{{- define "sluice.checkProxy" -}}
{{- if and .root.Values.tls.clientCa.existingSecret (not .root.Values.tls.clientCa.throughProxy) -}}
{{- fail (printf "%s.enabled with tls.clientCa.existingSecret: the proxy shows the gateway no certificate, and every call would fail; give it one (%s), then set tls.clientCa.throughProxy, or remove tls.clientCa" .what .how) -}}
{{- end -}}
{{- end -}}
