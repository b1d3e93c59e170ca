import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Deletions with all that may hold them up, and waiting. */
export const deletions: Sessions = {
  'one, some and all': `
$ for each in a b c d e; do kubectl create cm $each; done; kubectl create sa b
configmap/a created
configmap/b created
configmap/c created
configmap/d created
configmap/e created
serviceaccount/b created

$ kubectl label cm c d set=x
configmap/c labeled
configmap/d labeled

$ kubectl delete cm a --dry-run=client
configmap "a" deleted (dry run)

$ kubectl delete cm a --dry-run=server
configmap "a" deleted (server dry run)

$ kubectl delete cm a
configmap "a" deleted

$ kubectl delete cm a
! Error from server (NotFound): configmaps "a" not found
[1]

$ kubectl delete cm a --ignore-not-found

$ kubectl delete cm/b sa/b
configmap "b" deleted
serviceaccount "b" deleted

$ kubectl delete cm -l set=x
configmap "c" deleted
configmap "d" deleted

$ kubectl delete cm -l set=x
No resources found

$ kubectl delete cm --field-selector metadata.name=nobody
No resources found

$ kubectl delete cm --field-selector metadata.name=e
configmap "e" deleted

$ kubectl delete cm x y
! Error from server (NotFound): configmaps "x" not found
! Error from server (NotFound): configmaps "y" not found
[1]

$ kubectl delete nothings --all
! error: the server doesn't have a resource type "nothings"
[1]

$ kubectl create cm f; kubectl delete cm f -o name
configmap/f created
configmap/f

$ kubectl create cm f; kubectl delete cm f --wait=false --now
configmap/f created
configmap "f" deleted

$ kubectl create cm f; kubectl delete --raw /api/v1/namespaces/{ns}/configmaps/f | grep -o '"status":"[A-Za-z]*"'
configmap/f created
"status":"Success"

$ kubectl delete --raw /api/v1/namespaces/{ns}/configmaps/f
! Error from server (NotFound): configmaps "f" not found
[1]

$ kubectl create cm f; kubectl delete cm --all
configmap/f created
configmap "f" deleted
configmap "kube-root-ca.crt" deleted

$ for i in 1 2 3 4 5 6 7 8 9; do kubectl get cm -o name | grep . && break; sleep 0.2; done
configmap/kube-root-ca.crt
`,

  'with what depends on it': `
$ cat > owner.sh <<END
kubectl create cm owner > /dev/null
printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: %s, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, blockOwnerDeletion: true, uid: %s}]}\\n' "\\$1" "\\$(kubectl get cm owner -o jsonpath='{.metadata.uid}')" | kubectl create -f -
END

$ sh owner.sh dependent
configmap/dependent created

$ kubectl delete cm owner --cascade=background
configmap "owner" deleted

$ kubectl wait --for=delete cm/dependent --timeout=20s > out.txt; echo $?
0

$ sh owner.sh dependent
configmap/dependent created

$ kubectl delete cm owner --cascade=foreground
configmap "owner" deleted

$ kubectl get cm -o name
configmap/kube-root-ca.crt

$ sh owner.sh orphan
configmap/orphan created

$ kubectl delete cm owner --cascade=orphan
configmap "owner" deleted

$ kubectl get cm orphan -o jsonpath='{.metadata.ownerReferences}'

$ kubectl get cm -o name
configmap/kube-root-ca.crt
configmap/orphan

$ kubectl delete cm orphan --cascade=whatever
! error: invalid cascade value (whatever). Must be "background", "foreground", or "orphan"
[1]

$ kubectl delete cm orphan --cascade=true
configmap "orphan" deleted
! warning: --cascade=true is deprecated (boolean value) and can be replaced with --cascade=background.
`,

  'what others hold on to': `
$ kubectl create -f - <<END
apiVersion: v1
kind: ConfigMap
metadata: {name: held, finalizers: [example.org/hold]}
END
configmap/held created

$ kubectl delete cm held --timeout=2s
configmap "held" deleted
! error: timed out waiting for the condition on configmaps/held
[1]

$ kubectl get cm held -o jsonpath='{.metadata.finalizers} {.metadata.deletionGracePeriodSeconds}'
["example.org/hold"] 0

$ kubectl patch cm held --type=json -p '[{"op":"add","path":"/metadata/finalizers/-","value":"example.org/more"}]'
! The ConfigMap "held" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.org/more"}
[1]

$ kubectl delete cm held --wait=false
configmap "held" deleted

$ kubectl apply -f - <<END
apiVersion: v1
kind: ConfigMap
metadata: {name: held, finalizers: [example.org/hold]}
data: {a: "1"}
END
configmap/held configured
! Warning: resource configmaps/held is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.
! Warning: Detected changes to resource held which is currently being deleted.

$ (sleep 1; kubectl patch cm held --type=merge -p '{"metadata":{"finalizers":null}}') > out.txt & kubectl wait --for=delete cm/held --timeout=20s > waited.txt; echo $?; wait; cat out.txt
0
configmap/held patched

$ kubectl get cm held
! Error from server (NotFound): configmaps "held" not found
[1]
`,

  'pods, with and without grace': `
$ kubectl run waiting --image=x
pod/waiting created

$ kubectl delete pod waiting
pod "waiting" deleted

$ kubectl create -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: running}
spec: {nodeName: {ns}-nowhere, containers: [{name: main, image: x}]}
END
pod/running created

$ kubectl delete pod running --timeout=2s
pod "running" deleted
! error: timed out waiting for the condition on pods/running
[1]

$ kubectl get pods
NAME      READY   STATUS        RESTARTS   AGE
running   0/1     Terminating   0          <age>

$ kubectl get pod running -o jsonpath='{.metadata.deletionGracePeriodSeconds}'
30

$ kubectl delete pod running --now --wait=false
pod "running" deleted

$ kubectl get pod running -o jsonpath='{.metadata.deletionGracePeriodSeconds}'
1

$ kubectl delete pod running --grace-period=0 --force
pod "running" force deleted
! Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.

$ kubectl get pods
! No resources found in {ns} namespace.

$ kubectl delete pod running --grace-period=0 --force
! Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
! Error from server (NotFound): pods "running" not found
[1]
`,

  'namespaces': `
$ kubectl create ns {ns}-gone
namespace/{ns}-gone created

$ kubectl run one --image=x -n {ns}-gone
pod/one created

$ kubectl create -n {ns}-gone -f - <<END
apiVersion: v1
kind: ConfigMap
metadata: {name: held, finalizers: [example.org/hold]}
END
configmap/held created

$ kubectl delete ns {ns}-gone --wait=false
namespace "{ns}-gone" deleted

$ kubectl wait ns/{ns}-gone --for=condition=NamespaceFinalizersRemaining --timeout=10s
namespace/{ns}-gone condition met

$ kubectl get ns {ns}-gone
NAME          STATUS        AGE
{ns}-gone   Terminating   <age>

$ kubectl create cm two -n {ns}-gone
! error: failed to create configmap: configmaps "two" is forbidden: unable to create new content in namespace {ns}-gone because it is being terminated
[1]

$ kubectl get ns {ns}-gone -o jsonpath='{range .status.conditions[*]}{.type} {.status} {.reason} {.message}{"\\n"}{end}'
NamespaceDeletionDiscoveryFailure False ResourcesDiscovered All resources successfully discovered
NamespaceDeletionGroupVersionParsingFailure False ParsedGroupVersions All legacy kube types successfully parsed
NamespaceDeletionContentFailure False ContentDeleted All content successfully deleted, may be waiting on finalization
NamespaceContentRemaining True SomeResourcesRemain Some resources are remaining: configmaps. has 1 resource instances
NamespaceFinalizersRemaining True SomeFinalizersRemain Some content in the namespace has finalizers remaining: example.org/hold in 1 resource instances

$ kubectl get all,cm -n {ns}-gone -o name
configmap/held

$ kubectl patch cm held -n {ns}-gone --type=merge -p '{"metadata":{"finalizers":null}}'
configmap/held patched

$ kubectl wait --for=delete ns/{ns}-gone --timeout=20s > out.txt; echo $?
0

$ kubectl get ns {ns}-gone
! Error from server (NotFound): namespaces "{ns}-gone" not found
[1]

$ kubectl delete ns default
! Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted
[1]
`,

  'waiting': `
$ kubectl create deployment web --image=x
deployment.apps/web created

$ kubectl wait --for=condition=Available deploy/web --timeout=2s
! error: timed out waiting for the condition on deployments/web
[1]

$ kubectl wait --for=condition=Available deploy/nobody --timeout=1s
! Error from server (NotFound): deployments.apps "nobody" not found
[1]

$ kubectl patch $(kubectl get pods -l app=web -o name) --subresource=status -p '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2025-01-01T00:00:00Z"}]}}' > out.txt

$ kubectl wait --for=condition=Available deploy/web
deployment.apps/web condition met

$ kubectl wait --for=condition=available deploy -l app=web
deployment.apps/web condition met

$ kubectl wait --for=condition=Available=False deploy/web --timeout=0
! error: condition not met for deployments/web
[1]

$ kubectl wait --for=jsonpath='{.spec.replicas}'=1 deploy/web
deployment.apps/web condition met

$ kubectl wait --for=jsonpath='{.spec.replicas}' deploy/web
{-1.27}! error: jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3
{-1.27}[1]
{1.28+}deployment.apps/web condition met

$ (sleep 1; kubectl scale deploy web --replicas=3) > out.txt & kubectl wait --for=jsonpath='{.spec.replicas}'=3 deploy --all --timeout=20s; wait
deployment.apps/web condition met

$ kubectl wait --for=delete cm/nobody

$ kubectl wait --for=delete deploy/web --timeout=2s
! error: timed out waiting for the condition on deployments/web
[1]

{1.31+}$ kubectl wait --for=create cm/later --timeout=1s
! error: timed out waiting for the condition
[1]

{1.31+}$ (sleep 1; kubectl create cm later) > out.txt & kubectl wait --for=create cm/later --timeout=20s; wait
configmap/later condition met

$ kubectl wait --for=condition=Ready pods -l app=nobody
! error: no matching resources found
[1]
`,
};
