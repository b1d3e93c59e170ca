import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Labels, annotations, edits, replacements and patches. */
export const changeObjects: Sessions = {
  'labels and annotations': `
$ kubectl create deployment web --image=nginx
deployment.apps/web created

$ kubectl label deploy web tier=a x=y
deployment.apps/web labeled

$ kubectl label deploy web tier=b
! error: 'tier' already has a value (a), and --overwrite is false
[1]

$ kubectl label deploy web tier=a
deployment.apps/web not labeled

$ kubectl label deploy web tier=b --overwrite
deployment.apps/web labeled

$ kubectl label deploy web tier-
deployment.apps/web unlabeled

$ kubectl label deploy web nothing-
label "nothing" not found.
deployment.apps/web not labeled

$ kubectl label deploy web 'bad key=x'
! The Deployment "web" is invalid: metadata.labels: Invalid value: "bad key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
[1]

$ kubectl label deploy web 'a=bad value'
! error: invalid label value: "a=bad value": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')
[1]

$ kubectl label deploy web a=b --resource-version=1
! Error from server (Conflict): Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again
[1]

$ kubectl label deploy -l app=web picked=yes
deployment.apps/web labeled

$ kubectl label deploy nobody a=b
! Error from server (NotFound): deployments.apps "nobody" not found
[1]

$ kubectl label deploy web --list | sort
app=web
picked=yes
x=y

$ kubectl annotate deploy web note='a b'
{-1.27}deployment.apps/web annotate
{1.28+}deployment.apps/web annotated

$ kubectl annotate deploy web note=c
! error: --overwrite is false but found the following declared annotation(s): 'note' already has a value (a b)
[1]

$ kubectl annotate deploy web note=c --overwrite
{-1.27}deployment.apps/web annotate
{1.28+}deployment.apps/web annotated

$ kubectl annotate deploy web --list | sort
deployment.kubernetes.io/revision=1
note=c

$ kubectl annotate deploy web note-
{-1.27}deployment.apps/web annotate
{1.28+}deployment.apps/web annotated

$ kubectl get deploy web -o jsonpath='{.metadata.labels}{.metadata.annotations}'
{"app":"web","picked":"yes","x":"y"}{"deployment.kubernetes.io/revision":"1"}
`,

  'in an editor': `
$ kubectl create configmap one --from-literal=color=red
configmap/one created

$ KUBE_EDITOR='sed -i s/red/blue/' kubectl edit cm one
configmap/one edited

$ KUBE_EDITOR=true kubectl edit cm one
! Edit cancelled, no changes made.

$ EDITOR='sed -i s/blue/green/' KUBE_EDITOR= kubectl edit cm one -o json
{
    "apiVersion": "v1",
    "data": {
        "color": "green"
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

$ KUBE_EDITOR=cat kubectl edit cm one | grep -v '^#'
apiVersion: v1
data:
  color: green
kind: ConfigMap
metadata:
  creationTimestamp: "<time>"
  name: one
  namespace: {ns}
  resourceVersion: "<version>"
  uid: <uid>
! Edit cancelled, no changes made.

$ KUBE_EDITOR='sed -i s/^data:/color:/' kubectl edit cm one
! error: configmaps "one" is invalid
! A copy of your changes has been stored to "{dir}/kubectl-edit-<n>.yaml"
! error: Edit cancelled, no valid changes were saved.
[1]

$ echo 's/name: one/name: two/' > script; KUBE_EDITOR='sed -i -f script' kubectl edit cm one
! A copy of your changes has been stored to "{dir}/kubectl-edit-<n>.yaml"
! error: At least one of apiVersion, kind and name was changed
[1]

$ kubectl edit cm nobody
! Error from server (NotFound): configmaps "nobody" not found
[1]

$ KUBE_EDITOR='sed -i s/green/red/' kubectl edit cm one --output-patch
Patch: {"data":{"color":"red"}}
configmap/one edited

$ kubectl create deployment web --image=nginx
deployment.apps/web created

$ KUBE_EDITOR='sed -i s/nginx/caddy/;s/red/white/' kubectl edit deploy/web cm/one --save-config
deployment.apps/web edited
configmap/one edited

$ kubectl get deploy/web cm/one -o jsonpath='{.items[0].spec.template.spec.containers[0].image} {.items[1].data.color}'
caddy white

$ echo 's/replicas: 1/replicas: -1/' > script; KUBE_EDITOR='sed -i -f script' kubectl edit deploy web
! error: deployments.apps "web" is invalid
! A copy of your changes has been stored to "{dir}/kubectl-edit-<n>.yaml"
! error: Edit cancelled, no valid changes were saved.
[1]
`,

  'as a whole': `
$ cat > one.yaml <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: "1"}}
END

$ kubectl replace -f one.yaml
! Error from server (NotFound): error when replacing "one.yaml": configmaps "one" not found
[1]

$ kubectl create -f one.yaml --save-config
configmap/one created

$ sed -i 's/a: "1"/b: "2"/' one.yaml; kubectl replace -f one.yaml
configmap/one replaced

$ kubectl get cm one -o jsonpath='{.data}{.metadata.annotations}'
{"b":"2"}

$ kubectl get cm one -o json > old.json; kubectl label cm one a=b; kubectl replace -f old.json
configmap/one labeled
! Error from server (Conflict): error when replacing "old.json": Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again
[1]

$ kubectl replace --force -f one.yaml
configmap "one" deleted
configmap/one replaced

$ kubectl create service clusterip web --tcp=80
service/web created

$ kubectl get svc web -o json | sed 's/"10\\.96\\.[0-9.]*"/"10.96.0.77"/' | kubectl replace -f -
! The Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["<ip>"]: may not change once set
[1]

$ kubectl create job task --image=busybox
job.batch/task created

$ kubectl get job task -o json | sed 's/busybox/perl/' | kubectl replace -f - 2>&1 | cut -c1-50
The Job "task" is invalid: spec.template: Invalid

$ kubectl create secret generic key --from-literal=a=b; kubectl patch secret key -p '{"immutable":true}'
secret/key created
secret/key patched

$ kubectl patch secret key -p '{"stringData":{"a":"c"}}'
! The Secret "key" is invalid: data: Forbidden: field is immutable when \`immutable\` is set
[1]

$ kubectl get cm one -o json > one.json; kubectl replace --raw /api/v1/namespaces/{ns}/configmaps/one -f one.json | grep -o '"data":{[^}]*}'
"data":{"b":"2"}
`,

  'by patches of three types': `
$ kubectl create deployment web --image=nginx --replicas=2
deployment.apps/web created

$ kubectl patch deploy web -p '{"spec":{"replicas":3}}'
deployment.apps/web patched

$ kubectl patch deploy web -p '{"spec":{"replicas":3}}' | sed 's/ (no change)//'
deployment.apps/web patched

$ kubectl patch deploy web -p 'spec: {template: {spec: {containers: [{name: nginx, image: "nginx:2"}, {name: side, image: busybox}]}}}'
deployment.apps/web patched

$ kubectl patch deploy web --type=json -p '[{"op":"test","path":"/spec/replicas","value":3},{"op":"replace","path":"/spec/replicas","value":4},{"op":"remove","path":"/spec/template/spec/containers/1"}]'
deployment.apps/web patched

$ kubectl patch deploy web --type=merge -p '{"metadata":{"labels":{"app":null,"tier":"web"}}}'
deployment.apps/web patched

$ kubectl get deploy web -o jsonpath='{.spec.replicas} {.spec.template.spec.containers[*].image} {.metadata.labels}'
4 nginx:2 {"tier":"web"}

$ kubectl patch deploy web --subresource=scale --type=merge -p '{"spec":{"replicas":1}}'
scale.autoscaling/web patched

$ kubectl patch deploy web --subresource=status --type=merge -p '{"status":{"replicas":1},"spec":{"replicas":9}}' -o jsonpath='{.spec.replicas} {.status.replicas}'
1 1

$ kubectl patch deploy web -p '{"status":{"replicas":7}}' | sed 's/ (no change)//'
deployment.apps/web patched

$ echo '{"spec":{"replicas":2}}' > patch.json; kubectl patch deploy web --patch-file=patch.json
deployment.apps/web patched

$ kubectl patch deploy web -p '{"spec":{"replicas":5}}' --dry-run=server -o jsonpath='{.spec.replicas}'; kubectl get deploy web -o jsonpath=' {.spec.replicas}'
5 2
`,

  'by patches that make no sense': `
$ kubectl create deployment web --image=nginx --replicas=2
deployment.apps/web created

$ kubectl patch deploy web --type=json -p '[{"op":"remove","path":"/spec/nothing"}]' 2>&1 | cut -d: -f1,2
The request is invalid: the server rejected our request due to an error in our request

$ kubectl patch deploy web --type=json -p '[{"op":"test","path":"/spec/replicas","value":9}]' 2>&1 | cut -d: -f1,2
The request is invalid: the server rejected our request due to an error in our request

$ kubectl patch deploy web --type=merge -p '{"spec":{"replicas":"x"}}' 2>&1 | sed 's/Invalid value: .*…:/Invalid value: …:/'
The request is invalid: patch: Invalid value: …: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32

$ kubectl patch deploy web -p '{"spec":{"color":"red"}}' | sed 's/ (no change)//'
deployment.apps/web patched
! Warning: unknown field "spec.color"

$ kubectl patch deploy web --type=merge -p '{"spec":{"replicas":-1}}'
! The Deployment "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0
[1]

$ kubectl patch deploy web --type=merge -p '{"spec":{"selector":{"matchLabels":{"tier":"b"}}}}'
! The Deployment "web" is invalid:
! * spec.template.metadata.labels: Invalid value: {"app":"web"}: \`selector\` does not match template \`labels\`
! * spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"b"}}: field is immutable
[1]

$ kubectl patch deploy web -p '{"metadata":{"name":"other"}}'
! Error from server (BadRequest): the name of the object (other) does not match the name on the URL (web)
[1]

$ kubectl patch deploy web -p '{"metadata":{"resourceVersion":"1"}}'
! Error from server (Conflict): Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again
[1]

$ kubectl patch deploy nobody -p '{}'
! Error from server (NotFound): deployments.apps "nobody" not found
[1]

$ kubectl patch deploy web --type=paint -p '{}'
! error: --type must be one of [json merge strategic], not "paint"
[1]
`,
};
