import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** What makes pods. */
export const describeWorkloads: Sessions = {
  'workloads': `
$ kubectl create -f - <<END
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, labels: {app: web}}
  spec:
    replicas: 2
    minReadySeconds: 5
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web}, annotations: {note: here}}
      spec: {containers: [{name: main, image: "nginx:1.25", ports: [{containerPort: 80}]}]}
- apiVersion: apps/v1
  kind: ReplicaSet
  metadata: {name: copies, annotations: {note: a}}
  spec:
    selector: {matchLabels: {app: copies}}
    template: {metadata: {labels: {app: copies}}, spec: {containers: [{name: main, image: nginx}]}}
- apiVersion: v1
  kind: ReplicationController
  metadata: {name: old}
  spec: {template: {metadata: {labels: {app: old}}, spec: {containers: [{name: main, image: nginx}]}}}
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: db}
  spec:
    serviceName: db
    replicas: 3
    selector: {matchLabels: {app: db}}
    template: {metadata: {labels: {app: db}}, spec: {containers: [{name: main, image: postgres, volumeMounts: [{name: data, mountPath: /d}]}]}}
    volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
- apiVersion: apps/v1
  kind: DaemonSet
  metadata: {name: agent}
  spec:
    selector: {matchLabels: {app: agent}}
    template: {metadata: {labels: {app: agent}}, spec: {nodeSelector: {zone: z1}, containers: [{name: main, image: agent}]}}
- apiVersion: batch/v1
  kind: Job
  metadata: {name: task}
  spec:
    completions: 3
    parallelism: 2
    activeDeadlineSeconds: 600
    template: {spec: {restartPolicy: Never, containers: [{name: main, image: busybox}]}}
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: nightly}
  spec:
    schedule: "*/5 * * * *"
    startingDeadlineSeconds: 30
    jobTemplate: {spec: {template: {spec: {restartPolicy: OnFailure, containers: [{name: main, image: busybox, args: [date]}]}}}}
END
deployment.apps/web created
replicaset.apps/copies created
replicationcontroller/old created
statefulset.apps/db created
daemonset.apps/agent created
job.batch/task created
cronjob.batch/nightly created

$ kubectl wait job/task --for=jsonpath='{.status.active}'=2
job.batch/task condition met

$ kubectl wait deploy/web --for=jsonpath='{.status.updatedReplicas}'=2
deployment.apps/web condition met

$ kubectl wait rs/copies rc/old --for=jsonpath='{.status.replicas}'=1
replicaset.apps/copies condition met
replicationcontroller/old condition met

$ kubectl describe deploy web
Name:                   web
Namespace:              {ns}
CreationTimestamp:      <time>
Labels:                 app=web
Annotations:            deployment.kubernetes.io/revision: 1
Selector:               app=web
Replicas:               2 desired | 2 updated | 2 total | 0 available | 2 unavailable
StrategyType:           RollingUpdate
MinReadySeconds:        5
RollingUpdateStrategy:  25% max unavailable, 25% max surge
Pod Template:
  Labels:       app=web
  Annotations:  note: here
  Containers:
   main:
    Image:         nginx:1.25
    Port:          80/TCP
    Host Port:     0/TCP
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
{1.30+}  Node-Selectors:  <none>
{1.30+}  Tolerations:     <none>
Conditions:
  Type           Status  Reason
  ----           ------  ------
  Available      False   MinimumReplicasUnavailable
  Progressing    True    ReplicaSetUpdated
OldReplicaSets:  <none>
NewReplicaSet:   web-<hash> (2/2 replicas created)
Events:
  Type    Reason             Age    From                   Message
  ----    ------             ----   ----                   -------
  Normal  ScalingReplicaSet  <age>  deployment-controller  Scaled up replica set web-<hash> from 0 to 2

$ kubectl describe rs copies
Name:         copies
Namespace:    {ns}
Selector:     app=copies
Labels:       <none>
Annotations:  note: a
Replicas:     1 current / 1 desired
Pods Status:  0 Running / 1 Waiting / 0 Succeeded / 0 Failed
Pod Template:
  Labels:  app=copies
  Containers:
   main:
    Image:         nginx
    Port:          <none>
    Host Port:     <none>
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
{1.30+}  Node-Selectors:  <none>
{1.30+}  Tolerations:     <none>
Events:
  Type    Reason            Age    From                   Message
  ----    ------            ----   ----                   -------
  Normal  SuccessfulCreate  <age>  replicaset-controller  Created pod: copies-<suffix>

$ kubectl describe rc old
Name:         old
Namespace:    {ns}
Selector:     app=old
Labels:       app=old
Annotations:  <none>
Replicas:     1 current / 1 desired
Pods Status:  0 Running / 1 Waiting / 0 Succeeded / 0 Failed
Pod Template:
  Labels:  app=old
  Containers:
   main:
    Image:         nginx
    Port:          <none>
    Host Port:     <none>
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
{1.30+}  Node-Selectors:  <none>
{1.30+}  Tolerations:     <none>
Events:
  Type    Reason            Age    From                   Message
  ----    ------            ----   ----                   -------
  Normal  SuccessfulCreate  <age>  replication-controller  Created pod: old-<suffix>

$ kubectl describe sts db
Name:               db
Namespace:          {ns}
CreationTimestamp:  <time>
Selector:           app=db
Labels:             <none>
Annotations:        <none>
Replicas:           3 desired | 0 total
Update Strategy:    RollingUpdate
  Partition:        0
Pods Status:        0 Running / 0 Waiting / 0 Succeeded / 0 Failed
Pod Template:
  Labels:  app=db
  Containers:
   main:
    Image:        postgres
    Port:         <none>
    Host Port:    <none>
    Environment:  <none>
    Mounts:
      /d from data (rw)
  Volumes:         <none>
{1.30+}  Node-Selectors:  <none>
{1.30+}  Tolerations:     <none>
Volume Claims:
  Name:          data
  StorageClass:
  Labels:        <none>
  Annotations:   <none>
  Capacity:      1Gi
  Access Modes:  [ReadWriteOnce]
Events:          <none>

$ kubectl describe ds agent
Name:           agent
{1.33+}Namespace:      {ns}
Selector:       app=agent
Node-Selector:  zone=z1
Labels:         <none>
Annotations:    deprecated.daemonset.template.generation: 1
Desired Number of Nodes Scheduled: 0
Current Number of Nodes Scheduled: 0
Number of Nodes Scheduled with Up-to-date Pods: 0
Number of Nodes Scheduled with Available Pods: 0
Number of Nodes Misscheduled: 0
Pods Status:  0 Running / 0 Waiting / 0 Succeeded / 0 Failed
Pod Template:
  Labels:  app=agent
  Containers:
   main:
    Image:         agent
    Port:          <none>
    Host Port:     <none>
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
{1.30+}  Node-Selectors:  zone=z1
{1.30+}  Tolerations:     <none>
Events:            <none>

$ kubectl describe job task
Name:                     task
Namespace:                {ns}
Selector:                 batch.kubernetes.io/controller-uid=<uid>
Labels:                   batch.kubernetes.io/controller-uid=<uid>
                          batch.kubernetes.io/job-name=task
                          controller-uid=<uid>
                          job-name=task
Annotations:              <none>
Parallelism:              2
Completions:              3
Completion Mode:          NonIndexed
{1.30+}Suspend:                  false
{1.30+}Backoff Limit:            6
Start Time:               <time>
Active Deadline Seconds:  <age>
Pods Statuses:            2 Active (0 Ready) / 0 Succeeded / 0 Failed
Pod Template:
  Labels:  batch.kubernetes.io/controller-uid=<uid>
           batch.kubernetes.io/job-name=task
           controller-uid=<uid>
           job-name=task
  Containers:
   main:
    Image:         busybox
    Port:          <none>
    Host Port:     <none>
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
{1.30+}  Node-Selectors:  <none>
{1.30+}  Tolerations:     <none>
Events:
  Type    Reason            Age   From            Message
  ----    ------            ----  ----            -------
  Normal  SuccessfulCreate  <age>   job-controller  Created pod: task-<suffix>
  Normal  SuccessfulCreate  <age>   job-controller  Created pod: task-<suffix>

$ kubectl describe cj nightly
Name:                          nightly
Namespace:                     {ns}
Labels:                        <none>
Annotations:                   <none>
Schedule:                      */5 * * * *
Concurrency Policy:            Allow
Suspend:                       False
Successful Job History Limit:  3
Failed Job History Limit:      1
Starting Deadline Seconds:     <age>
Selector:                      <unset>
Parallelism:                   <unset>
Completions:                   <unset>
Pod Template:
  Labels:  <none>
  Containers:
   main:
    Image:      busybox
    Port:       <none>
    Host Port:  <none>
    Args:
      date
    Environment:     <none>
    Mounts:          <none>
  Volumes:           <none>
{1.30+}  Node-Selectors:    <none>
{1.30+}  Tolerations:       <none>
Last Schedule Time:  <unset>
Active Jobs:         <none>
Events:              <none>
`,
};
