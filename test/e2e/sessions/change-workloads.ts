import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** The commands that know workloads: set, scale, autoscale, rollout. */
export const changeWorkloads: Sessions = {
  'what they run': `
$ kubectl create deployment web --image=nginx:1.25 --port=80
deployment.apps/web created

$ kubectl create configmap c --from-literal=C=3
configmap/c created

$ kubectl set image deploy/web nginx=nginx:1.26
deployment.apps/web image updated

$ kubectl set image deploy/web nobody=nginx
! error: unable to find container named "nobody"
[1]

$ kubectl set image deploy web '*=nginx:1.27' --dry-run=server -o jsonpath='{.spec.template.spec.containers[0].image}'
nginx:1.27

$ kubectl set env deploy/web A=1 B=2
deployment.apps/web env updated

$ kubectl set env deploy/web B- --from=configmap/c
deployment.apps/web env updated

$ kubectl set env deploy/web --list --resolve
# Deployment web, container nginx
A=1
C=3

$ kubectl set resources deploy web --limits=cpu=200m,memory=512Mi --requests=cpu=100m
deployment.apps/web resource requirements updated

$ kubectl set resources deploy web --requests=cpu=2
! error: failed to patch resources update to pod template Deployment.apps "web" is invalid: spec.template.spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 200m
[1]

$ kubectl set serviceaccount deploy web default
deployment.apps/web serviceaccount updated

$ kubectl create service clusterip web --tcp=80
service/web created

$ kubectl set selector svc web app=other,tier=x
service/web selector updated

$ kubectl create rolebinding viewers --clusterrole=view --user=a
rolebinding.rbac.authorization.k8s.io/viewers created

$ kubectl set subject rolebinding viewers --user=b --group=g --serviceaccount={ns}:default
rolebinding.rbac.authorization.k8s.io/viewers subjects updated

$ kubectl get rolebinding viewers -o wide
NAME      ROLE               AGE   USERS   GROUPS   SERVICEACCOUNTS
viewers   ClusterRole/view   <age>    a, b    g        {ns}/default

$ kubectl get svc web -o jsonpath='{.spec.selector}'
{"app":"other","tier":"x"}

$ kubectl get deploy web -o jsonpath='{.metadata.generation} {.spec.template.spec.containers[0]} {.spec.template.spec.serviceAccountName}'
6 {"env":[{"name":"A","value":"1"},{"name":"C","valueFrom":{"configMapKeyRef":{"key":"C","name":"c"}}}],"image":"nginx:1.26","imagePullPolicy":"IfNotPresent","name":"nginx","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{"limits":{"cpu":"200m","memory":"512Mi"},"requests":{"cpu":"100m"}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"} default
`,

  'their size': `
$ kubectl create deployment web --image=nginx
deployment.apps/web created

$ kubectl scale deploy web --replicas=5
deployment.apps/web scaled

$ kubectl scale deploy web --current-replicas=4 --replicas=6
! error: Expected replicas to be 4, was 5
[1]

$ kubectl scale deploy web --current-replicas=5 --replicas=6
deployment.apps/web scaled

$ kubectl scale --replicas=1 deploy/web deploy/nobody
deployment.apps/web scaled
! Error from server (NotFound): deployments.apps "nobody" not found
[1]

$ kubectl scale deploy web --replicas=2 --resource-version=1 2>&1 | sed 's/was [0-9]*/was another/'
error: Expected resource version to be 1, was another

$ kubectl scale deploy web --replicas=3 --dry-run=server
deployment.apps/web scaled (server dry run)

$ kubectl run one --image=nginx
pod/one created

$ kubectl scale pod one --replicas=1
! Error from server (NotFound): the server could not find the requested resource
[1]

$ kubectl scale deploy --all --replicas=2
deployment.apps/web scaled

$ kubectl get deploy web -o jsonpath='{.spec.replicas}'
2

$ kubectl autoscale deploy web --min=2 --max=5 --cpu-percent=80
horizontalpodautoscaler.autoscaling/web autoscaled

$ kubectl autoscale deploy web --max=5
! Error from server (AlreadyExists): horizontalpodautoscalers.autoscaling "web" already exists
[1]

$ kubectl autoscale deploy nobody --max=5
! Error from server (NotFound): deployments.apps "nobody" not found
[1]

$ kubectl get hpa
NAME   REFERENCE        TARGETS              MINPODS   MAXPODS   REPLICAS   AGE
web    Deployment/web   cpu: <unknown>/80%   2         5         0          <age>

$ kubectl get hpa web -o jsonpath='{.apiVersion} {.spec.metrics}'
autoscaling/v2 [{"resource":{"name":"cpu","target":{"averageUtilization":80,"type":"Utilization"}},"type":"Resource"}]

$ kubectl get horizontalpodautoscalers.v1.autoscaling web -o jsonpath='{.apiVersion} {.spec.targetCPUUtilizationPercentage}'
autoscaling/v1 80
`,

  'rollouts': `
$ kubectl create deployment web --image=nginx
deployment.apps/web created

$ kubectl wait deploy/web --for=jsonpath='{.status.updatedReplicas}'=1
deployment.apps/web condition met

$ kubectl rollout history deploy/web
deployment.apps/web
REVISION  CHANGE-CAUSE
1         <none>

$ kubectl rollout status deploy/web --watch=false
Waiting for deployment "web" rollout to finish: 0 of 1 updated replicas are available...

$ kubectl rollout status deploy/web --timeout=3s
Waiting for deployment "web" rollout to finish: 0 of 1 updated replicas are available...
! error: timed out waiting for the condition
[1]

$ kubectl patch $(kubectl get pods -l app=web -o name) --subresource=status -p '{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2025-01-01T00:00:00Z"}]}}' > out.txt

$ kubectl rollout status deploy/web | tail -n 1
deployment "web" successfully rolled out

$ kubectl rollout pause deploy/web
deployment.apps/web paused

$ kubectl rollout pause deploy/web
! error: deployments.apps "web" is already paused
[1]

$ kubectl rollout restart deploy/web
! error: deployments.apps "web" can't restart paused deployment (run rollout resume first)
[1]

$ kubectl rollout resume deploy/web
deployment.apps/web resumed

$ kubectl rollout resume deploy/web
! error: deployments.apps "web" is not paused
[1]

$ kubectl rollout restart deploy/web
deployment.apps/web restarted

$ kubectl get deploy web -o jsonpath='{.metadata.generation} {.spec.template.metadata.annotations}'
4 {"kubectl.kubernetes.io/restartedAt":"<time>"}

$ kubectl wait deploy/web --for=jsonpath='{.status.observedGeneration}'=4
deployment.apps/web condition met

$ kubectl rollout undo deploy/web --to-revision=7
! error: unable to find specified revision 7 in history
[1]

$ kubectl rollout undo deploy/web
deployment.apps/web rolled back

$ kubectl rollout status job/nobody
! Error from server (NotFound): jobs.batch "nobody" not found
[1]
`,

  'the revisions of a rollout': `
$ kubectl create -f - <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {kubernetes.io/change-cause: the first one}}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: nginx, image: "nginx:1"}]}}
END
deployment.apps/web created

$ kubectl wait deploy/web --for=jsonpath='{.status.observedGeneration}'=1
deployment.apps/web condition met

$ kubectl replace -f - <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {kubernetes.io/change-cause: the second one}}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: nginx, image: "nginx:2"}]}}
END
deployment.apps/web replaced

$ kubectl wait deploy/web --for=jsonpath='{.status.observedGeneration}'=2
deployment.apps/web condition met

$ kubectl rollout history deploy/web
deployment.apps/web
REVISION  CHANGE-CAUSE
1         the first one
2         the second one

$ kubectl rollout history deploy/web --revision=1
deployment.apps/web with revision #1
Pod Template:
  Labels:	app=web
	pod-template-hash=<hash>
  Annotations:	kubernetes.io/change-cause: the first one
  Containers:
   nginx:
    Image:	nginx:1
    Port:	<none>
    Host Port:	<none>
    Environment:	<none>
    Mounts:	<none>
  Volumes:	<none>
{1.30+}  Node-Selectors:	<none>
{1.30+}  Tolerations:	<none>

$ kubectl rollout history deploy/web --revision=3
! error: unable to find the specified revision
[1]

$ kubectl rollout undo deploy/web --dry-run=server
deployment.apps/web rolled back (server dry run)

$ kubectl rollout undo deploy/web
deployment.apps/web rolled back

$ kubectl wait deploy/web --for=jsonpath='{.status.observedGeneration}'=3
deployment.apps/web condition met

$ kubectl rollout undo deploy/web --to-revision=3
deployment.apps/web skipped rollback (current template already matches revision 3)

$ kubectl get deploy web -o jsonpath='{.spec.template.spec.containers[0].image} {.spec.template.metadata.labels} {.metadata.annotations}'
nginx:1 {"app":"web"} {"deployment.kubernetes.io/revision":"3","kubernetes.io/change-cause":"the first one"}

$ kubectl create -f - <<END
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: main, image: "postgres:2"}]}}
END
statefulset.apps/db created

$ owner=$(kubectl get sts db -o jsonpath='{.metadata.uid}'); kubectl create -f - <<END
apiVersion: apps/v1
kind: ControllerRevision
metadata: {name: db-1, labels: {app: db}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: $owner, controller: true}]}
revision: 1
data: {spec: {template: {\\$patch: replace, metadata: {labels: {app: db}}, spec: {containers: [{name: main, image: "postgres:1"}]}}}}
END
controllerrevision.apps/db-1 created

$ kubectl rollout history sts/db
statefulset.apps/db
REVISION  CHANGE-CAUSE
1         <none>

$ kubectl rollout undo sts/db --to-revision=1
statefulset.apps/db rolled back

$ kubectl get sts db -o jsonpath='{.spec.template.spec.containers[0].image}'
postgres:1

$ kubectl rollout status sts/db --watch=false
Waiting for statefulset spec update to be observed...
`,
};
