import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** What is said of manifests that make no sense. */
export const applyMistakes: Sessions = {
  'fields that are not there': `
$ cat > typo.yaml <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad}
spec:
  replicas: 1
  replica: 2
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: main, image: x, imagee: y}]}}
END

$ kubectl apply -f typo.yaml
! Error from server (BadRequest): error when creating "typo.yaml": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replica", unknown field "spec.template.spec.containers[0].imagee"
[1]

$ kubectl create -f typo.yaml --validate=warn --dry-run=server
deployment.apps/bad created (server dry run)
! Warning: unknown field "spec.replica"
! Warning: unknown field "spec.template.spec.containers[0].imagee"

$ kubectl create -f typo.yaml --validate=ignore --dry-run=server
deployment.apps/bad created (server dry run)

$ kubectl create -f typo.yaml --validate=false
deployment.apps/bad created

$ kubectl get deploy bad -o jsonpath='{.spec.replicas} {.spec.replica} {.spec.template.spec.containers[0].imagee}'
1

$ kubectl apply -f typo.yaml 2>&1 | sed 's/Invalid value: "map.*…:/Invalid value: "map…:/' | tail -1
The request is invalid: patch: Invalid value: "map…: strict decoding error: unknown field "spec.replica", unknown field "spec.template.spec.containers[0].imagee"

$ kubectl apply -f typo.yaml --validate=warn
deployment.apps/bad configured
! Warning: resource deployments/bad is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.
! Warning: unknown field "spec.replica"
! Warning: unknown field "spec.template.spec.containers[0].imagee"

$ kubectl replace -f typo.yaml
! Error from server (BadRequest): error when replacing "typo.yaml": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replica", unknown field "spec.template.spec.containers[0].imagee"
[1]

$ echo '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dup"},"data":{"a":"1"},"data":{"b":"2"}}' > dup.json

$ kubectl create --raw "/api/v1/namespaces/{ns}/configmaps?fieldValidation=Strict" -f dup.json
! Error from server (BadRequest): ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data"
[1]

$ kubectl create --raw "/api/v1/namespaces/{ns}/configmaps?fieldValidation=Warn" -f dup.json | grep -o '"data":{[^}]*}'
"data":{"b":"2"}
! Warning: duplicate field "data"
`,

  'kinds, names and namespaces that are not there': `
$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: Nothing, metadata: {name: x}}
END
! error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "Nothing" in version "v1"
! ensure CRDs are installed first
[1]

$ kubectl apply -f - <<END
---
{apiVersion: nothing.example.org/v1, kind: Nothing, metadata: {name: x}}
END
! error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "Nothing" in version "nothing.example.org/v1"
! ensure CRDs are installed first
[1]

$ kubectl apply -f - <<END
---
{kind: ConfigMap, metadata: {name: x}}
END
! error: error validating "STDIN": error validating data: apiVersion not set; if you choose to ignore these errors, turn validation off with --validate=false
[1]

$ kubectl apply -f - <<END
---
{apiVersion: v1, metadata: {name: x}}
END
! error: error validating "STDIN": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false
[1]

$ kubectl create -f - <<END
---
{apiVersion: v1, kind: ConfigMap}
END
! The ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required
[1]

$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: elsewhere}}
END
! Error from server (NotFound): error when creating "STDIN": namespaces "elsewhere" not found
[1]

$ kubectl apply -n elsewhere -f - <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: {ns}}}
END
! error: the namespace from the provided object "{ns}" does not match the namespace "elsewhere". You must pass '--namespace={ns}' to perform this operation.
[1]
`,

  'values that make no sense': `
$ kubectl apply -f - <<END
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: bad2}, spec: {replicas: "1", selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: main, image: x}]}}}}
END
! Error from server (BadRequest): error when creating "STDIN": Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32
[1]

$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: Pod, metadata: {name: Bad_Name}, spec: {containers: [{name: main}]}}
END
! The Pod "Bad_Name" is invalid:
! * metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
! * spec.containers[0].image: Required value
[1]

$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {containers: [{name: main, image: x, ports: [{containerPort: 99999}]}], volumes: [{name: a}, {name: a, emptyDir: {}}]}}
END
! The Pod "pod" is invalid:
! * spec.volumes[1].name: Duplicate value: "a"
! * spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive
[1]

$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {containers: [{name: main, image: x, imagePullPolicy: Sometimes}]}}
END
! The Pod "pod" is invalid: spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"
[1]

$ kubectl apply -f - <<END
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: empty}, spec: {replicas: -1, template: {spec: {}}}}
END
! The Deployment "empty" is invalid:
! * spec.replicas: Invalid value: -1: must be greater than or equal to 0
! * spec.selector: Required value
! * spec.template.metadata.labels: Invalid value: null: \`selector\` does not match template \`labels\`
! * spec.template.spec.containers: Required value
[1]

$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: Service, metadata: {name: bad}, spec: {ports: [{port: 99999, targetPort: "x y"}]}}
END
! The Service "bad" is invalid:
! * spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive
! * spec.ports[0].targetPort: Invalid value: "x y": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)
[1]

$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {"bad key": x, ok: "bad value!"}, annotations: {"a/b/c": x}}, data: {"bad key": x}}
END
! The ConfigMap "x" is invalid:
! * metadata.labels: Invalid value: "bad key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
! * metadata.labels: Invalid value: "bad value!": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')
! * metadata.annotations: Invalid value: "a/b/c": a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')
! * data[bad key]: Invalid value: "bad key": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')
[1]

$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: Secret, metadata: {name: tls}, type: kubernetes.io/tls}
END
! The Secret "tls" is invalid:
! * data[tls.crt]: Required value
! * data[tls.key]: Required value
[1]

$ kubectl apply -f - <<END
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: -1Gi}}}}
END
! The PersistentVolumeClaim "c" is invalid: spec.resources[storage]: Invalid value: "-1Gi": must be greater than zero
[1]
`,
};
