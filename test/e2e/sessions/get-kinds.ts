import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Columns of cluster-wide kinds, and of kinds of one's own. */
export const getKinds: Sessions = {
  'shows how the parts of the control plane are': `
$ kubectl get componentstatuses
NAME                 STATUS    MESSAGE   ERROR
scheduler            Healthy   ok
controller-manager   Healthy   ok
etcd-0               Healthy   ok
! Warning: v1 ComponentStatus is deprecated in v1.19+
$ kubectl get cs etcd-0 -o jsonpath={.conditions[0].status}
True
! Warning: v1 ComponentStatus is deprecated in v1.19+
`,
  'shows what belongs to no namespace': `
$ kubectl apply -f - <<END
apiVersion: v1
kind: Node
metadata: {name: {ns}-node, labels: {node-role.kubernetes.io/worker: "", kubernetes.io/role: gpu}}
spec: {unschedulable: true}
status:
  addresses: [{type: InternalIP, address: 192.0.2.7}, {type: ExternalIP, address: 198.51.100.7}]
  conditions: [{type: Ready, status: "True"}]
  nodeInfo: {kernelVersion: 6.1.0, osImage: Debian GNU/Linux 12, containerRuntimeVersion: containerd://1.7.0, kubeletVersion: v1.33.0, machineID: "", systemUUID: "", bootID: "", kubeProxyVersion: "", operatingSystem: linux, architecture: amd64}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: {ns}-pv}
spec: {capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce], storageClassName: manual, hostPath: {path: /x}, claimRef: {namespace: default, name: nobody}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: {ns}-slow}
provisioner: slow.example.org
allowVolumeExpansion: true
reclaimPolicy: Retain
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: {ns}-nginx}
spec: {controller: example.org/nginx, parameters: {apiGroup: example.org, kind: Params, name: p}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: {ns}-high}
value: 1000
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: {ns}-gvisor}
handler: runsc
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: {name: {ns}.example.org}
spec: {attachRequired: false, tokenRequests: [{audience: a}, {audience: b}]}
---
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: {ns}-node}
spec: {drivers: [{name: d.example.org, nodeID: n1}]}
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata: {name: {ns}-va}
spec: {attacher: d.example.org, nodeName: {ns}-node, source: {persistentVolumeName: {ns}-pv}}
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttributesClass
metadata: {name: {ns}-gold}
driverName: d.example.org
parameters: {iops: "100"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: {ns}.example.org}
webhooks: [{name: pods.example.org, clientConfig: {service: {name: hook, namespace: {ns}}}, sideEffects: None, admissionReviewVersions: [v1], failurePolicy: Ignore}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: {ns}.example.org}
spec: {matchConstraints: {resourceRules: [{apiGroups: [{ns}.example.org], apiVersions: [v1], operations: [CREATE], resources: [widgets]}]}, validations: [{expression: "true"}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: {ns}.example.org}
spec: {policyName: {ns}.example.org, validationActions: [Deny]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: {ns}-role}
rules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: {ns}-binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {ns}-role}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}, {kind: ServiceAccount, name: default, namespace: {ns}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: Group, name: devs, apiGroup: rbac.authorization.k8s.io}]
END
node/{ns}-node created
persistentvolume/{ns}-pv created
storageclass.storage.k8s.io/{ns}-slow created
ingressclass.networking.k8s.io/{ns}-nginx created
priorityclass.scheduling.k8s.io/{ns}-high created
runtimeclass.node.k8s.io/{ns}-gvisor created
csidriver.storage.k8s.io/{ns}.example.org created
csinode.storage.k8s.io/{ns}-node created
volumeattachment.storage.k8s.io/{ns}-va created
volumeattributesclass.storage.k8s.io/{ns}-gold created
validatingwebhookconfiguration.admissionregistration.k8s.io/{ns}.example.org created
validatingadmissionpolicy.admissionregistration.k8s.io/{ns}.example.org created
validatingadmissionpolicybinding.admissionregistration.k8s.io/{ns}.example.org created
clusterrole.rbac.authorization.k8s.io/{ns}-role created
clusterrolebinding.rbac.authorization.k8s.io/{ns}-binding created
role.rbac.authorization.k8s.io/reader created
rolebinding.rbac.authorization.k8s.io/readers created

$ kubectl wait --for=jsonpath='{.status.phase}'=Available pv/{ns}-pv --timeout=10s
persistentvolume/{ns}-pv condition met

$ kubectl get node/{ns}-node pv/{ns}-pv sc/{ns}-slow ingressclass/{ns}-nginx pc/{ns}-high runtimeclass/{ns}-gvisor csidriver/{ns}.example.org csinode/{ns}-node volumeattachment/{ns}-va vac/{ns}-gold validatingwebhookconfiguration/{ns}.example.org validatingadmissionpolicy/{ns}.example.org validatingadmissionpolicybinding/{ns}.example.org clusterrole/{ns}-role clusterrolebinding/{ns}-binding role/reader rolebinding/readers ns/{ns}
NAME               STATUS                     ROLES        AGE   VERSION
node/{ns}-node   Ready,SchedulingDisabled   gpu,worker   <age>    v1.33.0

NAME                         CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS      CLAIM            STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE
persistentvolume/{ns}-pv   5Gi        RWO            Retain           Available   default/nobody   manual         <unset>                          <age>

NAME                                      PROVISIONER        RECLAIMPOLICY   VOLUMEBINDINGMODE      ALLOWVOLUMEEXPANSION   AGE
storageclass.storage.k8s.io/{ns}-slow   slow.example.org   Retain          WaitForFirstConsumer   true                   <age>

NAME                                          CONTROLLER          PARAMETERS             AGE
ingressclass.networking.k8s.io/{ns}-nginx   example.org/nginx   Params.example.org/p   <age>

NAME                                          VALUE   GLOBAL-DEFAULT   AGE   PREEMPTIONPOLICY
priorityclass.scheduling.k8s.io/{ns}-high   1000    false            <age>    PreemptLowerPriority

NAME                                     HANDLER   AGE
runtimeclass.node.k8s.io/{ns}-gvisor   runsc     <age>

NAME                                          ATTACHREQUIRED   PODINFOONMOUNT   STORAGECAPACITY   TOKENREQUESTS   REQUIRESREPUBLISH   MODES        AGE
csidriver.storage.k8s.io/{ns}.example.org   false            false            false             a,b             false               Persistent   <age>

NAME                                 DRIVERS   AGE
csinode.storage.k8s.io/{ns}-node   1         <age>

NAME                                        ATTACHER        PV          NODE          ATTACHED   AGE
volumeattachment.storage.k8s.io/{ns}-va   d.example.org   {ns}-pv   {ns}-node   false      <age>

NAME                                               DRIVERNAME      AGE
volumeattributesclass.storage.k8s.io/{ns}-gold   d.example.org   <age>

NAME                                                                             WEBHOOKS   AGE
validatingwebhookconfiguration.admissionregistration.k8s.io/{ns}.example.org   1          <age>

NAME                                                                        VALIDATIONS   PARAMKIND   AGE
validatingadmissionpolicy.admissionregistration.k8s.io/{ns}.example.org   1             <unset>     <age>

NAME                                                                               POLICYNAME           PARAMREF   AGE
validatingadmissionpolicybinding.admissionregistration.k8s.io/{ns}.example.org   {ns}.example.org   <unset>    <age>

NAME                                                CREATED AT
clusterrole.rbac.authorization.k8s.io/{ns}-role   <time>

NAME                                                          ROLE                      AGE
clusterrolebinding.rbac.authorization.k8s.io/{ns}-binding   ClusterRole/{ns}-role   <age>

NAME                                    CREATED AT
role.rbac.authorization.k8s.io/reader   <time>

NAME                                            ROLE          AGE
rolebinding.rbac.authorization.k8s.io/readers   Role/reader   <age>

NAME               STATUS   AGE
namespace/{ns}   Active   <age>

$ kubectl get node/{ns}-node pv/{ns}-pv clusterrolebinding/{ns}-binding rolebinding/readers -o wide
NAME               STATUS                     ROLES        AGE   VERSION   INTERNAL-IP   EXTERNAL-IP    OS-IMAGE              KERNEL-VERSION   CONTAINER-RUNTIME
node/{ns}-node   Ready,SchedulingDisabled   gpu,worker   <age>    v1.33.0   192.0.2.7     198.51.100.7   Debian GNU/Linux 12   6.1.0            containerd://1.7.0

NAME                         CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS      CLAIM            STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE   VOLUMEMODE
persistentvolume/{ns}-pv   5Gi        RWO            Retain           Available   default/nobody   manual         <unset>                          <age>    Filesystem

NAME                                                          ROLE                      AGE   USERS   GROUPS   SERVICEACCOUNTS
clusterrolebinding.rbac.authorization.k8s.io/{ns}-binding   ClusterRole/{ns}-role   <age>    jane             {ns}/default

NAME                                            ROLE          AGE   USERS   GROUPS   SERVICEACCOUNTS
rolebinding.rbac.authorization.k8s.io/readers   Role/reader   <age>            devs

$ kubectl get node {ns}-node --label-columns=kubernetes.io/role
NAME          STATUS                     ROLES        AGE   VERSION   ROLE
{ns}-node   Ready,SchedulingDisabled   gpu,worker   <age>    v1.33.0   gpu

$ kubectl get pv {ns}-pv -n {ns}
NAME        CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS      CLAIM            STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE
{ns}-pv   5Gi        RWO            Retain           Available   default/nobody   manual         <unset>                          <age>

$ kubectl delete node/{ns}-node pv/{ns}-pv --wait=false
node "{ns}-node" deleted
persistentvolume "{ns}-pv" deleted

$ kubectl get sc local
NAME              PROVISIONER         RECLAIMPOLICY   VOLUMEBINDINGMODE   ALLOWVOLUMEEXPANSION   AGE
local (default)   local.keelson.dev   Delete          Immediate           true                   <age>

$ kubectl get flowschema exempt; kubectl get prioritylevelconfiguration exempt system; kubectl get servicecidr kubernetes; kubectl get apiservice v1.apps; kubectl get crd -l a=nobody
NAME     PRIORITYLEVEL   MATCHINGPRECEDENCE   DISTINGUISHERMETHOD   AGE   MISSINGPL
exempt   exempt          1                    <none>                <age>   False
NAME     TYPE      NOMINALCONCURRENCYSHARES   QUEUES   HANDSIZE   QUEUELENGTHLIMIT   AGE
exempt   Exempt    0                          <none>   <none>     <none>             <age>
system   Limited   30                         64       6          50                 <age>
NAME         CIDRS          AGE
kubernetes   <ip>/16   <age>
NAME      SERVICE   AVAILABLE   AGE
v1.apps   Local     True        <age>
! No resources found
`,

  'shows kinds of one\'s own': `
$ kubectl create -f - <<END
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.{ns}.example.org}
spec:
  group: {ns}.example.org
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wg-{ns}], categories: [things-{ns}]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns: [{name: Color, type: string, jsonPath: .spec.color}, {name: Size, type: integer, jsonPath: .spec.size, priority: 1}, {name: Age, type: date, jsonPath: .metadata.creationTimestamp}]
    selectableFields: [{jsonPath: .spec.color}]
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {color: {type: string}, size: {type: integer}}}, status: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
END
customresourcedefinition.apiextensions.k8s.io/widgets.{ns}.example.org created

$ kubectl wait --for=condition=Established crd/widgets.{ns}.example.org
customresourcedefinition.apiextensions.k8s.io/widgets.{ns}.example.org condition met

$ kubectl get crd widgets.{ns}.example.org
NAME                         CREATED AT
widgets.{ns}.example.org   <time>

$ kubectl get widgets.{ns}.example.org
! No resources found in {ns} namespace.

$ kubectl create -f - <<END
apiVersion: v1
kind: List
items:
- {apiVersion: {ns}.example.org/v1, kind: Widget, metadata: {name: one}, spec: {color: red, size: 3}}
- {apiVersion: {ns}.example.org/v1, kind: Widget, metadata: {name: two}, spec: {color: blue}}
END
widget.{ns}.example.org/one created
widget.{ns}.example.org/two created

$ kubectl get wg-{ns}
NAME   COLOR   AGE
one    red     <age>
two    blue    <age>

$ kubectl get widgets.v1.{ns}.example.org -o wide
NAME   COLOR   SIZE   AGE
one    red     3      <age>
two    blue           <age>

$ kubectl get things-{ns} --field-selector spec.color=red
NAME   COLOR   AGE
one    red     <age>

$ kubectl get wg-{ns} --field-selector spec.size=3
! Error from server (BadRequest): Unable to find "{ns}.example.org/v1, Resource=widgets" that match label selector "", field selector "spec.size=3": field label not supported: spec.size
[1]

$ kubectl get wg-{ns} one -o yaml
apiVersion: {ns}.example.org/v1
kind: Widget
metadata:
  creationTimestamp: "<time>"
  generation: 1
  name: one
  namespace: {ns}
  resourceVersion: "<version>"
  uid: <uid>
spec:
  color: red
  size: 3

$ kubectl delete crd widgets.{ns}.example.org
customresourcedefinition.apiextensions.k8s.io "widgets.{ns}.example.org" deleted
`,
};
