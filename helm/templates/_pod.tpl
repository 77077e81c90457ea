{{/* What every pod of this chart has, the test's too. */}}
{{- define "rookery.pod" -}}
serviceAccountName: {{ include "rookery.serviceAccountName" . }}
automountServiceAccountToken: {{ .Values.serviceAccount.automountToken }}
enableServiceLinks: false
{{- $secrets := list }}
{{- range concat ((.Values.global | default dict).imagePullSecrets | default list) (.Values.imagePullSecrets | default list) }}
{{- $secrets = kindIs "map" . | ternary . (dict "name" .) | append $secrets | uniq }}
{{- end }}
{{- $pod := pick .Values "affinity" "nodeSelector" "priorityClassName" "tolerations" }}
{{- $pod = set $pod "imagePullSecrets" $secrets }}
{{- $pod = set $pod "securityContext" .Values.podSecurityContext }}
{{- with include "rookery.set" $pod | fromYaml }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Image, rights and resources of the service's container, and of the test's. */}}
{{- define "rookery.container" -}}
image: {{ include "rookery.image" (merge (dict "appVersion" .Chart.AppVersion) .Values.image) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- range $field, $yaml := dict "resources" (include "rookery.resources" .) "securityContext" (include "rookery.set" (.Values.securityContext | default dict)) }}
{{- with fromYaml $yaml }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Which value owns a variable; `env` may not set these. */}}
{{- define "rookery.ownedEnv" -}}
ROOKERY_PORT: ports/http
ROOKERY_ADMIN_PORT: ports/admin
ROOKERY_DRAIN_SECONDS: shutdown/drainSeconds
ROOKERY_STOP_TIMEOUT_SECONDS: shutdown/stopTimeoutSeconds
{{- end -}}

{{/* The Secret with settings, whoever makes it. */}}
{{- define "rookery.secretName" -}}
{{- .Values.externalSecret.enabled | ternary (include "rookery.fullname" .) .Values.existingSecret.name -}}
{{- end -}}
