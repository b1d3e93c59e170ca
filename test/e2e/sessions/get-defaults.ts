import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** What a person sees of an object that says no more than it must. */
export const getDefaults: Sessions = {
  'shows what the server fills in': `
$ kubectl create -f - <<END
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: db}
  spec:
    serviceName: db
    selector: {matchLabels: {app: db}}
    template: {metadata: {labels: {app: db}}, spec: {containers: [{name: main, image: x, ports: [{containerPort: 80}], livenessProbe: {httpGet: {port: 80}}}]}}
    volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
- apiVersion: apps/v1
  kind: DaemonSet
  metadata: {name: agent}
  spec:
    selector: {matchLabels: {app: agent}}
    template: {metadata: {labels: {app: agent}}, spec: {hostNetwork: true, nodeSelector: {zone: z1}, containers: [{name: main, image: x, ports: [{containerPort: 80}]}]}}
- apiVersion: batch/v1
  kind: Job
  metadata: {name: task}
  spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: x}]}}}
- apiVersion: v1
  kind: Service
  metadata: {name: lb}
  spec: {type: LoadBalancer, ports: [{port: 80}]}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: {name: data}
  spec: {accessModes: [ReadWriteOnce], storageClassName: none-of-these, resources: {requests: {storage: 1Gi}}}
- apiVersion: v1
  kind: Pod
  metadata: {name: one}
  spec: {schedulerName: nobody, containers: [{name: main, image: x, resources: {limits: {cpu: 1}}}]}
END
statefulset.apps/db created
daemonset.apps/agent created
job.batch/task created
service/lb created
persistentvolumeclaim/data created
pod/one created

$ kubectl rollout status ds/agent
daemon set "agent" successfully rolled out

$ kubectl wait job/task --for=jsonpath='{.status.active}'=1
job.batch/task condition met

$ kubectl get sts/db ds/agent job/task svc/lb pvc/data pod/one -o yaml | grep -v 'creationTimestamp: "\\|uid: [0-9a-f]\\|resourceVersion\\|nodePort'
apiVersion: v1
items:
- apiVersion: apps/v1
  kind: StatefulSet
  metadata:
    generation: 1
    name: db
    namespace: {ns}
  spec:
    persistentVolumeClaimRetentionPolicy:
      whenDeleted: Retain
      whenScaled: Retain
    podManagementPolicy: OrderedReady
    replicas: 1
    revisionHistoryLimit: 10
    selector:
      matchLabels:
        app: db
    serviceName: db
    template:
      metadata:
        labels:
          app: db
      spec:
        containers:
        - image: x
          imagePullPolicy: Always
          livenessProbe:
            failureThreshold: 3
            httpGet:
              path: /
              port: 80
              scheme: HTTP
            periodSeconds: 10
            successThreshold: 1
            timeoutSeconds: 1
          name: main
          ports:
          - containerPort: 80
            protocol: TCP
          resources: {}
          terminationMessagePath: /dev/termination-log
          terminationMessagePolicy: File
        dnsPolicy: ClusterFirst
        restartPolicy: Always
        schedulerName: default-scheduler
        securityContext: {}
        terminationGracePeriodSeconds: 30
    updateStrategy:
      rollingUpdate:
        partition: 0
      type: RollingUpdate
    volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: data
      spec:
        accessModes:
        - ReadWriteOnce
        resources:
          requests:
            storage: 1Gi
        volumeMode: Filesystem
      status:
        phase: Pending
  status:
    availableReplicas: 0
    replicas: 0
- apiVersion: apps/v1
  kind: DaemonSet
  metadata:
    annotations:
      deprecated.daemonset.template.generation: "1"
    generation: 1
    name: agent
    namespace: {ns}
  spec:
    revisionHistoryLimit: 10
    selector:
      matchLabels:
        app: agent
    template:
      metadata:
        labels:
          app: agent
      spec:
        containers:
        - image: x
          imagePullPolicy: Always
          name: main
          ports:
          - containerPort: 80
            protocol: TCP
          resources: {}
          terminationMessagePath: /dev/termination-log
          terminationMessagePolicy: File
        dnsPolicy: ClusterFirst
        hostNetwork: true
        nodeSelector:
          zone: z1
        restartPolicy: Always
        schedulerName: default-scheduler
        securityContext: {}
        terminationGracePeriodSeconds: 30
    updateStrategy:
      rollingUpdate:
        maxSurge: 0
        maxUnavailable: 1
      type: RollingUpdate
  status:
    currentNumberScheduled: 0
    desiredNumberScheduled: 0
    numberMisscheduled: 0
    numberReady: 0
    observedGeneration: 1
- apiVersion: batch/v1
  kind: Job
  metadata:
    generation: 1
    labels:
      batch.kubernetes.io/job-name: task
      job-name: task
    name: task
    namespace: {ns}
  spec:
    backoffLimit: 6
    completionMode: NonIndexed
    completions: 1
    manualSelector: false
    parallelism: 1
    podReplacementPolicy: TerminatingOrFailed
    selector:
      matchLabels:
    suspend: false
    template:
      metadata:
        labels:
          batch.kubernetes.io/job-name: task
          job-name: task
      spec:
        containers:
        - image: x
          imagePullPolicy: Always
          name: main
          resources: {}
          terminationMessagePath: /dev/termination-log
          terminationMessagePolicy: File
        dnsPolicy: ClusterFirst
        restartPolicy: Never
        schedulerName: default-scheduler
        securityContext: {}
        terminationGracePeriodSeconds: 30
  status:
    active: 1
    ready: 0
    startTime: "<time>"
    terminating: 0
    uncountedTerminatedPods: {}
- apiVersion: v1
  kind: Service
  metadata:
    name: lb
    namespace: {ns}
  spec:
    allocateLoadBalancerNodePorts: true
    clusterIP: <ip>
    clusterIPs:
    - <ip>
    externalTrafficPolicy: Cluster
    internalTrafficPolicy: Cluster
    ipFamilies:
    - IPv4
    ipFamilyPolicy: SingleStack
    ports:
      port: 80
      protocol: TCP
      targetPort: 80
    sessionAffinity: None
    type: LoadBalancer
  status:
    loadBalancer: {}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    finalizers:
    - kubernetes.io/pvc-protection
    name: data
    namespace: {ns}
  spec:
    accessModes:
    - ReadWriteOnce
    resources:
      requests:
        storage: 1Gi
    storageClassName: none-of-these
    volumeMode: Filesystem
  status:
    phase: Pending
- apiVersion: v1
  kind: Pod
  metadata:
    generation: 1
    name: one
    namespace: {ns}
  spec:
    containers:
    - image: x
      imagePullPolicy: Always
      name: main
      resources:
        limits:
          cpu: "1"
        requests:
          cpu: "1"
      terminationMessagePath: /dev/termination-log
      terminationMessagePolicy: File
      volumeMounts:
      - mountPath: /var/run/secrets/kubernetes.io/serviceaccount
        name: kube-api-access-<suffix>
        readOnly: true
    dnsPolicy: ClusterFirst
    enableServiceLinks: true
    preemptionPolicy: PreemptLowerPriority
    priority: 0
    restartPolicy: Always
    schedulerName: nobody
    securityContext: {}
    serviceAccount: default
    serviceAccountName: default
    terminationGracePeriodSeconds: 30
    tolerations:
    - effect: NoExecute
      key: node.kubernetes.io/not-ready
      operator: Exists
      tolerationSeconds: 300
    - effect: NoExecute
      key: node.kubernetes.io/unreachable
      operator: Exists
      tolerationSeconds: 300
    volumes:
    - name: kube-api-access-<suffix>
      projected:
        defaultMode: 420
        sources:
        - serviceAccountToken:
            expirationSeconds: 3607
            path: token
        - configMap:
            items:
            - key: ca.crt
              path: ca.crt
            name: kube-root-ca.crt
        - downwardAPI:
            items:
            - fieldRef:
                apiVersion: v1
                fieldPath: metadata.namespace
              path: namespace
  status:
    phase: Pending
    qosClass: Burstable
kind: List
metadata:
`,
};
