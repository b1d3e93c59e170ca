import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Kinds that kubectl has no words of its own for. */
export const describeOthers: Sessions = {
  'kinds of one\'s own, and kinds without words of their own': `
$ kubectl create -f - <<END
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.{ns}.example.org}
spec:
  group: {ns}.example.org
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {color: {type: string}, size: {type: integer}}}}}}
END
customresourcedefinition.apiextensions.k8s.io/widgets.{ns}.example.org created

$ kubectl wait --for=condition=Established crd/widgets.{ns}.example.org
customresourcedefinition.apiextensions.k8s.io/widgets.{ns}.example.org condition met

$ kubectl describe crd widgets.{ns}.example.org
Name:         widgets.{ns}.example.org
Namespace:
Labels:       <none>
Annotations:  <none>
API Version:  apiextensions.k8s.io/v1
Kind:         CustomResourceDefinition
Metadata:
  Creation Timestamp:  <time>
  Generation:          1
  Resource Version:    <version>
  UID:                 <uid>
Spec:
  Conversion:
    Strategy:  None
  Group:       {ns}.example.org
  Names:
    Kind:       Widget
    List Kind:  WidgetList
    Plural:     widgets
    Singular:   widget
  Scope:        Namespaced
  Versions:
    Name:  v1
    Schema:
      openAPIV3Schema:
        Properties:
          Spec:
            Properties:
              Color:
                Type:  string
              Size:
                Type:  integer
            Type:      object
        Type:          object
    Served:            true
    Storage:           true
Status:
  Accepted Names:
    Kind:       Widget
    List Kind:  WidgetList
    Plural:     widgets
    Singular:   widget
  Conditions:
    Last Transition Time:  <time>
    Message:               no conflicts found
    Reason:                NoConflicts
    Status:                True
    Type:                  NamesAccepted
    Last Transition Time:  <time>
    Message:               the initial names have been accepted
    Reason:                InitialNamesAccepted
    Status:                True
    Type:                  Established
  Stored Versions:
    v1
Events:  <none>

$ kubectl create -f - <<END
apiVersion: {ns}.example.org/v1
kind: Widget
metadata: {name: one, labels: {a: b}}
spec: {color: red, size: 3}
END
widget.{ns}.example.org/one created

$ kubectl describe widgets.{ns}.example.org one
Name:         one
Namespace:    {ns}
Labels:       a=b
Annotations:  <none>
API Version:  {ns}.example.org/v1
Kind:         Widget
Metadata:
  Creation Timestamp:  <time>
  Generation:          1
  Resource Version:    <version>
  UID:                 <uid>
Spec:
  Color:  red
  Size:   3
Events:   <none>

$ kubectl create -f - <<END
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: lead}
spec: {holderIdentity: me, leaseDurationSeconds: 15}
END
lease.coordination.k8s.io/lead created

$ kubectl describe lease lead
Name:         lead
Namespace:    {ns}
Labels:       <none>
Annotations:  <none>
API Version:  coordination.k8s.io/v1
Kind:         Lease
Metadata:
  Creation Timestamp:  <time>
  Resource Version:    <version>
  UID:                 <uid>
Spec:
  Holder Identity:         me
  Lease Duration Seconds:  15
Events:                    <none>

$ kubectl create -f - <<END
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: {ns}.example.org}
webhooks:
- name: pods.example.org
  clientConfig: {service: {name: hook, namespace: {ns}}}
  rules: [{apiGroups: [{ns}.example.org], apiVersions: [v1], operations: [CREATE], resources: [widgets]}]
  failurePolicy: Ignore
  sideEffects: None
  admissionReviewVersions: [v1]
END
validatingwebhookconfiguration.admissionregistration.k8s.io/{ns}.example.org created

$ kubectl describe validatingwebhookconfiguration {ns}.example.org
Name:         {ns}.example.org
Namespace:
Labels:       <none>
Annotations:  <none>
API Version:  admissionregistration.k8s.io/v1
Kind:         ValidatingWebhookConfiguration
Metadata:
  Creation Timestamp:  <time>
  Generation:          1
  Resource Version:    <version>
  UID:                 <uid>
Webhooks:
  Admission Review Versions:
    v1
  Client Config:
    Service:
      Name:        hook
      Namespace:   {ns}
      Port:        443
  Failure Policy:  Ignore
  Match Policy:    Equivalent
  Name:            pods.example.org
  Namespace Selector:
  Object Selector:
  Rules:
    API Groups:
      {ns}.example.org
    API Versions:
      v1
    Operations:
      CREATE
    Resources:
      widgets
    Scope:          *
  Side Effects:     None
  Timeout Seconds:  10
Events:             <none>

$ kubectl delete validatingwebhookconfiguration {ns}.example.org
validatingwebhookconfiguration.admissionregistration.k8s.io "{ns}.example.org" deleted

$ kubectl delete crd widgets.{ns}.example.org
customresourcedefinition.apiextensions.k8s.io "widgets.{ns}.example.org" deleted
`,

  'what is not there, and many at once': `
$ kubectl describe cm nobody
! Error from server (NotFound): configmaps "nobody" not found
[1]

$ kubectl describe nobody
! error: the server doesn't have a resource type "nobody"
[1]

$ kubectl describe pods
! No resources found in {ns} namespace.

$ kubectl create cm web-one
configmap/web-one created

$ kubectl create cm web-two
configmap/web-two created

$ kubectl describe cm web
Name:         web-one
Namespace:    {ns}
Labels:       <none>
Annotations:  <none>

Data
====

BinaryData
====

Events:  <none>

Name:         web-two
Namespace:    {ns}
Labels:       <none>
Annotations:  <none>

Data
====

BinaryData
====

Events:  <none>

$ kubectl describe cm -l app=nobody
! No resources found in {ns} namespace.

$ kubectl describe -f nothere.yaml
! error: the path "nothere.yaml" does not exist
[1]
`,
};
