import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** What client-side apply and diff make of manifests. */
export const applyObjects: Sessions = {
  'what is new, what changed and what did not': `
$ cat > one.yaml <<END
apiVersion: v1
kind: ConfigMap
metadata: {name: one, labels: {set: x}}
data: {a: "1", b: "2"}
END

$ kubectl apply -f one.yaml
configmap/one created

$ kubectl apply -f one.yaml
configmap/one unchanged

$ kubectl get cm one -o jsonpath='{.metadata.annotations}'
{"kubectl.kubernetes.io/last-applied-configuration":"{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"a\\":\\"1\\",\\"b\\":\\"2\\"},\\"kind\\":\\"ConfigMap\\",\\"metadata\\":{\\"annotations\\":{},\\"labels\\":{\\"set\\":\\"x\\"},\\"name\\":\\"one\\",\\"namespace\\":\\"{ns}\\"}}\\n"}

$ kubectl patch cm one -p '{"data":{"other":"kept"}}'
configmap/one patched

$ sed -i 's/{a: "1", b: "2"}/{a: "9"}/' one.yaml

$ kubectl apply -f one.yaml
configmap/one configured

$ kubectl get cm one -o jsonpath='{.data}'
{"a":"9","other":"kept"}

$ kubectl apply view-last-applied cm/one
apiVersion: v1
data:
  a: "9"
kind: ConfigMap
metadata:
  annotations: {}
  labels:
    set: x
  name: one
  namespace: {ns}

$ kubectl apply set-last-applied -f one.yaml
configmap/one configured

$ echo 's/a: "9"/a: "8"/' > script; KUBE_EDITOR='sed -i -f script' kubectl apply edit-last-applied cm/one
configmap/one edited

$ kubectl apply view-last-applied cm/one -o json | grep '"a"'
    "a": "8"

$ kubectl create cm two --from-literal=a=1
configmap/two created

$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: two}, data: {a: "1"}}
END
configmap/two configured
! Warning: resource configmaps/two is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.

$ kubectl apply -f one.yaml -o jsonpath='{.data.a}'
9

$ kubectl apply -f nothere.yaml
! error: the path "nothere.yaml" does not exist
[1]
`,

  'several documents, and whole folders': `
$ mkdir -p all && cat > all/a.yaml <<END
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: Secret
metadata: {name: b}
stringData: {password: geheim}
END

$ cat > all/c.json <<END
{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "c"}}
END

$ kubectl apply -f all
configmap/a created
secret/b created
serviceaccount/c created

$ kubectl apply -f all/c.json -f all/a.yaml
serviceaccount/c unchanged
configmap/a unchanged
secret/b configured

$ kubectl get secret b -o yaml | grep -v last-applied | grep -v '      {'
apiVersion: v1
data:
  password: Z2VoZWlt
kind: Secret
metadata:
  annotations:
  creationTimestamp: "<time>"
  name: b
  namespace: {ns}
  resourceVersion: "<version>"
  uid: <uid>
type: Opaque

$ kubectl delete -f all
configmap "a" deleted
secret "b" deleted
serviceaccount "c" deleted

$ kubectl apply -R -f all --dry-run=server
configmap/a created (server dry run)
secret/b created (server dry run)
serviceaccount/c created (server dry run)
`,

  'lists with keys, into which others wrote': `
$ cat > pod.yaml <<END
apiVersion: v1
kind: Pod
metadata: {name: one}
spec: {containers: [{name: main, image: "busybox:1"}, {name: side, image: busybox}]}
END

$ kubectl apply -f pod.yaml
pod/one created

$ kubectl apply -f pod.yaml
pod/one unchanged

$ sed -i 's/busybox:1/busybox:2/' pod.yaml

$ kubectl apply -f pod.yaml
pod/one configured

$ kubectl get pod one -o jsonpath='{.spec.containers[*].image}'
busybox:2 busybox

$ sed -i 's/name: side/name: other/' pod.yaml

$ kubectl apply -f pod.yaml 2>&1 | head -1 | cut -d, -f1
The Pod "one" is invalid: spec: Forbidden: pod updates may not change fields other than \`spec.containers[*].image\`

$ cat > web.yaml <<END
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: a, port: 80}, {name: b, port: 81}]}
END

$ kubectl apply -f web.yaml
service/web created

$ kubectl patch svc web -p '{"spec":{"ports":[{"name":"theirs","port":99}]}}'
service/web patched

$ sed -i 's/{name: b, port: 81}/{name: c, port: 82}/' web.yaml; kubectl apply -f web.yaml
service/web configured

$ kubectl get svc web -o jsonpath='{range .spec.ports[*]}{.name} {.port} {.targetPort}{"\\n"}{end}'
theirs 99 99
a 80 80
c 82 82
`,

  'what is gone from the manifests, with --prune': `
$ cat > two.yaml <<END
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one, labels: {set: "{ns}"}}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: two, labels: {set: "{ns}"}}}
END

$ kubectl apply -f two.yaml
configmap/one created
configmap/two created

$ cat > one.yaml <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: one, labels: {set: "{ns}"}}}
END

$ kubectl apply -f one.yaml --prune -l set={ns} --dry-run=server
configmap/one unchanged (server dry run)
configmap/two pruned (server dry run)
! W prune.go] Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.
! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice

$ kubectl create cm theirs; kubectl label cm theirs set={ns}
configmap/theirs created
configmap/theirs labeled

$ kubectl apply -f one.yaml --prune -l set={ns} --prune-allowlist=core/v1/ConfigMap
configmap/one unchanged
configmap/two pruned

$ kubectl get cm -o name
configmap/kube-root-ca.crt
configmap/one
configmap/theirs

$ kubectl apply -f one.yaml --prune
! error: all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector
[1]
`,

  'shown before with diff': `
$ cat > one.yaml <<END
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
data: {color: red}
END

$ kubectl diff -f one.yaml | tail -n +4
@@ -0,0 +1,9 @@
+apiVersion: v1
+data:
+  color: red
+kind: ConfigMap
+metadata:
+  creationTimestamp: "<time>"
+  name: one
+  namespace: {ns}
+  uid: <uid>

$ kubectl apply -f one.yaml
configmap/one created

$ kubectl diff -f one.yaml

$ sed -i 's/red/blue/' one.yaml

$ kubectl diff -f one.yaml > diff.txt; echo $?; tail -n +4 diff.txt
1
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  color: red
+  color: blue
 kind: ConfigMap
 metadata:
   annotations:

$ kubectl diff --server-side --force-conflicts -f one.yaml | grep '^[-+]  [^ ]'
-  color: red
+  color: blue

$ KUBECTL_EXTERNAL_DIFF='diff -N -q' kubectl diff -f one.yaml
Files {dir}/LIVE-<n>/v1.ConfigMap.{ns}.one and {dir}/MERGED-<n>/v1.ConfigMap.{ns}.one differ
[1]

$ kubectl diff -f nothere.yaml
! error: the path "nothere.yaml" does not exist
[2]
`,

  'only tried': `
$ cat > one.yaml <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: "1"}}
END

$ kubectl apply -f one.yaml --dry-run=client
configmap/one created (dry run)

$ kubectl apply -f one.yaml --dry-run=server
configmap/one created (server dry run)

$ kubectl create -f one.yaml --dry-run=server -o jsonpath='{.metadata.name} {.metadata.namespace}'
one {ns}

$ kubectl create -f one.yaml --save-config
configmap/one created

$ kubectl create -f one.yaml --dry-run=server
! Error from server (AlreadyExists): error when creating "one.yaml": configmaps "one" already exists
[1]

$ sed -i 's/a: "1"/b: "1"/' one.yaml

$ kubectl apply -f one.yaml --dry-run=server
configmap/one configured (server dry run)

$ kubectl replace -f one.yaml --dry-run=server
configmap/one replaced (server dry run)

$ kubectl delete -f one.yaml --dry-run=server
configmap "one" deleted (server dry run)

$ kubectl label cm one a=b --dry-run=server
configmap/one labeled (server dry run)

$ kubectl get cm one -o jsonpath='{.data} {.metadata.labels}'
{"a":"1"}
`,

  'what kustomize builds': `
$ mkdir -p base && cat > base/kustomization.yaml <<END
namePrefix: my-
resources: [cm.yaml]
configMapGenerator: [{name: made, literals: [a=b]}]
END

$ cat > base/cm.yaml <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {color: red}}
END

$ kubectl apply -k base
configmap/my-made-4h2mbtbbt6 created
configmap/my-one created

$ kubectl get -k base
NAME                 DATA   AGE
my-made-4h2mbtbbt6   1      <age>
my-one               1      <age>

$ kubectl diff -k base

$ kubectl delete -k base
configmap "my-made-4h2mbtbbt6" deleted
configmap "my-one" deleted
`,
};
