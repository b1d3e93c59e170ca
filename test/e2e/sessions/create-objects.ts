import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** The generators of roles, configuration, accounts, quotas and namespaces. */
export const createObjects: Sessions = {
  'roles and who has them': `
$ kubectl create clusterrole {ns}-reader --verb=get,list --resource=pods,deployments.apps/scale,svc --resource-name=x
clusterrole.rbac.authorization.k8s.io/{ns}-reader created

$ kubectl create clusterrole {ns}-logs --verb=get --non-resource-url=/logs/*
clusterrole.rbac.authorization.k8s.io/{ns}-logs created

$ kubectl create clusterrole {ns}-sum --aggregation-rule=example.org/{ns}=true
clusterrole.rbac.authorization.k8s.io/{ns}-sum created

$ kubectl create clusterrolebinding {ns}-readers --clusterrole={ns}-reader --user=u --group=g --serviceaccount=default:sa
clusterrolebinding.rbac.authorization.k8s.io/{ns}-readers created

$ kubectl create role reader --verb=get --verb=watch --resource=pods,pods/log --resource-name=a
role.rbac.authorization.k8s.io/reader created

$ kubectl create role none --verb=get --resource=nothings
! the server doesn't have a resource type "nothings"
[1]

$ kubectl create role wrong --verb=paint --resource=pods
role.rbac.authorization.k8s.io/wrong created
! Warning: 'paint' is not a standard resource verb

$ kubectl create rolebinding readers --role=reader --user=u --serviceaccount={ns}:default
rolebinding.rbac.authorization.k8s.io/readers created

$ kubectl create rolebinding viewers --clusterrole=view --group=g
rolebinding.rbac.authorization.k8s.io/viewers created

$ kubectl get clusterrole/{ns}-reader clusterrole/{ns}-logs role/reader clusterrolebinding/{ns}-readers -o jsonpath='{range .items[*]}{.rules}{.roleRef}{.subjects}{"\\n"}{end}'
[{"apiGroups":[""],"resourceNames":["x"],"resources":["pods","services"],"verbs":["get","list"]},{"apiGroups":["apps"],"resourceNames":["x"],"resources":["deployments/scale"],"verbs":["get","list"]}]
[{"nonResourceURLs":["/logs/*"],"verbs":["get"]}]
[{"apiGroups":[""],"resourceNames":["a"],"resources":["pods","pods/log"],"verbs":["get","watch"]}]
{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"{ns}-reader"}[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"u"},{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"g"},{"kind":"ServiceAccount","name":"sa","namespace":"default"}]

$ kubectl get clusterrole {ns}-sum -o jsonpath='{.aggregationRule}'
{"clusterRoleSelectors":[{"matchLabels":{"example.org/{ns}":"true"}}]}

$ kubectl get role,rolebinding -o wide
NAME                                    CREATED AT
role.rbac.authorization.k8s.io/reader   <time>
role.rbac.authorization.k8s.io/wrong    <time>

NAME                                            ROLE               AGE   USERS   GROUPS   SERVICEACCOUNTS
rolebinding.rbac.authorization.k8s.io/readers   Role/reader        <age>    u                {ns}/default
rolebinding.rbac.authorization.k8s.io/viewers   ClusterRole/view   <age>            g

$ kubectl delete clusterrole/{ns}-reader clusterrole/{ns}-logs clusterrole/{ns}-sum clusterrolebinding/{ns}-readers
clusterrole.rbac.authorization.k8s.io "{ns}-reader" deleted
clusterrole.rbac.authorization.k8s.io "{ns}-logs" deleted
clusterrole.rbac.authorization.k8s.io "{ns}-sum" deleted
clusterrolebinding.rbac.authorization.k8s.io "{ns}-readers" deleted
`,

  'configuration and secrets': `
$ printf 'A=1\\nB=two\\n' > env; printf 'hello' > hello.txt

$ kubectl create configmap lit --from-literal=a=b --from-literal=c=
configmap/lit created

$ kubectl create configmap file --from-file=hello.txt --from-file=other=hello.txt
configmap/file created

$ kubectl create configmap env --from-env-file=env
configmap/env created

$ kubectl create configmap lit
! error: failed to create configmap: configmaps "lit" already exists
[1]

$ kubectl create configmap 'Bad Name'
! error: failed to create configmap: ConfigMap "Bad Name" is invalid: metadata.name: Invalid value: "Bad Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
[1]

$ kubectl create configmap hashed --from-literal=a=b --append-hash
configmap/hashed-4dk9m7dmmg created

$ kubectl create secret generic lit --from-literal=password=geheim --type=example.org/x
secret/lit created

$ kubectl create secret generic lit
! error: failed to create secret secrets "lit" already exists
[1]

$ kubectl create secret docker-registry registry --docker-server=r.example.org --docker-username=u --docker-password=p --docker-email=e@example.org
secret/registry created

$ openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=x 2>/dev/null; kubectl create secret tls tls --cert=cert.pem --key=key.pem
secret/tls created

$ kubectl get cm lit file env -o jsonpath='{range .items[*]}{.data}{"\\n"}{end}'
{"a":"b","c":""}
{"hello.txt":"hello","other":"hello"}
{"A":"1","B":"two"}

$ kubectl get cm,secrets
NAME                          DATA   AGE
configmap/env                 2      <age>
configmap/file                2      <age>
configmap/hashed-4dk9m7dmmg   1      <age>
configmap/kube-root-ca.crt    1      <age>
configmap/lit                 2      <age>

NAME              TYPE                             DATA   AGE
secret/lit        example.org/x                    1      <age>
secret/registry   kubernetes.io/dockerconfigjson   1      <age>
secret/tls        kubernetes.io/tls                2      <age>

$ kubectl get secret registry -o jsonpath='{.data.\\.dockerconfigjson}' | base64 -d
{"auths":{"r.example.org":{"username":"u","password":"p","email":"e@example.org","auth":"dTpw"}}}
`,

  'accounts, tokens, quotas and namespaces': `
$ kubectl create serviceaccount robot
serviceaccount/robot created

$ kubectl create sa robot
! error: failed to create serviceaccount: serviceaccounts "robot" already exists
[1]

$ kubectl create token robot --duration=10m --audience=x | cut -d. -f2 | tr '_-' '/+' | base64 -d 2>/dev/null | grep -o '"aud":\\[[^]]*\\]\\|"sub":"[^"]*"\\|"serviceaccount":{"name":"[^"]*"' | sort
"aud":["x"]
"serviceaccount":{"name":"robot"
"sub":"system:serviceaccount:{ns}:robot"

$ kubectl create token nobody
! error: failed to create token: serviceaccounts "nobody" not found
[1]

$ kubectl create token robot --duration=1s
! error: failed to create token: TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes
[1]

$ kubectl create token robot --bound-object-kind=Secret --bound-object-name=nobody
! error: failed to create token: secrets "nobody" not found
[1]

$ kubectl create quota few --hard=cpu=1,memory=1G,pods=2 --scopes=NotBestEffort
resourcequota/few created

$ kubectl create quota few --hard=pods=2
! error: failed to create quota: resourcequotas "few" already exists
[1]

$ kubectl create quota maps --hard=count/configmaps=1
resourcequota/maps created

$ kubectl wait --for=jsonpath='{.status.used}' quota --all --timeout=20s > out.txt 2>&1; kubectl create cm more
! error: failed to create configmap: configmaps "more" is forbidden: exceeded quota: maps, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1
[1]

$ kubectl create quota wrong --hard=color=1
! error: failed to create quota: ResourceQuota "wrong" is invalid: [spec.hard[color]: Invalid value: "color": must be a standard resource type or fully qualified, spec.hard[color]: Invalid value: "color": must be a standard resource for quota]
[1]

$ kubectl create namespace {ns}-more
namespace/{ns}-more created

$ kubectl create ns {ns}-more
! Error from server (AlreadyExists): namespaces "{ns}-more" already exists
[1]

$ kubectl create ns Bad
! The Namespace "Bad" is invalid: metadata.name: Invalid value: "Bad": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
[1]

$ kubectl get sa,quota
NAME                     SECRETS   AGE
serviceaccount/default   0         <age>
serviceaccount/robot     0         <age>

NAME                 REQUEST                             LIMIT   AGE
resourcequota/few    cpu: 0/1, memory: 0/1G, pods: 0/2           <age>
resourcequota/maps   count/configmaps: 1/1                       <age>

$ kubectl get ns {ns}-more -o yaml
apiVersion: v1
kind: Namespace
metadata:
  creationTimestamp: "<time>"
  labels:
    kubernetes.io/metadata.name: {ns}-more
  name: {ns}-more
  resourceVersion: "<version>"
  uid: <uid>
spec:
  finalizers:
  - kubernetes
status:
  phase: Active

$ kubectl delete ns {ns}-more
namespace "{ns}-more" deleted
`,
};
