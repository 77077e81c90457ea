{{/* A quantity as a number: "250m" is 0.25, "1Ki" is 1024. */}}
{{- define "rookery.number" -}}
{{- $text := kindIs "float64" . | ternary (printf "%.3f" .) (toString .) -}}
{{- $unit := regexFind "[A-Za-z]*$" $text -}}
{{- $binary := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $decimal := dict "" 1 "m" 0.001 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 -}}
{{- mulf (trimSuffix $unit $text | float64) (get (merge $binary $decimal) $unit | float64) | printf "%.3f" -}}
{{- end -}}

{{/* A quantity as the API server writes it, so that nothing differs after an apply: 0.5 is 500m. */}}
{{- define "rookery.quantity" -}}
{{- $number := include "rookery.number" . | float64 -}}
{{- $count := $number | int64 -}}
{{- $unit := "" -}}
{{- if ne $number (float64 $count) -}}
{{- $count = round (mulf $number 1000) 0 | int64 -}}{{- $unit = "m" -}}
{{- else if gt $count 0 -}}
{{- $binary := toString . | hasSuffix "i" -}}
{{- $base := $binary | ternary 1024 1000 -}}
{{- range $binary | ternary (list "Ki" "Mi" "Gi" "Ti") (list "k" "M" "G" "T") -}}
{{- if eq 0 (mod $count $base) -}}{{- $count = div $count $base -}}{{- $unit = . -}}{{- else -}}{{- break -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- printf "%d%s" $count $unit -}}
{{- end -}}

{{/* Requests and limits of the service's container. */}}
{{- define "rookery.resources" -}}
{{- range $part, $amounts := include "rookery.set" (.Values.resources | default dict) | fromYaml }}
{{ $part }}:
  {{- range $name, $amount := $amounts }}
  {{ $name }}: {{ include "rookery.quantity" $amount | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What one container asks for of a resource, as a number: `(list "cpu" $resources)`. */}}
{{- define "rookery.request" -}}
{{- $resources := index . 1 | default dict -}}
{{- $limit := get ($resources.limits | default dict) (first .) | default 0 -}}
{{- include "rookery.number" (get ($resources.requests | default dict) (first .) | default $limit) -}}
{{- end -}}

{{/* The price of one pod for a month of 730 hours, by what its containers request. */}}
{{- define "rookery.podMonthly" -}}
{{- $cores := 0 -}}{{- $bytes := 0 -}}
{{- range append (.Values.extraContainers | default list) .Values -}}
{{- $cores = include "rookery.request" (list "cpu" .resources) | addf $cores -}}
{{- $bytes = include "rookery.request" (list "memory" .resources) | addf $bytes -}}
{{- end -}}
{{- with .Values.cost.prices -}}
{{- addf (mulf $cores .vcpuHour) (mulf (divf $bytes 1073741824) .gibHour) | mulf 730 -}}
{{- end -}}
{{- end -}}

{{/* The number of pods at least or at most: `(list "min" $)`. */}}
{{- define "rookery.pods" -}}
{{- $values := (last .).Values -}}
{{- $values.autoscaling.enabled | ternary (get $values.autoscaling (printf "%sReplicas" (first .))) $values.replicaCount -}}
{{- end -}}
