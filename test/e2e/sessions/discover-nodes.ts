import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Commands that go on to a node, where there is none. */
export const discoverNodes: Sessions = {
  'what needs nodes, when there are none': `
$ kubectl top nodes
! error: Metrics API not available
[1]

$ kubectl top pods
! error: Metrics API not available
[1]

$ kubectl run waiting --image=x --overrides='{"spec":{"schedulerName":"nobody"}}'
pod/waiting created

$ kubectl logs waiting

$ kubectl logs nobody
{-1.29}! Error from server (NotFound): pods "nobody" not found
{1.30+}! error: error from server (NotFound): pods "nobody" not found in namespace "{ns}"
[1]

$ kubectl exec waiting -- date
! Error from server (BadRequest): pod waiting does not have a host assigned
[1]

$ kubectl exec nobody -- date
! Error from server (NotFound): pods "nobody" not found
[1]

$ kubectl attach waiting
! If you don't see a command prompt, try pressing enter.
! Error from server (BadRequest): pod waiting does not have a host assigned
[1]

$ kubectl cp waiting:/etc/hostname here
! Error from server (BadRequest): pod waiting does not have a host assigned
[1]

$ kubectl port-forward waiting 18080:80
! error: unable to forward port because pod is not running. Current status=Pending
[1]

$ kubectl create -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: running}
spec: {nodeName: {ns}-gone, containers: [{name: one, image: x}, {name: two, image: x}]}
END
pod/running created

$ kubectl patch pod running --subresource=status -p '{"status":{"phase":"Running"}}'
pod/running patched

$ kubectl logs running
! Defaulted container "one" out of: one, two
! Error from server (NotFound): nodes "{ns}-gone" not found
[1]

$ kubectl logs running -c nobody
! error: container nobody is not valid for pod running
[1]

$ kubectl exec running -- date
! Defaulted container "one" out of: one, two
! Error from server (NotFound): nodes "{ns}-gone" not found
[1]

$ kubectl port-forward running 18081:80
! error: error upgrading connection: nodes "{ns}-gone" not found
[1]

$ kubectl debug waiting --image=busybox -c look -q 2>/dev/null

$ kubectl get pod waiting -o jsonpath='{.spec.ephemeralContainers[0].image}'
busybox

$ kubectl debug node/{ns}-gone --image=busybox 2>&1 | grep Error
Error from server (NotFound): nodes "{ns}-gone" not found
`,
};
