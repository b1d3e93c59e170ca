import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Cordon, taint and drain. */
export const changeNodes: Sessions = {
  'cordoned and tainted': `
$ kubectl create -f - <<END
apiVersion: v1
kind: Node
metadata: {name: {ns}-n, labels: {kubernetes.io/hostname: {ns}-n}}
END
node/{ns}-n created

$ kubectl cordon {ns}-n
node/{ns}-n cordoned

$ kubectl cordon {ns}-n
node/{ns}-n already cordoned

$ kubectl get node {ns}-n
NAME       STATUS                       ROLES    AGE   VERSION
{ns}-n   Unknown,SchedulingDisabled   <none>   <age>

$ kubectl uncordon {ns}-n
node/{ns}-n uncordoned

$ kubectl uncordon {ns}-n
node/{ns}-n already uncordoned

$ kubectl cordon {ns}-nobody
! Error from server (NotFound): nodes "{ns}-nobody" not found
[1]

$ kubectl taint node {ns}-n a=b:NoSchedule c:NoExecute
node/{ns}-n tainted

$ kubectl taint node {ns}-n a=c:NoSchedule
! error: node {ns}-n already has a taint(s) with same effect(s) and --overwrite is false
[1]

$ kubectl taint node {ns}-n a=c:NoSchedule --overwrite
node/{ns}-n modified

$ kubectl get node {ns}-n -o jsonpath='{range .spec.taints[*]}{.key}={.value}:{.effect}{"\\n"}{end}'
a=c:NoSchedule
c=:NoExecute
node.kubernetes.io/not-ready=:NoSchedule

$ kubectl taint node {ns}-n a- c:NoExecute-
node/{ns}-n untainted

$ kubectl taint node {ns}-n a-
! error: taint "a" not found
[1]

$ kubectl patch node {ns}-n --type=merge -p '{"spec":{"taints":[{"key":"a","effect":"Never"}]}}'
! The Node "{ns}-n" is invalid: spec.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"
[1]

$ kubectl delete node {ns}-n
node "{ns}-n" deleted
`,

  'drained': `
$ kubectl create -f - <<END
apiVersion: v1
kind: Node
metadata: {name: {ns}-n, labels: {kubernetes.io/hostname: {ns}-n}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: copies}
spec: {replicas: 1, selector: {matchLabels: {app: copies}}, template: {metadata: {labels: {app: copies}}, spec: {containers: [{name: main, image: x}]}}}
END
node/{ns}-n created
replicaset.apps/copies created

$ kubectl drain {ns}-n
node/{ns}-n cordoned
node/{ns}-n drained

$ owner=$(kubectl get rs copies -o jsonpath='{.metadata.uid}'); kubectl create -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: owned, labels: {app: copies}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: copies, uid: $owner, controller: true}]}
spec: {nodeName: {ns}-n, terminationGracePeriodSeconds: 0, containers: [{name: main, image: x}]}
END
pod/owned created

$ kubectl drain {ns}-n --dry-run=server
node/{ns}-n already cordoned (server dry run)
evicting pod {ns}/owned (server dry run)
node/{ns}-n drained (server dry run)

$ kubectl drain {ns}-n
node/{ns}-n already cordoned
evicting pod {ns}/owned
pod/owned evicted
node/{ns}-n drained

$ kubectl create -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: naked}
spec: {nodeName: "{ns}-n", terminationGracePeriodSeconds: 0, containers: [{name: main, image: x}], volumes: [{name: e, emptyDir: {}}]}
END
pod/naked created

$ kubectl drain {ns}-n
node/{ns}-n already cordoned
{-1.30}! error: unable to drain node "{ns}-n" due to error:cannot delete Pods with local storage (use --delete-emptydir-data to override): {ns}/naked, continuing command...
{1.31+}! error: unable to drain node "{ns}-n" due to error: cannot delete Pods with local storage (use --delete-emptydir-data to override): {ns}/naked, continuing command...
! There are pending nodes to be drained:
!  {ns}-n
! cannot delete Pods with local storage (use --delete-emptydir-data to override): {ns}/naked
[1]

$ kubectl drain {ns}-n --force --delete-emptydir-data
node/{ns}-n already cordoned
evicting pod {ns}/naked
pod/naked evicted
node/{ns}-n drained
! Warning: deleting Pods that declare no controller: {ns}/naked

$ kubectl get pods
NAME             READY   STATUS    RESTARTS   AGE
copies-<suffix>  0/1     Pending   0          <age>

$ kubectl delete node {ns}-n
node "{ns}-n" deleted
`,

  'drained against a budget': `
$ kubectl create -f - <<END
apiVersion: v1
kind: Node
metadata: {name: {ns}-n}
END
node/{ns}-n created

$ kubectl create pdb all --selector=app=guarded --min-available=1
poddisruptionbudget.policy/all created

$ kubectl run guarded --image=x --labels=app=guarded --overrides='{"spec":{"nodeName":"{ns}-n","terminationGracePeriodSeconds":0}}'
pod/guarded created

$ kubectl patch pod guarded --subresource=status -p '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}'
pod/guarded patched

$ kubectl drain {ns}-n --force --timeout=4s 2>&1 | grep -o "Cannot evict.*" | sort -u
Cannot evict pod as it would violate the pod's disruption budget.

$ kubectl get pods
NAME      READY   STATUS    RESTARTS   AGE
guarded   0/1     Running   0          <age>

$ kubectl get pdb all
NAME   MIN AVAILABLE   MAX UNAVAILABLE   ALLOWED DISRUPTIONS   AGE
all    1               N/A               0                     <age>

$ kubectl patch pdb all --type=merge -p '{"spec":{"minAvailable":0}}'
poddisruptionbudget.policy/all patched

$ kubectl wait pdb/all --for=jsonpath='{.status.disruptionsAllowed}'=1
poddisruptionbudget.policy/all condition met

$ kubectl drain {ns}-n --force
node/{ns}-n already cordoned
evicting pod {ns}/guarded
pod/guarded evicted
node/{ns}-n drained
! Warning: deleting Pods that declare no controller: {ns}/guarded

$ kubectl wait pdb/all --for=jsonpath='{.status.expectedPods}'=0
poddisruptionbudget.policy/all condition met

$ kubectl delete node {ns}-n
node "{ns}-n" deleted
`,
};
