import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Fields of kinds, from the OpenAPI documents. */
export const explain: Sessions = {
  'a kind, a field, and what is below it': `
$ kubectl explain configmap
KIND:       ConfigMap
VERSION:    v1

DESCRIPTION:
    Settings for pods, as keys and values.

FIELDS:
  apiVersion	<string>
    Group and version of this object's schema.

  binaryData	<map[string]string>
    Bytes in base64, by key; no key may stand in data too.

  data	<map[string]string>
    Text, by key.

  immutable	<boolean>
    Once true, data cannot change and immutable stays true.

  kind	<string>
    The kind of this object.

  metadata	<ObjectMeta>
    Name, labels, owners and the server's bookkeeping.

$ kubectl explain deployments.spec.strategy
GROUP:      apps
KIND:       Deployment
VERSION:    v1

FIELD: strategy <DeploymentStrategy>

{1.30+}
DESCRIPTION:
    How a new template replaces the pods of the old one.
    How a new template replaces the pods of the old one.

FIELDS:
  rollingUpdate	<RollingUpdateDeployment>
    The pace; only for RollingUpdate.

  type	<string>
{1.30+}  enum: Recreate, RollingUpdate
    Bit by bit, or all old pods first.

$ kubectl explain pod.spec.containers.imagePullPolicy
KIND:       Pod
VERSION:    v1

FIELD: imagePullPolicy <string>
{1.30+}ENUM:
{1.30+}    Always
{1.30+}    IfNotPresent
{1.30+}    Never

DESCRIPTION:
    When to pull the image; Always for the tag latest, otherwise IfNotPresent.

$ kubectl explain pod.spec.containers.livenessProbe.httpGet.port
KIND:       Pod
VERSION:    v1

FIELD: port <IntOrString>

{1.30+}
DESCRIPTION:
    Number or name of the port.
    A whole number, or a text such as a name or a percentage.

$ kubectl explain quota.spec.hard
KIND:       ResourceQuota
VERSION:    v1

FIELD: hard <map[string]Quantity>

{1.30+}
DESCRIPTION:
    The most of each resource or kind of object, such as requests.storage or
    count/pods.
    An exact amount, such as 500m, 1.5Gi or 1e3.

$ kubectl explain cm.metadata.managedFields.fieldsV1
KIND:       ConfigMap
VERSION:    v1

FIELD: fieldsV1 <FieldsV1>

{1.30+}
DESCRIPTION:
    The set of fields.
    A set of fields, as objects in objects: f: before a name, k: before keys, v:
    before a value.

$ kubectl explain crd.spec.versions.schema.openAPIV3Schema.items
GROUP:      apiextensions.k8s.io
KIND:       CustomResourceDefinition
VERSION:    v1

FIELD: items <JSONSchemaPropsOrArray>

{1.30+}
DESCRIPTION:
    A JSON schema, or a list of them.

$ kubectl explain pv.spec.accessModes
KIND:       PersistentVolume
VERSION:    v1

FIELD: accessModes <[]string>

{1.30+}
DESCRIPTION:
    All the ways in which the volume can be mounted.

$ kubectl explain hpa --api-version=autoscaling/v1
GROUP:      autoscaling
KIND:       HorizontalPodAutoscaler
VERSION:    v1

DESCRIPTION:
    Fits the number of pods to their use of CPU; autoscaling/v2 knows more
    measures.

FIELDS:
  apiVersion	<string>
    Group and version of this object's schema.

  kind	<string>
    The kind of this object.

  metadata	<ObjectMeta>
    Name, labels, owners and the server's bookkeeping.

  spec	<HorizontalPodAutoscalerSpec>
    What to scale, within which bounds.

  status	<HorizontalPodAutoscalerStatus>
    What the autoscaler sees and wants.

$ kubectl explain networkpolicies.networking.k8s.io.spec.egress --recursive
GROUP:      networking.k8s.io
KIND:       NetworkPolicy
VERSION:    v1

FIELD: egress <[]NetworkPolicyEgressRule>

{1.30+}
DESCRIPTION:
    Traffic that may go out; none when absent.
    Traffic that may go out.

FIELDS:
  ports	<[]NetworkPolicyPort>
    endPort	<integer>
    port	<IntOrString>
    protocol	<string>
{1.30+}    enum: SCTP, TCP, UDP
  to	<[]NetworkPolicyPeer>
    ipBlock	<IPBlock>
      cidr	<string> -required-
      except	<[]string>
    namespaceSelector	<LabelSelector>
      matchExpressions	<[]LabelSelectorRequirement>
        key	<string> -required-
        operator	<string> -required-
        values	<[]string>
      matchLabels	<map[string]string>
    podSelector	<LabelSelector>
      matchExpressions	<[]LabelSelectorRequirement>
        key	<string> -required-
        operator	<string> -required-
        values	<[]string>
      matchLabels	<map[string]string>

$ kubectl explain lease --recursive
GROUP:      coordination.k8s.io
KIND:       Lease
VERSION:    v1

DESCRIPTION:
    A lock that expires: leader election and node heartbeats use it.

FIELDS:
  apiVersion	<string>
  kind	<string>
  metadata	<ObjectMeta>
    annotations	<map[string]string>
    creationTimestamp	<string>
    deletionGracePeriodSeconds	<integer>
    deletionTimestamp	<string>
    finalizers	<[]string>
    generateName	<string>
    generation	<integer>
    labels	<map[string]string>
    managedFields	<[]ManagedFieldsEntry>
      apiVersion	<string>
      fieldsType	<string>
      fieldsV1	<FieldsV1>
      manager	<string>
      operation	<string>
{1.30+}      enum: Apply, Update
      subresource	<string>
      time	<string>
    name	<string>
    namespace	<string>
    ownerReferences	<[]OwnerReference>
      apiVersion	<string> -required-
      blockOwnerDeletion	<boolean>
      controller	<boolean>
      kind	<string> -required-
      name	<string> -required-
      uid	<string> -required-
    resourceVersion	<string>
    selfLink	<string>
    uid	<string>
  spec	<LeaseSpec>
    acquireTime	<string>
    holderIdentity	<string>
    leaseDurationSeconds	<integer>
    leaseTransitions	<integer>
    preferredHolder	<string>
    renewTime	<string>
    strategy	<string>

$ kubectl explain sc --output=plaintext
GROUP:      storage.k8s.io
KIND:       StorageClass
VERSION:    v1

DESCRIPTION:
    A kind of storage, and how volumes of it are made. Only few fields can
    change.

FIELDS:
  allowVolumeExpansion	<boolean>
    Whether claims may grow.

  allowedTopologies	<[]TopologySelectorTerm>
    Where volumes may be made; anywhere when absent.

  apiVersion	<string>
    Group and version of this object's schema.

  kind	<string>
    The kind of this object.

  metadata	<ObjectMeta>
    Name, labels, owners and the server's bookkeeping.

  mountOptions	<[]string>
    Options with which the volumes are mounted.

  parameters	<map[string]string>
    Settings for the driver.

  provisioner	<string> -required-
    Name of the driver that makes the volumes.

  reclaimPolicy	<string>
{1.30+}  enum: Delete, Recycle, Retain
    What becomes of a volume once its claim is gone.

  volumeBindingMode	<string>
{1.30+}  enum: Immediate, WaitForFirstConsumer
    Bind a claim at once, or when the first pod uses it.

$ kubectl explain sc.reclaimPolicy --output=plaintext-openapiv2
KIND:     StorageClass
VERSION:  storage.k8s.io/v1

FIELD:    reclaimPolicy <string>

DESCRIPTION:
     What becomes of a volume once its claim is gone.
`,

  'what is not there': `
$ kubectl explain nobody
! the server doesn't have a resource type "nobody"
[1]

$ kubectl explain pod.nobody
KIND:       Pod
VERSION:    v1
! error: field "nobody" does not exist
[1]

$ kubectl explain pod.spec.containers.nobody.color
KIND:       Pod
VERSION:    v1
! error: field "color" does not exist
[1]

$ kubectl explain pod --api-version=v2
! error: couldn't find resource for "/v2, Resource=pods"
[1]

$ kubectl explain
! error: You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.
[1]
`,

  'kinds of one\'s own': `
$ kubectl create -f - <<END
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: {ns}-gadgets.{ns}.example.org}
spec:
  group: {ns}.example.org
  scope: Namespaced
  names: {plural: {ns}-gadgets, singular: {ns}-gadget, kind: Gadget}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, description: A thing with a color., properties: {spec: {type: object, required: [color], description: How it should be., properties: {color: {type: string, enum: [red, blue], description: Its color.}, size: {type: integer, default: 3}}}}}}
END
customresourcedefinition.apiextensions.k8s.io/{ns}-gadgets.{ns}.example.org created

$ kubectl wait --for=condition=Established crd/{ns}-gadgets.{ns}.example.org
customresourcedefinition.apiextensions.k8s.io/{ns}-gadgets.{ns}.example.org condition met

$ kubectl explain {ns}-gadgets.{ns}.example.org
GROUP:      {ns}.example.org
KIND:       Gadget
VERSION:    v1

DESCRIPTION:
    A thing with a color.

FIELDS:
  apiVersion	<string>
    Group and version of this object's schema.

  kind	<string>
    The kind of this object.

  metadata	<ObjectMeta>
    Identity of an object, its labels, and what the server keeps about it.

  spec	<Object>
    How it should be.

$ kubectl explain {ns}-gadgets.spec --api-version={ns}.example.org/v1
GROUP:      {ns}.example.org
KIND:       Gadget
VERSION:    v1

FIELD: spec <Object>

{1.30+}
DESCRIPTION:
    How it should be.

FIELDS:
  color	<string> -required-
{1.30+}  enum: red, blue
    Its color.

  size	<integer>
    <no description>

$ kubectl delete crd {ns}-gadgets.{ns}.example.org
customresourcedefinition.apiextensions.k8s.io "{ns}-gadgets.{ns}.example.org" deleted
`,
};
