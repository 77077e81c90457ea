{{/* The chart's name, the first part of the selector: stable for ever. */}}
{{- define "rookery.name" -}}
{{- .Values.nameOverride | default .Chart.Name -}}
{{- end -}}

{{/* The name of every object. Too long a one is refused, not cut: see _refusals.tpl. */}}
{{- define "rookery.fullname" -}}
{{- $name := include "rookery.name" . -}}
{{- .Values.fullnameOverride | default (contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name)) -}}
{{- end -}}

{{- define "rookery.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "rookery.fullname" .) "default") -}}
{{- end -}}

{{/* What selects the service's pods, and nothing else. */}}
{{- define "rookery.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rookery.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The test's pod has another name: the Service, the autoscaler and the budget must not count it. */}}
{{- define "rookery.testLabels" -}}
app.kubernetes.io/name: {{ include "rookery.name" . | printf "%s-test" | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "rookery.labels" -}}
{{- $own := include "rookery.selectorLabels" . | fromYaml -}}
{{- $own = merge $own (dict "app.kubernetes.io/version" .Chart.AppVersion "app.kubernetes.io/managed-by" .Release.Service) -}}
{{- $own = merge $own (dict "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")) -}}
{{- include "rookery.texts" (merge $own (.Values.commonLabels | default dict)) -}}
{{- end -}}

{{/* Labels or annotations as texts: 120 is "120", true is "true". */}}
{{- define "rookery.texts" -}}
{{- $texts := dict -}}
{{- range $key, $value := . -}}
{{- $_ := kindIs "float64" $value | ternary (printf "%.0f" $value) (toString $value) | set $texts $key -}}
{{- end -}}
{{- toYaml $texts -}}
{{- end -}}

{{- define "rookery.image" -}}
{{- $tag := toString .tag | default (empty .digest | ternary .appVersion "") -}}
{{- .repository }}{{ with $tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* What a map holds without the fields that are null or empty, so that both leave a field out. */}}
{{- define "rookery.set" -}}
{{- $kept := dict -}}
{{- range $key, $value := . -}}
{{- if kindIs "map" $value -}}{{- $value = include "rookery.set" $value | fromYaml -}}{{- end -}}
{{- if not (or (kindIs "invalid" $value) (has $value (list "" dict list))) -}}
{{- $_ := set $kept $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end -}}
