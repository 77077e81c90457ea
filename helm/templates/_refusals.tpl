{{/*
What cannot work is refused before anything is sent, all of it at once. Each line that these
templates write is one sentence: the value, what is expected, the way out. Types and misspelt names
are the schema's business.
*/}}
{{- define "rookery.refusals" -}}
{{- $sentences := list -}}
{{- range list "names" "image" "scaling" "disruption" "exposure" "secrets" "clashes" "watching" "apis" "budget" -}}
{{- $lines := include (printf "rookery.refusals.%s" .) $ | trim -}}
{{- $sentences = concat $sentences (splitList "\n" $lines | compact) -}}
{{- end -}}
{{- with $sentences -}}
{{- printf "these values cannot work:\n- %s" (join "\n- " .) | fail -}}
{{- end -}}
{{- end -}}

{{- define "rookery.refusals.names" }}
{{- $name := include "rookery.fullname" . }}
{{- if not (regexMatch "^[a-z]([-a-z0-9]{0,52}[a-z0-9])?$" $name) }}
The objects' name would be {{ quote $name }}, of {{ len $name }} characters: at most 54 of a-z, 0-9 and -, beginning with a letter, fit into a Service and its labels; set fullnameOverride.
{{- end }}
{{- range $where := list "commonLabels" "podLabels" }}
{{- range $label := list "name" "instance" "version" "managed-by" }}
{{- if hasKey (get $.Values $where | default dict) (printf "app.kubernetes.io/%s" $label) }}
{{ $where }} sets app.kubernetes.io/{{ $label }}, which belongs to the chart: leave it out, or set nameOverride.
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "rookery.refusals.image" }}
{{- with .Values.image }}
{{- if or (contains "@" .repository) (regexMatch ":[^/]*$" .repository) }}
image.repository is {{ quote .repository }}, with a tag or digest in it: move that to image.tag or image.digest.
{{- end }}
{{- if kindIs "float64" .tag }}
image.tag is the number {{ printf "%.0f" .tag }}, which YAML may have changed: put it into quotes.
{{- else if not (regexMatch "^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$" (toString .tag)) }}
image.tag is {{ quote .tag }}, which is no tag: a digest goes into image.digest.
{{- end }}
{{- if not (regexMatch "^(sha256:[a-f0-9]{64})?$" .digest) }}
image.digest is {{ quote .digest }}: sha256: and 64 hexadecimal digits are expected; a tag goes into image.tag.
{{- end }}
{{- end }}
{{- end }}

{{- define "rookery.refusals.scaling" }}
{{- $auto := .Values.autoscaling }}
{{- $min := int $auto.minReplicas }}
{{- $max := int $auto.maxReplicas }}
{{- $resources := .Values.resources | default dict }}
{{- if gt $min $max }}
autoscaling.minReplicas is {{ $min }}, above autoscaling.maxReplicas, which is {{ $max }}: lower the one or raise the other.
{{- end }}
{{- range $kind, $key := dict "cpu" "targetCPUUtilizationPercentage" "memory" "targetMemoryUtilizationPercentage" }}
{{- $request := include "rookery.request" (list $kind $resources) | float64 }}
{{- $limit := include "rookery.number" (get ($resources.limits | default dict) $kind | default 0) | float64 }}
{{- if and $limit (gt $request $limit) }}
resources.requests.{{ $kind }} is above resources.limits.{{ $kind }}: lower the one or raise the other.
{{- end }}
{{- $target := get $auto $key }}
{{- if and $auto.enabled $target }}
{{- if not $request }}
autoscaling.{{ $key }} is {{ $target }} % of a request that is not there: set resources.requests.{{ $kind }}, or the target to null.
{{- else if and $limit (ge (mulf $target 1.1) (divf $limit $request | mulf 100)) }}
autoscaling.{{ $key }} is {{ $target }}, and the limit cuts use off at {{ divf $limit $request | mulf 100 | printf "%.0f" }} % of the request, too near for the autoscaler to see it passed (a tenth above the target): lower the target, or raise resources.limits.{{ $kind }}.
{{- end }}
{{- end }}
{{- end }}
{{- $keda := .Values.keda }}
{{- $triggers := and $keda.enabled (or $keda.prometheus.serverAddress $keda.schedules) }}
{{- if and $auto.enabled (not (or $auto.targetCPUUtilizationPercentage $auto.targetMemoryUtilizationPercentage $triggers)) }}
autoscaling.enabled is true and nothing tells it when to scale: set autoscaling.targetCPUUtilizationPercentage, or autoscaling.enabled=false.
{{- end }}
{{- if and $keda.enabled (not $auto.enabled) }}
keda.enabled is true and autoscaling.enabled, whose bounds it keeps, is false: set both or neither.
{{- end }}
{{- if and (not $keda.enabled) (or $keda.prometheus.serverAddress $keda.schedules) }}
keda has triggers and keda.enabled is false: set it to true, or remove keda.prometheus.serverAddress and keda.schedules.
{{- end }}
{{- range $keda.schedules }}
{{- if or (gt (int .replicas) $max) (lt (int .replicas) $min) }}
keda.schedules wants {{ int .replicas }} pods from {{ quote .start }} on, and autoscaling allows {{ $min }} to {{ $max }}: change the one or the other.
{{- end }}
{{- end }}
{{- if and .Values.vpa.enabled (ne .Values.vpa.updateMode "Off") }}
vpa.updateMode is {{ quote .Values.vpa.updateMode }}, which makes it a second autoscaler of the same pods: only "Off", which advises, is possible.
{{- end }}
{{- range .Values.extraObjects }}
{{- if and $auto.enabled (has .kind (list "HorizontalPodAutoscaler" "ScaledObject")) (eq (dig "spec" "scaleTargetRef" "name" "" .) (include "rookery.fullname" $)) }}
extraObjects has a {{ .kind }} for pods that the chart scales already, and two autoscalers fight: remove it, or set autoscaling.enabled=false.
{{- end }}
{{- end }}
{{- end }}

{{- define "rookery.refusals.disruption" }}
{{- with .Values.shutdown }}
{{- $needed := add .drainSeconds .stopTimeoutSeconds 5 }}
{{- if gt $needed (int64 $.Values.terminationGracePeriodSeconds) }}
terminationGracePeriodSeconds is {{ int $.Values.terminationGracePeriodSeconds }}, and a pod needs shutdown.drainSeconds {{ int .drainSeconds }} + shutdown.stopTimeoutSeconds {{ int .stopTimeoutSeconds }} + 5 to spare = {{ $needed }}: raise it to that, or lower one of the two.
{{- end }}
{{- end }}
{{- $strategy := .Values.strategy }}
{{- if and (has (toString $strategy.maxSurge) (list "0" "0%")) (has (toString $strategy.maxUnavailable) (list "0" "0%")) }}
strategy.maxSurge and strategy.maxUnavailable are both 0, so no pod could ever be replaced: raise one.
{{- end }}
{{- $budget := .Values.podDisruptionBudget }}
{{- $kept := include "rookery.set" (pick $budget "minAvailable" "maxUnavailable") | fromYaml }}
{{- $pods := include "rookery.pods" (list "min" .) | int }}
{{- if and $budget.enabled (eq (len $kept) 2) }}
podDisruptionBudget.minAvailable and .maxUnavailable are both set, and only one can be: set the other to "".
{{- else if and $budget.enabled $pods (gt (include "rookery.pods" (list "max" .) | int) 1) }}
{{- range $key, $bound := $kept }}
{{- $share := trimSuffix "%" (toString $bound) | float64 }}
{{- $count := kindIs "string" $bound | ternary (divf $share 100 | mulf $pods | ceil) $share | int }}
{{- if and (eq $key "minAvailable") (eq $count 0) }}
podDisruptionBudget.minAvailable is {{ $bound }}, which protects nothing: raise it, or set podDisruptionBudget.enabled=false.
{{- else if lt (eq $key "minAvailable" | ternary (sub $pods $count) (int64 $count)) 1 }}
podDisruptionBudget.{{ $key }} is {{ $bound }}, so of {{ $pods }} pods none may ever go and a node drain waits for ever: set maxUnavailable to 1 instead, or run more pods.
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "rookery.refusals.exposure" }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
httpRoute.enabled is true and httpRoute.parentRefs is empty: name the Gateway that it hangs on.
{{- end }}
{{- if and .Values.httpRoute.enabled .Values.ingress.enabled (not .Values.httpRoute.besideIngress) }}
ingress.enabled and httpRoute.enabled are both true, and two ways in may fight over a host: turn one off, or set httpRoute.besideIngress=true.
{{- end }}
{{- if and .Values.networkPolicy.egress (not .Values.networkPolicy.restrictEgress) }}
networkPolicy.egress lists exceptions and networkPolicy.restrictEgress is false, so they would do nothing: set it to true, or empty the list.
{{- end }}
{{- end }}

{{- define "rookery.refusals.secrets" }}
{{- with .Values.externalSecret }}
{{- if and .enabled $.Values.existingSecret.name }}
externalSecret.enabled is true and existingSecret.name is {{ quote $.Values.existingSecret.name }}, and one Secret holds the settings: choose one.
{{- end }}
{{- if and .enabled (not (and .secretStoreRef.name (or .data .dataFrom))) }}
externalSecret.enabled is true: set externalSecret.secretStoreRef.name, and data or dataFrom.
{{- end }}
{{- end }}
{{- range list "existingSecret" "existingConfigMap" }}
{{- $source := get $.Values . }}
{{- if and $source.checksum (not (or $source.name (and (eq . "existingSecret") $.Values.externalSecret.enabled))) }}
{{ . }}.checksum is set and {{ . }}.name is not: set both or neither.
{{- end }}
{{- end }}
{{- range $name, $path := include "rookery.ownedEnv" . | fromYaml }}
{{- if hasKey ($.Values.env | default dict) $name }}
env.{{ $name }} belongs to {{ replace "/" "." $path }}: set that value instead.
{{- end }}
{{- end }}
{{- if and .Values.serviceAccount.annotations (not .Values.serviceAccount.create) }}
serviceAccount.annotations is set and serviceAccount.create is false, so nobody would carry them: annotate the account where it is made.
{{- end }}
{{- end }}

{{- define "rookery.refusals.clashes" }}
{{- $settings := include "rookery.secretName" . | empty | ternary list (list (dict "name" "settings" "mountPath" "/run/secrets/rookery")) }}
{{- $ports := list }}
{{- range $name, $port := .Values.ports }}
{{- $ports = append $ports (dict "name" $name "containerPort" $port) }}
{{- end }}
{{- range .Values.extraContainers }}
{{- $ports = concat $ports (.ports | default list) }}
{{- end }}
{{- $containers := concat (.Values.initContainers | default list) (.Values.extraContainers | default list) }}
{{- $lists := dict "extraContainers, initContainers: name" (append $containers (dict "name" .Chart.Name)) }}
{{- $lists = set $lists "volumes: name" (concat $settings (.Values.volumes | default list)) }}
{{- $lists = set $lists "volumeMounts: mountPath" (concat $settings (.Values.volumeMounts | default list)) }}
{{- $lists = set $lists "ports, extraContainers.ports: containerPort" $ports }}
{{- $lists = set $lists "ports, extraContainers.ports: name" $ports }}
{{- range $what, $things := $lists }}
{{- $seen := list "<nil>" }}
{{- range $things }}
{{- $key := splitList ": " $what | last | get . | toString }}
{{- if and (has $key $seen) (ne $key "<nil>") }}
{{ $what }} {{ $key }} is there twice, once perhaps by the chart: choose another.
{{- end }}
{{- $seen = append $seen $key }}
{{- end }}
{{- end }}
{{- end }}

{{- define "rookery.refusals.watching" }}
{{- $known := list }}
{{- range $path, $text := .Files.Glob "rules/*.yaml" }}
{{- range fromYamlArray (toString $text) }}
{{- $known = append $known .alert }}
{{- end }}
{{- end }}
{{- range .Values.prometheusRule.disabled }}
{{- if not (has . $known) }}
prometheusRule.disabled has {{ quote . }}, which is no alert of this chart: docs/runbook.md lists them.
{{- end }}
{{- end }}
{{- if and .Values.dashboard.enabled (not .Values.prometheusRule.enabled) }}
dashboard.enabled is true and prometheusRule.enabled, whose records its panels show, is false: set both.
{{- end }}
{{- end }}

{{/* Asked only where a cluster answers: `helm template` knows groups, not kinds. */}}
{{- define "rookery.refusals.apis" }}
{{- if .Capabilities.APIVersions.Has "v1/Pod" }}
{{- $apis := dict "serviceMonitor" "monitoring.coreos.com/v1/ServiceMonitor" "keda" "keda.sh/v1alpha1/ScaledObject" }}
{{- $apis = merge $apis (dict "vpa" "autoscaling.k8s.io/v1/VerticalPodAutoscaler" "httpRoute" "gateway.networking.k8s.io/v1/HTTPRoute") }}
{{- $apis = set $apis "externalSecret" "external-secrets.io/v1/ExternalSecret" }}
{{- $apis = set $apis "prometheusRule" "monitoring.coreos.com/v1/PrometheusRule" }}
{{- range $value, $api := $apis }}
{{- if and (get $.Values $value).enabled (not ($.Capabilities.APIVersions.Has $api)) }}
{{ $value }}.enabled is true and this cluster has no {{ $api }}: install its operator first, or set {{ $value }}.enabled=false.
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "rookery.refusals.budget" }}
{{- $pods := include "rookery.pods" (list "max" .) | int }}
{{- $pod := include "rookery.podMonthly" . | float64 }}
{{- with .Values.cost.budget.monthly }}
{{- if gt (mulf $pod $pods) (float64 .) }}
cost.budget.monthly is {{ printf "%.2f" (float64 .) }} {{ $.Values.cost.prices.currency }}, and {{ $pods }} pods all month cost {{ mulf $pod $pods | printf "%.2f" }}: at most {{ divf . $pod | floor }} fit; lower autoscaling.maxReplicas (or replicaCount), resources.requests, or raise the budget.
{{- end }}
{{- end }}
{{- end }}
