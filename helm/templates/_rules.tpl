{{/* What the placeholders `@name@` in rules/ stand for: selectors of this release, and its numbers. */}}
{{- define "rookery.ruleFacts" -}}
{{- $name := include "rookery.fullname" . -}}
{{- $here := printf "namespace=%q" .Release.Namespace -}}
{{- $pods := printf "%s,pod=~\"%s-[a-z0-9]+-[a-z0-9]+\"" $here $name -}}
{{- $most := include "rookery.pods" (list "max" .) | int -}}
{{- $facts := dict
  "job" $name
  "service" (printf "%s,job=%q" $here $name)
  "deployment" (printf "%s,deployment=%q" $here $name)
  "autoscaler" (printf "%s,horizontalpodautoscaler=%q" $here (.Values.keda.enabled | ternary (printf "keda-hpa-%s" $name) $name))
  "pods" $pods
  "container" (printf "%s,container=%q" $pods .Chart.Name)
  "fewest" (include "rookery.pods" (list "min" .))
  "most" $most
  "planned" (.Values.cost.plannedReplicas | toString)
  "worst" (include "rookery.podMonthly" . | float64 | mulf $most | printf "%.2f")
  "currency" .Values.cost.prices.currency
  "planned_stop" (add .Values.shutdown.drainSeconds .Values.shutdown.stopTimeoutSeconds)
  "drain" (add .Values.shutdown.drainSeconds .Values.shutdown.stopTimeoutSeconds 60) -}}
{{- with .Values.prometheusRule.objectives -}}
{{- $facts = merge $facts (dict
  "availability" .availabilityPercent
  "inTime" .inTimePercent
  "seconds" .inTimeSeconds
  "least" .leastRequests) -}}
{{- end -}}
{{- toYaml $facts -}}
{{- end -}}

{{/* A recording rule: `(list $ NAME EXPRESSION)`. What it records is labelled with its release. */}}
{{- define "rookery.record" -}}
{{- $labels := dict "namespace" (first .).Release.Namespace "job" (include "rookery.fullname" (first .)) -}}
{{- list (dict "record" (index . 1) "expr" (index . 2) "labels" $labels) | toYaml }}
{{ end -}}

{{/* What alerts and panels would otherwise compute again and again. */}}
{{- define "rookery.records" -}}
{{- $facts := include "rookery.ruleFacts" . | fromYaml -}}
{{- $s := $facts.service -}}
{{- $le := .Values.prometheusRule.objectives.inTimeSeconds | toString -}}
{{- $le = contains "." $le | ternary $le (printf "%s.0" $le) -}}
{{- $none := printf "sum(job:http_requests:rate5m{%s}) * 0" $s -}}
{{- $failed := printf "sum(%%s(http_requests_total{%s,status=\"5xx\"}[%%s])) or %s" $s $none -}}
{{- $slow := printf "clamp_min(sum(%%[1]s(http_request_duration_seconds_count{%s}[%%[2]s])) - sum(%%[1]s(http_request_duration_seconds_bucket{%s,le=%q}[%%[2]s])), 0)" $s $s $le -}}
{{- include "rookery.record" (list . "job:http_requests:rate5m" (printf "sum(rate(http_requests_total{%s}[5m]))" $s)) -}}
{{- include "rookery.record" (list . "job:http_requests_failed:rate5m" (printf $failed "rate" "5m")) -}}
{{- include "rookery.record" (list . "job:http_requests_timed:rate5m" (printf "sum(rate(http_request_duration_seconds_count{%s}[5m]))" $s)) -}}
{{- include "rookery.record" (list . "job:http_requests_slow:rate5m" (printf $slow "rate" "5m")) -}}
{{- with .Values.prometheusRule.objectives -}}
{{- include "rookery.record" (list $ "job:http_requests_failed:allowed" (printf "1 - vector(%v) / 100" .availabilityPercent)) -}}
{{- include "rookery.record" (list $ "job:http_requests_slow:allowed" (printf "1 - vector(%v) / 100" .inTimePercent)) -}}
{{- include "rookery.record" (list $ "job:http_request_duration_seconds:allowed" (printf "vector(%v)" .inTimeSeconds)) -}}
{{- end -}}
{{- range $part, $whole := dict "failed" "http_requests" "slow" "http_requests_timed" -}}
{{- range $window := list "5m" "30m" "1h" "2h" "6h" "1d" "3d" -}}
{{- $ratio := printf "avg_over_time(job:http_requests_%s:rate5m{%s}[%s]) / (avg_over_time(job:%s:rate5m{%s}[%s]) > 0)" $part $s $window $whole $s $window -}}
{{- if eq $window "5m" -}}{{- $ratio = printf "job:http_requests_%s:rate5m{%s} / (job:%s:rate5m{%s} > 0)" $part $s $whole $s -}}{{- end -}}
{{- include "rookery.record" (list $ (printf "job:http_requests_%s:ratio%s" $part $window) $ratio) -}}
{{- end -}}
{{- range $window := list "1h" "6h" "1d" -}}
{{- include "rookery.record" (list $ (printf "job:http_requests_%s:increase%s" $part $window) (printf (eq $part "failed" | ternary $failed $slow) "increase" $window)) -}}
{{- end -}}
{{- end -}}
{{- include "rookery.record" (list . "job:replicas:current" (printf "max(kube_deployment_status_replicas{%s})" $facts.deployment)) -}}
{{- $price := include "rookery.podMonthly" . | float64 -}}
{{- $counts := dict "least" (int $facts.fewest) "most" (int $facts.most) -}}
{{- with .Values.cost.plannedReplicas -}}{{- $counts = set $counts "planned" . -}}{{- end -}}
{{- range $which, $count := $counts -}}
{{- include "rookery.record" (list $ (printf "job:replicas:%s" $which) (printf "vector(%v)" $count)) -}}
{{- include "rookery.record" (list $ (printf "job:cost_monthly:%s" $which) (printf "vector(%.4f)" (float64 $count | mulf $price))) -}}
{{- end -}}
{{- include "rookery.record" (list . "job:cost_monthly:current" (printf "job:replicas:current{%s} * %.4f" $s $price)) -}}
{{- end -}}

{{/* The alerts of rules/ that make sense for these values, by group; their braces are Prometheus's. */}}
{{- define "rookery.alerts" -}}
{{- $facts := include "rookery.ruleFacts" . | fromYaml -}}
{{- $have := dict "autoscaling" .Values.autoscaling.enabled "plan" .Values.cost.plannedReplicas -}}
{{- $own := dict "namespace" .Release.Namespace "job" $facts.job -}}
{{- $groups := dict -}}
{{- range $path, $_ := .Files.Glob "rules/*.yaml" -}}
{{- $text := $.Files.Get $path -}}
{{- range $key, $value := $facts -}}{{- $text = replace (printf "@%s@" $key) (toString $value) $text -}}{{- end -}}
{{- $alerts := list -}}
{{- range fromYamlArray $text -}}
{{- $wanted := .needs | empty | ternary true (get $have (.needs | default "") | empty | not) -}}
{{- if and $wanted (not (has .alert $.Values.prometheusRule.disabled)) -}}
{{- $labels := merge (dict "severity" .severity) $own ($.Values.prometheusRule.alertLabels | default dict) -}}
{{- $link := printf "%s#%s" $.Values.prometheusRule.runbookUrl (lower .alert) -}}
{{- $annotations := dict "summary" .summary "description" .description "runbook_url" $link -}}
{{- $rule := dict "labels" (include "rookery.texts" $labels | fromYaml) "annotations" $annotations -}}
{{- $alerts = append $alerts (merge (pick . "alert" "expr" "for") $rule) -}}
{{- end -}}
{{- end -}}
{{- $groups = set $groups (base $path | trimSuffix ".yaml") $alerts -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}
