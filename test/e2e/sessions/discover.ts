import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Discovery, versions, client configuration, raw requests. */
export const discover: Sessions = {
  'kinds': `
$ kubectl api-resources --cached=false
NAME                                SHORTNAMES   APIVERSION                        NAMESPACED   KIND
bindings                                         v1                                true         Binding
componentstatuses                                cs           v1                                false        ComponentStatus
configmaps                          cm           v1                                true         ConfigMap
endpoints                           ep           v1                                true         Endpoints
events                              ev           v1                                true         Event
limitranges                         limits       v1                                true         LimitRange
namespaces                          ns           v1                                false        Namespace
nodes                               no           v1                                false        Node
persistentvolumeclaims              pvc          v1                                true         PersistentVolumeClaim
persistentvolumes                   pv           v1                                false        PersistentVolume
pods                                po           v1                                true         Pod
podtemplates                                     v1                                true         PodTemplate
replicationcontrollers              rc           v1                                true         ReplicationController
resourcequotas                      quota        v1                                true         ResourceQuota
secrets                                          v1                                true         Secret
serviceaccounts                     sa           v1                                true         ServiceAccount
services                            svc          v1                                true         Service
mutatingwebhookconfigurations                    admissionregistration.k8s.io/v1   false        MutatingWebhookConfiguration
validatingadmissionpolicies                      admissionregistration.k8s.io/v1   false        ValidatingAdmissionPolicy
validatingadmissionpolicybindings                admissionregistration.k8s.io/v1   false        ValidatingAdmissionPolicyBinding
validatingwebhookconfigurations                  admissionregistration.k8s.io/v1   false        ValidatingWebhookConfiguration
customresourcedefinitions           crd,crds     apiextensions.k8s.io/v1           false        CustomResourceDefinition
apiservices                                      apiregistration.k8s.io/v1         false        APIService
controllerrevisions                              apps/v1                           true         ControllerRevision
daemonsets                          ds           apps/v1                           true         DaemonSet
deployments                         deploy       apps/v1                           true         Deployment
replicasets                         rs           apps/v1                           true         ReplicaSet
statefulsets                        sts          apps/v1                           true         StatefulSet
selfsubjectreviews                               authentication.k8s.io/v1          false        SelfSubjectReview
tokenreviews                                     authentication.k8s.io/v1          false        TokenReview
localsubjectaccessreviews                        authorization.k8s.io/v1           true         LocalSubjectAccessReview
selfsubjectaccessreviews                         authorization.k8s.io/v1           false        SelfSubjectAccessReview
selfsubjectrulesreviews                          authorization.k8s.io/v1           false        SelfSubjectRulesReview
subjectaccessreviews                             authorization.k8s.io/v1           false        SubjectAccessReview
horizontalpodautoscalers            hpa          autoscaling/v2                    true         HorizontalPodAutoscaler
cronjobs                            cj           batch/v1                          true         CronJob
jobs                                             batch/v1                          true         Job
certificatesigningrequests          csr          certificates.k8s.io/v1            false        CertificateSigningRequest
leases                                           coordination.k8s.io/v1            true         Lease
endpointslices                                   discovery.k8s.io/v1               true         EndpointSlice
events                              ev           events.k8s.io/v1                  true         Event
flowschemas                                      flowcontrol.apiserver.k8s.io/v1   false        FlowSchema
prioritylevelconfigurations                      flowcontrol.apiserver.k8s.io/v1   false        PriorityLevelConfiguration
ingressclasses                                   networking.k8s.io/v1              false        IngressClass
ingresses                           ing          networking.k8s.io/v1              true         Ingress
ipaddresses                         ip           networking.k8s.io/v1              false        IPAddress
networkpolicies                     netpol       networking.k8s.io/v1              true         NetworkPolicy
servicecidrs                                     networking.k8s.io/v1              false        ServiceCIDR
runtimeclasses                                   node.k8s.io/v1                    false        RuntimeClass
poddisruptionbudgets                pdb          policy/v1                         true         PodDisruptionBudget
clusterrolebindings                              rbac.authorization.k8s.io/v1      false        ClusterRoleBinding
clusterroles                                     rbac.authorization.k8s.io/v1      false        ClusterRole
rolebindings                                     rbac.authorization.k8s.io/v1      true         RoleBinding
roles                                            rbac.authorization.k8s.io/v1      true         Role
deviceclasses                                    resource.k8s.io/v1                false        DeviceClass
resourceclaims                                   resource.k8s.io/v1                true         ResourceClaim
resourceclaimtemplates                           resource.k8s.io/v1                true         ResourceClaimTemplate
resourceslices                                   resource.k8s.io/v1                false        ResourceSlice
priorityclasses                     pc           scheduling.k8s.io/v1              false        PriorityClass
csidrivers                                       storage.k8s.io/v1                 false        CSIDriver
csinodes                                         storage.k8s.io/v1                 false        CSINode
csistoragecapacities                             storage.k8s.io/v1                 true         CSIStorageCapacity
storageclasses                      sc           storage.k8s.io/v1                 false        StorageClass
volumeattachments                                storage.k8s.io/v1                 false        VolumeAttachment
volumeattributesclasses             vac          storage.k8s.io/v1                 false        VolumeAttributesClass

$ kubectl api-resources --api-group=storage.k8s.io --namespaced=false --verbs=get -o name
csidrivers.storage.k8s.io
csinodes.storage.k8s.io
storageclasses.storage.k8s.io
volumeattachments.storage.k8s.io
volumeattributesclasses.storage.k8s.io

$ kubectl api-resources --api-group=apps -o wide
NAME                  SHORTNAMES   APIVERSION   NAMESPACED   KIND                 VERBS                                                        CATEGORIES
controllerrevisions                apps/v1      true         ControllerRevision   create,delete,deletecollection,get,list,patch,update,watch
daemonsets            ds           apps/v1      true         DaemonSet            create,delete,deletecollection,get,list,patch,update,watch   all
deployments           deploy       apps/v1      true         Deployment           create,delete,deletecollection,get,list,patch,update,watch   all
replicasets           rs           apps/v1      true         ReplicaSet           create,delete,deletecollection,get,list,patch,update,watch   all
statefulsets          sts          apps/v1      true         StatefulSet          create,delete,deletecollection,get,list,patch,update,watch   all

$ kubectl api-resources --api-group='' --namespaced=false -o wide
NAME                SHORTNAMES   APIVERSION   NAMESPACED   KIND               VERBS                                                        CATEGORIES
componentstatuses   cs           v1           false        ComponentStatus    get,list
namespaces          ns           v1           false        Namespace          create,delete,get,list,patch,update,watch
nodes               no           v1           false        Node               create,delete,deletecollection,get,list,patch,update,watch
persistentvolumes   pv           v1           false        PersistentVolume   create,delete,deletecollection,get,list,patch,update,watch

$ kubectl api-resources --verbs=create --api-group=authorization.k8s.io --sort-by=kind
NAME                        SHORTNAMES   APIVERSION                NAMESPACED   KIND
localsubjectaccessreviews                authorization.k8s.io/v1   true         LocalSubjectAccessReview
selfsubjectaccessreviews                 authorization.k8s.io/v1   false        SelfSubjectAccessReview
selfsubjectrulesreviews                  authorization.k8s.io/v1   false        SelfSubjectRulesReview
subjectaccessreviews                     authorization.k8s.io/v1   false        SubjectAccessReview

$ kubectl api-resources --categories=all -o name
pods
replicationcontrollers
services
daemonsets.apps
deployments.apps
replicasets.apps
statefulsets.apps
horizontalpodautoscalers.autoscaling
cronjobs.batch
jobs.batch

$ kubectl api-resources --categories=api-extensions --no-headers
mutatingwebhookconfigurations                  admissionregistration.k8s.io/v1   false   MutatingWebhookConfiguration
validatingadmissionpolicies                    admissionregistration.k8s.io/v1   false   ValidatingAdmissionPolicy
validatingadmissionpolicybindings              admissionregistration.k8s.io/v1   false   ValidatingAdmissionPolicyBinding
validatingwebhookconfigurations                admissionregistration.k8s.io/v1   false   ValidatingWebhookConfiguration
customresourcedefinitions           crd,crds   apiextensions.k8s.io/v1           false   CustomResourceDefinition
apiservices                                    apiregistration.k8s.io/v1         false   APIService

$ kubectl api-resources --api-group=nothing.example.org
NAME   SHORTNAMES   APIVERSION   NAMESPACED   KIND

$ kubectl api-resources --sort-by=color
! error: --sort-by accepts only name or kind
[1]

$ kubectl api-versions
admissionregistration.k8s.io/v1
apiextensions.k8s.io/v1
apiregistration.k8s.io/v1
apps/v1
authentication.k8s.io/v1
authorization.k8s.io/v1
autoscaling/v1
autoscaling/v2
batch/v1
certificates.k8s.io/v1
coordination.k8s.io/v1
discovery.k8s.io/v1
events.k8s.io/v1
flowcontrol.apiserver.k8s.io/v1
networking.k8s.io/v1
node.k8s.io/v1
policy/v1
rbac.authorization.k8s.io/v1
resource.k8s.io/v1
scheduling.k8s.io/v1
storage.k8s.io/v1
v1
`,

  'the cluster and its versions': `
{1.28+}$ kubectl version 2>&1 | grep Server | sed 's/+keelson.*/+keelson/'
Server Version: v1.34.0+keelson

$ kubectl version -o yaml 2>/dev/null | sed -n '/^serverVersion/,$p' | grep -v 'goVersion\\|platform\\|gitVersion'
serverVersion:
  buildDate: "1970-01-01T00:00:00Z"
  compiler: node
{1.33+}  emulationMajor: "1"
{1.33+}  emulationMinor: "34"
  gitCommit: ""
  gitTreeState: ""
  major: "1"
{1.33+}  minCompatibilityMajor: "1"
{1.33+}  minCompatibilityMinor: "33"
  minor: "34"

$ kubectl cluster-info | sed 's/\\x1b\\[[0-9;]*m//g'
Kubernetes control plane is running at {server}

To further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.

$ kubectl cluster-info dump --namespaces={ns} --output-directory=dump > dump.txt; ls dump dump/{ns}
dump:
nodes.json
{ns}

dump/{ns}:
daemonsets.json
deployments.json
events.json
pods.json
replicasets.json
replication-controllers.json
services.json

$ kubectl config view
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: DATA+OMITTED
    server: {server}
  name: keelson
contexts:
- context:
    cluster: keelson
    namespace: {ns}
    user: keelson
  name: keelson
current-context: keelson
kind: Config
preferences: {}
users:
- name: keelson
  user:
    client-certificate-data: DATA+OMITTED
    client-key-data: DATA+OMITTED

$ kubectl config view --minify -o jsonpath='{.contexts[0].context.namespace}'
{ns}

$ kubectl config current-context
keelson

$ kubectl config get-contexts --no-headers
*     keelson   keelson   keelson   {ns}

$ kubectl config get-clusters | tail -1
keelson

$ kubectl config set-context --current --namespace=other
Context "keelson" modified.

$ kubectl get cm
! No resources found in other namespace.
`,

  'anything with --raw': `
$ kubectl get --raw /readyz
ok

$ kubectl get --raw '/livez?verbose' | tail -1
livez check passed

$ kubectl get --raw /healthz/ping
ok

$ kubectl get --raw /readyz/nothing
! Error from server (NotFound): the server could not find the requested resource
[1]

$ kubectl get --raw /nowhere
! Error from server (NotFound): the server could not find the requested resource
[1]

$ kubectl get --raw /apis/apps/v1/nothings
! Error from server (NotFound): the server could not find the requested resource
[1]

$ kubectl get --raw /api/v1/namespaces/{ns}-nobody
! Error from server (NotFound): namespaces "{ns}-nobody" not found
[1]

$ kubectl get --raw /api/v1/namespaces/{ns}/configmaps | grep -o '"kind":"[A-Za-z]*"' | head -1
"kind":"ConfigMapList"

$ kubectl get --raw /apis/apps | cut -c1-120
{"kind":"APIGroup","apiVersion":"v1","name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVers

$ kubectl get --raw /openapi/v3 | grep -o '"apis/apps/v1"'
"apis/apps/v1"

$ echo '{"metadata":{"name":"raw"}}' > raw.json; kubectl create --raw /api/v1/namespaces/{ns}/configmaps -f raw.json | grep -o '"kind":"ConfigMap"'
"kind":"ConfigMap"

$ kubectl delete --raw /api/v1/namespaces/{ns}/configmaps/raw | grep -o '"status":"Success"'
"status":"Success"

$ kubectl delete --raw /api/v1/namespaces
! Error from server (MethodNotAllowed): the server does not allow this method on the requested resource
[1]

$ kubectl get --raw '/api/v1/namespaces/{ns}/configmaps?limit=x'
! Error from server (BadRequest): strconv.ParseInt: parsing "x": invalid syntax
[1]

$ kubectl get --raw api
! error: --raw must be a valid URL path: parse "api": invalid URI for request
[1]
`,

  'a proxy of one\'s own': `
$ touch proxy.txt; kubectl proxy --port=0 > proxy.txt & proxy=$!; until grep -q Starting proxy.txt; do sleep 0.1; done; kubectl -s http://$(sed 's/.* on //' proxy.txt) get ns {ns} -o name; kill $proxy; sed 's/:[0-9]*$/:port/' proxy.txt
namespace/{ns}
Starting to serve on 127.0.0.1:port
`,
};
