import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Secrets, configuration, limits, roles, budgets, autoscalers and certificate requests. */
export const describeAccounts: Sessions = {
  'accounts, secrets and configuration': `
$ kubectl create -f - <<END
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: key, labels: {a: b}}, stringData: {k: geheim}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}, imagePullSecrets: [{name: registry}], secrets: [{name: key}]}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {multi: "a\\nb\\n"}, binaryData: {bin: AAEC}}
- {apiVersion: v1, kind: ResourceQuota, metadata: {name: few}, spec: {hard: {pods: "100", requests.cpu: "40"}, scopes: [NotBestEffort]}}
- {apiVersion: v1, kind: LimitRange, metadata: {name: small}, spec: {limits: [{type: Container, max: {cpu: "2"}, min: {cpu: 10m}, default: {cpu: 300m}, defaultRequest: {cpu: 200m}, maxLimitRequestRatio: {cpu: "10"}}, {type: PersistentVolumeClaim, max: {storage: 5Gi}}]}}
END
secret/key created
serviceaccount/robot created
configmap/settings created
resourcequota/few created
limitrange/small created

$ kubectl wait --for=jsonpath='{.status.used.pods}'=0 quota/few --timeout=10s
resourcequota/few condition met

$ kubectl describe secret key
Name:         key
Namespace:    {ns}
Labels:       a=b
Annotations:  <none>

Type:  Opaque

Data
====
k:  6 bytes

$ kubectl describe sa robot
Name:                robot
Namespace:           {ns}
Labels:              <none>
Annotations:         <none>
Image pull secrets:  registry (not found)
Mountable secrets:   key
Tokens:              <none>
Events:              <none>

$ kubectl describe cm settings
Name:         settings
Namespace:    {ns}
Labels:       <none>
Annotations:  <none>

Data
====
multi:
----
a
b


{1.31+}
BinaryData
====
bin: 3 bytes

Events:  <none>

$ kubectl describe quota few
Name:       few
Namespace:  {ns}
Scopes:     NotBestEffort
 * Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.
Resource      Used  Hard
--------      ----  ----
pods          0     100
requests.cpu  0     40

$ kubectl describe limits small
Name:                  small
Namespace:             {ns}
Type                   Resource  Min  Max  Default Request  Default Limit  Max Limit/Request Ratio
----                   --------  ---  ---  ---------------  -------------  -----------------------
Container              cpu       10m  2    200m             300m           10
PersistentVolumeClaim  storage   -    5Gi  -                -              -

$ kubectl describe ns {ns}
Name:         {ns}
Labels:       kubernetes.io/metadata.name={ns}
Annotations:  <none>
Status:       Active

Resource Quotas
  Name:    few
  Scopes:  NotBestEffort
  * Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.
  Resource      Used  Hard
  --------      ---   ---
  pods          0     100
  requests.cpu  0     40

Resource Limits
 Type                   Resource  Min  Max  Default Request  Default Limit  Max Limit/Request Ratio
 ----                   --------  ---  ---  ---------------  -------------  -----------------------
 Container              cpu       10m  2    200m             300m           10
 PersistentVolumeClaim  storage   -    5Gi  -                -              -
`,

  'roles, budgets, autoscalers and priorities': `
$ kubectl create -f - <<END
apiVersion: v1
kind: List
items:
- {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader}, rules: [{apiGroups: [""], resources: [pods, pods/log], verbs: [get, list]}, {apiGroups: [apps], resources: [deployments], resourceNames: [web], verbs: ["*"]}]}
- {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: readers}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}, subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}, {kind: Group, name: devs, apiGroup: rbac.authorization.k8s.io}, {kind: ServiceAccount, name: robot, namespace: {ns}}]}
- {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "{ns}-role"}, rules: [{nonResourceURLs: [/healthz], verbs: [get]}, {apiGroups: [""], resources: [nodes], verbs: [get]}]}
- {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: "{ns}-binding"}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{ns}-role"}, subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]}
- {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: most}, spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}}
- {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: one}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: db}}}}
- {apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: "{ns}-high"}, value: 1000, description: for tests, preemptionPolicy: Never}
- apiVersion: autoscaling/v2
  kind: HorizontalPodAutoscaler
  metadata: {name: web}
  spec:
    scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
    minReplicas: 1
    maxReplicas: 5
    metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}, {type: Pods, pods: {metric: {name: rps}, target: {type: AverageValue, averageValue: 1k}}}]
    behavior: {scaleDown: {stabilizationWindowSeconds: 60, policies: [{type: Pods, value: 1, periodSeconds: 30}]}}
END
role.rbac.authorization.k8s.io/reader created
rolebinding.rbac.authorization.k8s.io/readers created
clusterrole.rbac.authorization.k8s.io/{ns}-role created
clusterrolebinding.rbac.authorization.k8s.io/{ns}-binding created
poddisruptionbudget.policy/most created
poddisruptionbudget.policy/one created
priorityclass.scheduling.k8s.io/{ns}-high created
horizontalpodautoscaler.autoscaling/web created

$ kubectl describe role reader
Name:         reader
Labels:       <none>
Annotations:  <none>
PolicyRule:
  Resources         Non-Resource URLs  Resource Names  Verbs
  ---------         -----------------  --------------  -----
  deployments.apps  []                 [web]           [*]
  pods/log          []                 []              [get list]
  pods              []                 []              [get list]

$ kubectl describe rolebinding readers
Name:         readers
Labels:       <none>
Annotations:  <none>
Role:
  Kind:  Role
  Name:  reader
Subjects:
  Kind            Name   Namespace
  ----            ----   ---------
  User            jane
  Group           devs
  ServiceAccount  robot  {ns}

$ kubectl describe clusterrole {ns}-role
Name:         {ns}-role
Labels:       <none>
Annotations:  <none>
PolicyRule:
  Resources  Non-Resource URLs  Resource Names  Verbs
  ---------  -----------------  --------------  -----
             [/healthz]         []              [get]
  nodes      []                 []              [get]

$ kubectl describe clusterrolebinding {ns}-binding
Name:         {ns}-binding
Labels:       <none>
Annotations:  <none>
Role:
  Kind:  ClusterRole
  Name:  {ns}-role
Subjects:
  Kind  Name  Namespace
  ----  ----  ---------
  User  jane

$ kubectl describe pdb most one --show-events=false
Name:           most
Namespace:      {ns}
Min available:  50%
Selector:       app=web
Status:
    Allowed disruptions:  0
    Current:              0
    Desired:              0
    Total:                0


Name:             one
Namespace:        {ns}
Max unavailable:  1
Selector:         app=db
Status:
    Allowed disruptions:  0
    Current:              0
    Desired:              0
    Total:                0

$ kubectl patch hpa web --subresource=status --type=merge -p '{"status":{"currentReplicas":2,"desiredReplicas":3,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":60,"averageValue":"30m"}}}],"conditions":[{"type":"AbleToScale","status":"True","reason":"ReadyForNewScale","message":"recommended size matches current size"}]}}'
horizontalpodautoscaler.autoscaling/web patched

$ kubectl describe hpa web
Name:                                                  web
Namespace:                                             {ns}
Labels:                                                <none>
Annotations:                                           <none>
CreationTimestamp:                                     <time>
Reference:                                             Deployment/web
Metrics:                                               ( current / target )
  resource cpu on pods  (as a percentage of request):  60% (30m) / 80%
  "rps" on pods:                                       <unknown> / 1k
Min replicas:                                          1
Max replicas:                                          5
Behavior:
  Scale Up:
    Stabilization Window: 0 seconds
    Select Policy: Max
    Policies:
      - Type: Pods     Value: 4    Period: 15 seconds
      - Type: Percent  Value: 100  Period: 15 seconds
  Scale Down:
    Stabilization Window: 60 seconds
    Select Policy: Max
    Policies:
      - Type: Pods  Value: 1  Period: 30 seconds
Deployment pods:    2 current / 3 desired
Conditions:
  Type         Status  Reason            Message
  ----         ------  ------            -------
  AbleToScale  True    ReadyForNewScale  recommended size matches current size
Events:        <none>

$ kubectl describe pc {ns}-high
Name:              {ns}-high
Value:             1000
GlobalDefault:     false
PreemptionPolicy:  Never
Description:       for tests
Annotations:       <none>
Events:            <none>
`,

  'certificate requests': `
$ openssl req -new -newkey rsa:2048 -nodes -keyout key.pem -out csr.pem -subj /O=devs/CN=alice 2>/dev/null

$ kubectl create -f - <<END
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: {ns}-alice}
spec: {request: $(base64 -w0 csr.pem), signerName: kubernetes.io/kube-apiserver-client, usages: [client auth], expirationSeconds: 3600}
END
certificatesigningrequest.certificates.k8s.io/{ns}-alice created

$ kubectl describe csr {ns}-alice
Name:                {ns}-alice
Labels:              <none>
Annotations:         <none>
CreationTimestamp:   <time>
Requesting User:     kubernetes-admin
Signer:              kubernetes.io/kube-apiserver-client
Requested Duration:  60m
Status:              Pending
Subject:
         Common Name:    alice
         Serial Number:
         Organization:   devs
Events:  <none>

$ kubectl certificate deny {ns}-alice
certificatesigningrequest.certificates.k8s.io/{ns}-alice denied

$ kubectl describe csr {ns}-alice | grep Status
Status:              Denied
`,
};
