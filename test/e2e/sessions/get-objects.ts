import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Formats, selectors, order, watches. */
export const getObjects: Sessions = {
  'shows an object in every format': `
$ kubectl create configmap one --from-literal=color=red --from-literal=size=big
configmap/one created

$ kubectl get cm one
NAME   DATA   AGE
one    2      <age>

$ kubectl get cm one -o wide
NAME   DATA   AGE
one    2      <age>

$ kubectl get cm one -o yaml
apiVersion: v1
data:
  color: red
  size: big
kind: ConfigMap
metadata:
  creationTimestamp: "<time>"
  name: one
  namespace: {ns}
  resourceVersion: "<version>"
  uid: <uid>

$ kubectl get configmap/one -o json
{
    "apiVersion": "v1",
    "data": {
        "color": "red",
        "size": "big"
    },
    "kind": "ConfigMap",
    "metadata": {
        "creationTimestamp": "<time>",
        "name": "one",
        "namespace": "{ns}",
        "resourceVersion": "<version>",
        "uid": "<uid>"
    }
}

$ kubectl get cm one -o name
configmap/one

$ kubectl get cm one -o jsonpath='{.data.color}{"\\n"}'
red

$ kubectl get cm one -o jsonpath-as-json='{.data.color}'
[
    "red"
]

$ kubectl get cm one -o go-template='{{range $k, $v := .data}}{{$k}}={{$v}} {{end}}'
color=red size=big

$ kubectl get cm one --template='{{.metadata.name}}'
one

$ kubectl get cm -o custom-columns=NAME:.metadata.name,COLOR:.data.color,UID:.metadata.uid
NAME               COLOR    UID
kube-root-ca.crt   <none>   <uid>
one                red      <uid>

$ kubectl get cm -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.data.color}{"\\n"}{end}'
kube-root-ca.crt
one	red

$ kubectl get cm -o name
configmap/kube-root-ca.crt
configmap/one

$ kubectl get cm one --show-managed-fields -o jsonpath='{.metadata.managedFields[*].manager}'
kubectl-create

$ kubectl get cm one --server-print=false
NAME   AGE
one    <age>

$ echo '{.kind} {.metadata.name}' > path.txt; kubectl get cm one -o jsonpath-file=path.txt
ConfigMap one

$ printf 'KIND COLOR\\nkind .data.color\\n' > columns.txt; kubectl get cm one -o custom-columns-file=columns.txt
KIND        COLOR
ConfigMap   red

$ kubectl get cm one -o table
! error: unable to match a printer suitable for the output format "table", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,wide,yaml
[1]
`,

  'shows several kinds at once': `
$ kubectl create deployment web --image=nginx:1.25 --replicas=2
deployment.apps/web created

$ kubectl create service clusterip web --tcp=80:8080
service/web created

$ kubectl create configmap web
configmap/web created

$ kubectl wait deploy/web --for=jsonpath='{.status.updatedReplicas}'=2
deployment.apps/web condition met

$ kubectl get cm,deploy,svc
NAME                         DATA   AGE
configmap/kube-root-ca.crt   1      <age>
configmap/web                0      <age>

NAME                  READY   UP-TO-DATE   AVAILABLE   AGE
deployment.apps/web   0/2     2            0           <age>

NAME          TYPE        CLUSTER-IP    EXTERNAL-IP   PORT(S)   AGE
service/web   ClusterIP   <ip>   <none>        80/TCP    <age>

$ kubectl get deploy/web cm/web
NAME                  READY   UP-TO-DATE   AVAILABLE   AGE
deployment.apps/web   0/2     2            0           <age>

NAME            DATA   AGE
configmap/web   0      <age>

$ kubectl get deployments.apps web
NAME   READY   UP-TO-DATE   AVAILABLE   AGE
web    0/2     2            0           <age>

$ kubectl get deployments.v1.apps/web
NAME   READY   UP-TO-DATE   AVAILABLE   AGE
web    0/2     2            0           <age>

$ kubectl get deployments.v1beta1.apps web
! error: the server doesn't have a resource type "deployments"
[1]

$ kubectl get all
NAME                       READY   STATUS    RESTARTS   AGE
pod/web-<hash>-<suffix>   0/1     Pending   0          <age>
pod/web-<hash>-<suffix>   0/1     Pending   0          <age>

NAME          TYPE        CLUSTER-IP    EXTERNAL-IP   PORT(S)   AGE
service/web   ClusterIP   <ip>   <none>        80/TCP    <age>

NAME                  READY   UP-TO-DATE   AVAILABLE   AGE
deployment.apps/web   0/2     2            0           <age>

NAME                           DESIRED   CURRENT   READY   AGE
replicaset.apps/web-<hash>   2         2         0       <age>

$ kubectl get all -o name
pod/web-<hash>-<suffix>
pod/web-<hash>-<suffix>
service/web
deployment.apps/web
replicaset.apps/web-<hash>

$ kubectl get cm,deploy -o custom-columns=KIND:.kind,NAME:.metadata.name
KIND         NAME
ConfigMap    kube-root-ca.crt
ConfigMap    web
Deployment   web

$ kubectl get cm,nope
! error: the server doesn't have a resource type "nope"
[1]

$ kubectl get cm web nope
NAME   DATA   AGE
web    0      <age>
! Error from server (NotFound): configmaps "nope" not found
[1]

$ kubectl get cm nope --ignore-not-found

$ kubectl get deploy web cm/web
! error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'
[1]

$ kubectl get all -l app=nobody
! No resources found in {ns} namespace.

$ kubectl get cm -n {ns}-nowhere
! No resources found in {ns}-nowhere namespace.

$ kubectl get nope
! error: the server doesn't have a resource type "nope"
[1]

$ kubectl get
! You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.
!
! error: Required resource not specified.
! Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).
! See 'kubectl get -h' for help and examples
[1]
`,

  'shows what is asked for': `
$ kubectl apply -f - <<END
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {tier: web, env: test}}, data: {rank: "3"}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b, labels: {tier: db}}, data: {rank: "1"}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {rank: "2", m: "2"}}
END
configmap/a created
configmap/b created
configmap/c created

$ kubectl get cm --show-labels
NAME               DATA   AGE   LABELS
a                  1      <age>    env=test,tier=web
b                  1      <age>    tier=db
c                  2      <age>    <none>
kube-root-ca.crt   1      <age>    <none>

$ kubectl get cm -L tier,env
NAME               DATA   AGE   TIER   ENV
a                  1      <age>    web    test
b                  1      <age>    db
c                  2      <age>
kube-root-ca.crt   1      <age>

$ kubectl get cm -l tier=web --no-headers
a     1     <age>

$ kubectl get cm -l 'tier in (web,db),!env' -o name
configmap/b

$ kubectl get cm -l 'tier!=web' -o name
configmap/b
configmap/c
configmap/kube-root-ca.crt

$ kubectl get cm --selector=tier -o name
configmap/a
configmap/b

$ kubectl get cm -l 'tier notin (web, db)' -o name
configmap/c
configmap/kube-root-ca.crt

$ kubectl get cm -l 'a in (b'
! Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "a in (b", field selector "": unable to parse requirement: found '', expected: ',' or ')'
[1]

$ kubectl get cm -l 'a b'
! Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "a b", field selector "": unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt
[1]

$ kubectl get cm -l 'a=b=c'
! Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "a=b=c", field selector "": found '=', expected: ',' or 'end of string'
[1]

$ kubectl get cm -l 'a b/c=d'
! Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "a b/c=d", field selector "": unable to parse requirement: found 'b/c', expected: in, notin, =, ==, !=, gt, lt
[1]

$ kubectl get cm -l '-a=b'
! Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "-a=b", field selector "": unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
[1]

$ kubectl get cm -l 'a=b c/d'
! Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "a=b c/d", field selector "": found 'c/d', expected: ',' or 'end of string'
[1]

$ kubectl get cm --field-selector metadata.name=a
NAME   DATA   AGE
a      1      <age>

$ kubectl get cm --field-selector metadata.name!=a,metadata.name!=b -o name
configmap/c
configmap/kube-root-ca.crt

$ kubectl get cm --field-selector data.rank=1
! Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "", field selector "data.rank=1": "data.rank" is not a known field selector: only "metadata.name", "metadata.namespace"
[1]

$ kubectl get cm --field-selector data.rank
! Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "", field selector "data.rank": invalid selector: 'data.rank'; can't understand 'data.rank'
[1]

$ kubectl get cm --sort-by=.data.rank
NAME               DATA   AGE
kube-root-ca.crt   1      <age>
b                  1      <age>
c                  2      <age>
a                  1      <age>

$ kubectl get cm --sort-by='{.metadata.name}' --chunk-size=1 -o name
configmap/a
configmap/b
configmap/c
configmap/kube-root-ca.crt

$ kubectl get cm --chunk-size=1
NAME               DATA   AGE
a                  1      <age>
b                  1      <age>
c                  2      <age>
kube-root-ca.crt   1      <age>

$ kubectl get cm a b
NAME   DATA   AGE
a      1      <age>
b      1      <age>

$ kubectl get cm a b -l tier=web
! error: name cannot be provided when a selector is specified
[1]

$ kubectl get cm -A --field-selector metadata.name=a,metadata.namespace={ns}
NAMESPACE   NAME   DATA   AGE
{ns}      a      1      <age>

$ kubectl get cm,sa -A --field-selector metadata.namespace={ns}
NAMESPACE   NAME                         DATA   AGE
{ns}      configmap/a                  1      <age>
{ns}      configmap/b                  1      <age>
{ns}      configmap/c                  2      <age>
{ns}      configmap/kube-root-ca.crt   1      <age>

NAMESPACE   NAME                     SECRETS   AGE
{ns}      serviceaccount/default   0         <age>
`,

  'shows what a manifest names': `
$ cat > two.yaml <<END
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
data: {a: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: two}
stringData: {a: "1"}
END

$ kubectl get -f two.yaml
! Error from server (NotFound): configmaps "one" not found
! Error from server (NotFound): secrets "two" not found
[1]

$ kubectl create -f two.yaml
configmap/one created
secret/two created

$ kubectl get -f two.yaml
NAME            DATA   AGE
configmap/one   1      <age>

NAME         TYPE     DATA   AGE
secret/two   Opaque   1      <age>

$ kubectl get -f two.yaml -o jsonpath='{.items[*].kind}'
ConfigMap Secret

$ kubectl get -f nothere.yaml
! error: the path "nothere.yaml" does not exist
[1]
`,

  'shows changes as they happen': `
$ touch seen.txt; kubectl get cm -w --output-watch-events --field-selector metadata.name=one > seen.txt & watcher=$!; see() { until grep -q "$1" seen.txt; do sleep 0.1; done; }; kubectl create cm one; see ADDED; kubectl patch cm one -p '{"data":{"a":"1"}}'; see MODIFIED; kubectl delete cm one; see DELETED; kill $watcher; cat seen.txt
configmap/one created
configmap/one patched
configmap "one" deleted
EVENT      NAME   DATA   AGE
ADDED      one    0      <age>
MODIFIED   one    1      <age>
DELETED    one    1      <age>

$ kubectl run one --image=x --overrides='{"spec":{"schedulerName":"nobody"}}'
pod/one created

$ touch names.txt; kubectl get pods -w -o name > names.txt & watcher=$!; until grep -q one names.txt; do sleep 0.1; done; kubectl patch pod one --subresource=status -p '{"status":{"phase":"Running"}}'; until [ $(grep -c one names.txt) = 2 ]; do sleep 0.1; done; kill $watcher; cat names.txt
pod/one patched
pod/one
pod/one

$ kubectl get cm --watch-only --request-timeout=1s

$ kubectl get cm,pods -w
! error: you may only specify a single resource type
[1]
`,
};
