import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Who may do what, and what is refused. */
export const authAccess: Sessions = {
  'who one is, and what one may': `
$ kubectl auth whoami
{-1.27}! error: the selfsubjectreviews API is not enabled in the cluster
{-1.27}! enable APISelfSubjectReview feature gate and authentication.k8s.io/v1alpha1 or authentication.k8s.io/v1beta1 API
{-1.27}[1]
{1.28+}ATTRIBUTE                                           VALUE
{1.28+}Username                                            kubernetes-admin
{1.28+}Groups                                              [system:masters system:authenticated]
{1.28+}Extra: authentication.kubernetes.io/credential-id   [X509SHA256=<hash>]

$ kubectl auth whoami --as=jane --as-group=devs --as-group=ops --as-uid=7
{-1.27}! error: the selfsubjectreviews API is not enabled in the cluster
{-1.27}! enable APISelfSubjectReview feature gate and authentication.k8s.io/v1alpha1 or authentication.k8s.io/v1beta1 API
{-1.27}[1]
{1.28+}ATTRIBUTE   VALUE
{1.28+}Username    jane
{1.28+}UID         7
{1.28+}Groups      [devs ops system:authenticated]

$ kubectl auth can-i get pods
yes

$ kubectl auth can-i '*' '*'
yes

$ kubectl auth can-i get pods --as=jane
no
[1]

$ kubectl auth can-i get pods --as=jane --quiet
[1]

$ kubectl auth can-i get /healthz --as=jane
yes

$ kubectl auth can-i get /nowhere --as=jane
no
[1]

$ kubectl auth can-i get nodes --as=jane
no
! Warning: resource 'nodes' is not namespace scoped
[1]

$ kubectl auth can-i get nothings
yes
! Warning: the server doesn't have a resource type 'nothings'

$ kubectl create role reader --verb=get,list --resource=pods
role.rbac.authorization.k8s.io/reader created

$ kubectl create rolebinding readers --role=reader --user=jane --group=devs
rolebinding.rbac.authorization.k8s.io/readers created

$ kubectl auth can-i get pods --as=jane
yes

$ kubectl auth can-i get pods --subresource=log --as=jane
no
[1]

$ kubectl auth can-i list pods --as=joe --as-group=devs
yes

$ kubectl auth can-i list pods -A --as=jane
no
[1]

$ kubectl auth can-i list pods --as=system:serviceaccount:{ns}:default
no
[1]

$ kubectl auth can-i create deployments.apps/scale --as=jane --as-group=system:masters
yes

$ kubectl auth can-i --list --as=jane
Resources                                       Non-Resource URLs   Resource Names   Verbs
selfsubjectreviews.authentication.k8s.io        []                  []               [create]
selfsubjectaccessreviews.authorization.k8s.io   []                  []               [create]
selfsubjectrulesreviews.authorization.k8s.io    []                  []               [create]
pods                                            []                  []               [get list]
                                                [/api/*]            []               [get]
                                                [/api]              []               [get]
                                                [/apis/*]           []               [get]
                                                [/apis]             []               [get]
                                                [/healthz]          []               [get]
                                                [/healthz]          []               [get]
                                                [/livez]            []               [get]
                                                [/livez]            []               [get]
                                                [/openapi/*]        []               [get]
                                                [/openapi]          []               [get]
                                                [/readyz]           []               [get]
                                                [/readyz]           []               [get]
                                                [/version/]         []               [get]
                                                [/version/]         []               [get]
                                                [/version]          []               [get]
                                                [/version]          []               [get]

$ kubectl auth can-i --list --no-headers --as=system:serviceaccount:{ns}:default | grep open
                                                [/.well-known/openid-configuration/]   []    [get]
                                                [/.well-known/openid-configuration]    []    [get]
                                                [/openapi/*]                           []    [get]
                                                [/openapi]                             []    [get]
                                                [/openid/v1/jwks/]                     []    [get]
                                                [/openid/v1/jwks]                      []    [get]
`,

  'what is refused': `
$ kubectl get pods --as=jane
! Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "{ns}"
[1]

$ kubectl get pods -A --as=jane
! Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope
[1]

$ kubectl get nodes --as=jane --as-group=devs
! Error from server (Forbidden): nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope
[1]

$ kubectl get pod one --as=jane
! Error from server (Forbidden): pods "one" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "{ns}"
[1]

$ kubectl create configmap one --as=jane
! error: failed to create configmap: configmaps is forbidden: User "jane" cannot create resource "configmaps" in API group "" in the namespace "{ns}"
[1]

$ kubectl delete pod one --as=jane
! Error from server (Forbidden): pods "one" is forbidden: User "jane" cannot delete resource "pods" in API group "" in the namespace "{ns}"
[1]

$ kubectl get --raw /metrics --as=jane
! Error from server (Forbidden): forbidden: User "jane" cannot get path "/metrics"
[1]

$ kubectl get --raw /apis/fruit.example.org/v1/namespaces/{ns}/apples --as=jane
! Error from server (Forbidden): apples.fruit.example.org is forbidden: User "jane" cannot list resource "apples" in API group "fruit.example.org" in the namespace "{ns}"
[1]

$ kubectl get --raw /healthz --as=system:anonymous --as-group=system:unauthenticated
ok

$ kubectl get pods --as-group=devs
! error: requesting uid, groups or user-extra for keelson without impersonating a user
[1]

$ kubectl create role manager --verb=create,get --resource=roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io
role.rbac.authorization.k8s.io/manager created

$ kubectl create rolebinding managers --role=manager --user=jane
rolebinding.rbac.authorization.k8s.io/managers created

$ kubectl create role more --verb=get --resource=secrets --as=jane
! Error from server (Forbidden): roles.rbac.authorization.k8s.io "more" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
! {APIGroups:[""], Resources:["secrets"], Verbs:["get"]}
[1]

$ kubectl create rolebinding more --clusterrole=cluster-admin --user=jane --as=jane
! error: failed to create rolebinding: rolebindings.rbac.authorization.k8s.io "more" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
! {APIGroups:["*"], Resources:["*"], Verbs:["*"]}
! {NonResourceURLs:["*"], Verbs:["*"]}
[1]

$ kubectl create rolebinding same --role=manager --user=joe --as=jane
rolebinding.rbac.authorization.k8s.io/same created

$ kubectl config set-credentials stranger --token=nonsense
User "stranger" set.

$ kubectl get pods --user=stranger
! error: You must be logged in to the server (Unauthorized)
[1]
`,

  'rules put in order': `
$ cat > rules.yaml <<END
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: {ns}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: {ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
END

$ kubectl auth reconcile -f rules.yaml
role.rbac.authorization.k8s.io/reader reconciled
rolebinding.rbac.authorization.k8s.io/readers reconciled
! 	reconciliation required create
! 	missing rules added:
! 		{Verbs:[get list] APIGroups:[] Resources:[pods] ResourceNames:[] NonResourceURLs:[]}
! 	reconciliation required create
! 	missing subjects added:
! 		{Kind:User APIGroup:rbac.authorization.k8s.io Name:jane Namespace:}

$ kubectl auth reconcile -f rules.yaml
role.rbac.authorization.k8s.io/reader reconciled
rolebinding.rbac.authorization.k8s.io/readers reconciled

$ sed -i 's/\\[get, list\\]/[get, watch]/; s/name: jane/name: joe/' rules.yaml

$ kubectl auth reconcile -f rules.yaml
role.rbac.authorization.k8s.io/reader reconciled
rolebinding.rbac.authorization.k8s.io/readers reconciled
! 	reconciliation required update
! 	missing rules added:
! 		{Verbs:[watch] APIGroups:[] Resources:[pods] ResourceNames:[] NonResourceURLs:[]}
! 	reconciliation required update
! 	missing subjects added:
! 		{Kind:User APIGroup:rbac.authorization.k8s.io Name:joe Namespace:}

$ kubectl auth reconcile -f rules.yaml --remove-extra-permissions --remove-extra-subjects
role.rbac.authorization.k8s.io/reader reconciled
rolebinding.rbac.authorization.k8s.io/readers reconciled
! 	reconciliation required update
! 	extra rules removed:
! 		{Verbs:[list] APIGroups:[] Resources:[pods] ResourceNames:[] NonResourceURLs:[]}
! 	reconciliation required update
! 	extra subjects removed:
! 		{Kind:User APIGroup:rbac.authorization.k8s.io Name:jane Namespace:}

$ kubectl get role/reader rolebinding/readers -o jsonpath='{.items[0].rules[*].verbs} {.items[1].subjects[*].name}'
["get","watch"] joe

$ sed -i '/kind: RoleBinding/,$ s/name: reader}/name: other}/' rules.yaml

$ kubectl replace -f rules.yaml 2>&1 | sed 's/Invalid value: {.*}:/Invalid value: {…}:/'
role.rbac.authorization.k8s.io/reader replaced
The RoleBinding "readers" is invalid: roleRef: Invalid value: {…}: cannot change roleRef

$ kubectl auth reconcile -f rules.yaml
role.rbac.authorization.k8s.io/reader reconciled
rolebinding.rbac.authorization.k8s.io/readers reconciled
! 	reconciliation required recreate

$ kubectl get rolebinding readers -o wide
NAME      ROLE         AGE   USERS   GROUPS   SERVICEACCOUNTS
readers   Role/other   <age>    joe
`,
};
