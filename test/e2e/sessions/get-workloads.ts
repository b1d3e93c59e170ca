import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Columns of pods and of what makes them. */
export const getWorkloads: Sessions = {
  'shows pods as they fare': `
$ kubectl apply -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: waits}
spec: {schedulerName: nobody, containers: [{name: main, image: busybox}, {name: side, image: busybox}], readinessGates: [{conditionType: example.org/lit}]}
---
apiVersion: v1
kind: Pod
metadata: {name: runs}
spec: {nodeName: {ns}-a, containers: [{name: main, image: busybox}]}
---
apiVersion: v1
kind: Pod
metadata: {name: crashes}
spec: {nodeName: {ns}-a, containers: [{name: main, image: busybox}]}
---
apiVersion: v1
kind: Pod
metadata: {name: starts}
spec: {nodeName: {ns}-a, initContainers: [{name: one, image: busybox}, {name: two, image: busybox}], containers: [{name: main, image: busybox}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ended}
spec: {restartPolicy: Never, nodeName: {ns}-a, containers: [{name: main, image: busybox}]}
END
pod/waits created
pod/runs created
pod/crashes created
pod/starts created
pod/ended created

$ kubectl patch pod runs --subresource=status -p '{"status":{"phase":"Running","podIP":"10.1.0.5","podIPs":[{"ip":"10.1.0.5"}],"conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"main","ready":true,"started":true,"restartCount":0,"image":"busybox","imageID":"x","state":{"running":{"startedAt":"2024-01-01T00:00:00Z"}}}]}}'
pod/runs patched

$ kubectl patch pod crashes --subresource=status -p '{"status":{"phase":"Running","containerStatuses":[{"name":"main","ready":false,"restartCount":7,"image":"busybox","imageID":"x","state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1,"finishedAt":"2024-01-01T00:00:00Z"}}}]}}'
pod/crashes patched

$ kubectl patch pod starts --subresource=status -p '{"status":{"initContainerStatuses":[{"name":"one","ready":true,"restartCount":0,"image":"busybox","imageID":"x","state":{"terminated":{"exitCode":0}}},{"name":"two","ready":false,"restartCount":0,"image":"busybox","imageID":"","state":{"running":{}}}]}}'
pod/starts patched

$ kubectl patch pod ended --subresource=status -p '{"status":{"phase":"Succeeded","containerStatuses":[{"name":"main","ready":false,"restartCount":0,"image":"busybox","imageID":"x","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}}'
pod/ended patched

$ kubectl get pods | sed 's/([0-9a-z]* ago)/(long ago)/'
NAME      READY   STATUS             RESTARTS         AGE
crashes   0/1     CrashLoopBackOff   7 (long ago)   <age>
ended     0/1     Completed          0                <age>
runs      1/1     Running            0                <age>
starts    0/1     Init:1/2           0                <age>
waits     0/2     Pending            0                <age>

$ kubectl get pods runs waits -o wide
NAME    READY   STATUS    RESTARTS   AGE   IP         NODE       NOMINATED NODE   READINESS GATES
runs    1/1     Running   0          <age>    10.1.0.5   {ns}-a   <none>           <none>
waits   0/2     Pending   0          <age>    <none>     <none>     <none>           0/1

$ kubectl get pods --field-selector status.phase=Running -o name
pod/crashes
pod/runs

$ kubectl get pods --field-selector spec.nodeName={ns}-a,status.phase!=Running -o name
pod/ended
pod/starts

$ kubectl get pods --field-selector spec.color=red
! Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.color=red": field label not supported: spec.color
[1]

$ kubectl get pod runs --subresource=status -o jsonpath='{.status.podIP}'
10.1.0.5
`,

  'shows the size of a workload as a subresource': `
$ kubectl create deployment web --image=nginx --replicas=2
deployment.apps/web created

$ kubectl wait deploy/web --for=jsonpath='{.status.updatedReplicas}'=2
deployment.apps/web condition met

$ kubectl get deploy web --subresource=scale
NAME   DESIRED   AVAILABLE   AGE
web    2         2           <age>

$ kubectl get deploy web --subresource=scale -o yaml
apiVersion: autoscaling/v1
kind: Scale
metadata:
  creationTimestamp: "<time>"
  name: web
  namespace: {ns}
  resourceVersion: "<version>"
  uid: <uid>
spec:
  replicas: 2
status:
  replicas: 2
  selector: app=web

$ kubectl get deploy web --subresource=status
NAME   READY   UP-TO-DATE   AVAILABLE   AGE
web    0/2     2            0           <age>

$ kubectl get cm web --subresource=status
! Error from server (NotFound): the server could not find the requested resource
[1]

$ kubectl get deploy web --subresource=color
{-1.31}! error: invalid subresource value: "color". Must be one of [status scale]
{1.32+}! Error from server (NotFound): the server could not find the requested resource
[1]
`,

  'shows workloads': `
$ kubectl apply -f - <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: In, values: [b, a]}]}
  template: {metadata: {labels: {app: web, tier: a}}, spec: {containers: [{name: main, image: "nginx:1.25"}, {name: side, image: busybox}]}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: copies}
spec:
  replicas: 3
  selector: {matchLabels: {app: copies}}
  template: {metadata: {labels: {app: copies}}, spec: {containers: [{name: main, image: nginx}]}}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: old}
spec: {replicas: 1, template: {metadata: {labels: {app: old}}, spec: {containers: [{name: main, image: nginx}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: main, image: postgres}]}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template: {metadata: {labels: {app: agent}}, spec: {nodeSelector: {zone: z1}, containers: [{name: main, image: agent}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: task}
spec: {completions: 3, parallelism: 2, manualSelector: true, selector: {matchLabels: {app: task}}, template: {metadata: {labels: {app: task}}, spec: {restartPolicy: Never, containers: [{name: main, image: busybox}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {schedule: "0 3 * * *", timeZone: Europe/Oslo, suspend: true, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: busybox}]}}}}}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: mould}
template: {metadata: {labels: {app: mould}}, spec: {containers: [{name: main, image: nginx}]}}
---
apiVersion: apps/v1
kind: ControllerRevision
metadata: {name: third}
revision: 3
data: {}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: most}
spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}, {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 1Gi}}}]
END
deployment.apps/web created
replicaset.apps/copies created
replicationcontroller/old created
statefulset.apps/db created
daemonset.apps/agent created
job.batch/task created
cronjob.batch/nightly created
podtemplate/mould created
controllerrevision.apps/third created
poddisruptionbudget.policy/most created
horizontalpodautoscaler.autoscaling/web created

$ kubectl wait deploy/web --for=jsonpath='{.status.updatedReplicas}'=2
deployment.apps/web condition met

$ kubectl wait rs/copies --for=jsonpath='{.status.replicas}'=3; kubectl wait rc/old --for=jsonpath='{.status.replicas}'=1
replicaset.apps/copies condition met
replicationcontroller/old condition met

$ kubectl wait job/task --for=jsonpath='{.status.ready}'=0
job.batch/task condition met

$ kubectl get deploy,rs,rc,sts,ds,jobs,cj,podtemplates,controllerrevisions,pdb,hpa
NAME                  READY   UP-TO-DATE   AVAILABLE   AGE
deployment.apps/web   0/2     2            0           <age>

NAME                     DESIRED   CURRENT   READY   AGE
replicaset.apps/copies   3         3         0       <age>
replicaset.apps/web-<hash>   2         2         0       <age>

NAME                        DESIRED   CURRENT   READY   AGE
replicationcontroller/old   1         1         0       <age>

NAME                  READY   AGE
statefulset.apps/db   0/3     <age>

NAME                   DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR   AGE
daemonset.apps/agent   0         0         0       0            0           zone=z1         <age>

NAME             STATUS    COMPLETIONS   DURATION   AGE
job.batch/task   Running   0/3           <age>      <age>

NAME                    SCHEDULE    TIMEZONE      SUSPEND   ACTIVE   LAST SCHEDULE   AGE
cronjob.batch/nightly   0 3 * * *   Europe/Oslo   True      0        <none>          <age>

NAME                CONTAINERS   IMAGES   POD LABELS
podtemplate/mould   main         nginx    app=mould

NAME                            CONTROLLER   REVISION   AGE
controllerrevision.apps/agent-<hash>   daemonset.apps/agent   1   <age>
controllerrevision.apps/third   <none>       3          <age>

NAME                              MIN AVAILABLE   MAX UNAVAILABLE   ALLOWED DISRUPTIONS   AGE
poddisruptionbudget.policy/most   50%             N/A               0                     <age>

NAME                                      REFERENCE        TARGETS                                     MINPODS   MAXPODS   REPLICAS   AGE
horizontalpodautoscaler.autoscaling/web   Deployment/web   cpu: <unknown>/80%, memory: <unknown>/1Gi   1         5         0          <age>

$ kubectl get deploy,rs,rc,sts,ds,jobs,cj,podtemplates -o wide
NAME                  READY   UP-TO-DATE   AVAILABLE   AGE   CONTAINERS   IMAGES               SELECTOR
deployment.apps/web   0/2     2            0           <age>    main,side    nginx:1.25,busybox   app=web,tier in (a,b)

NAME                     DESIRED   CURRENT   READY   AGE   CONTAINERS   IMAGES   SELECTOR
replicaset.apps/copies   3         3         0       <age>    main         nginx    app=copies
replicaset.apps/web-<hash>   2         2         0       <age>    main,side    nginx:1.25,busybox   app=web,pod-template-hash=<hash>,tier in (a,b)

NAME                        DESIRED   CURRENT   READY   AGE   CONTAINERS   IMAGES   SELECTOR
replicationcontroller/old   1         1         0       <age>    main         nginx    app=old

NAME                  READY   AGE   CONTAINERS   IMAGES
statefulset.apps/db   0/3     <age>    main         postgres

NAME                   DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR   AGE   CONTAINERS   IMAGES   SELECTOR
daemonset.apps/agent   0         0         0       0            0           zone=z1         <age>    main         agent    app=agent

NAME             STATUS    COMPLETIONS   DURATION   AGE   CONTAINERS   IMAGES    SELECTOR
job.batch/task   Running   0/3           <age>      <age>    main         busybox   app=task

NAME                    SCHEDULE    TIMEZONE      SUSPEND   ACTIVE   LAST SCHEDULE   AGE   CONTAINERS   IMAGES    SELECTOR
cronjob.batch/nightly   0 3 * * *   Europe/Oslo   True      0        <none>          <age>    main         busybox   <none>

NAME                CONTAINERS   IMAGES   POD LABELS
podtemplate/mould   main         nginx    app=mould
`,
};
