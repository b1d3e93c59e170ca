import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Pods with all that they can have, and with what happens to them. */
export const describePods: Sessions = {
  'a pod with everything': `
$ kubectl create configmap c --from-literal=k=v
configmap/c created

$ kubectl create secret generic s --from-literal=k=geheim
secret/s created

$ kubectl apply -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: full, labels: {app: web, tier: front}, annotations: {note: a b c}}
spec:
  nodeName: {ns}-a
  priorityClassName: system-cluster-critical
  terminationGracePeriodSeconds: 5
  nodeSelector: {zone: z1}
  tolerations: [{key: dedicated, operator: Exists, effect: NoSchedule}]
  readinessGates: [{conditionType: example.org/ready}]
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]
  initContainers:
  - {name: init, image: busybox, command: [sh, -c, echo hi], resources: {limits: {cpu: 100m}}}
  containers:
  - name: main
    image: nginx:1.25
    ports: [{containerPort: 80, name: http}, {containerPort: 53, protocol: UDP, hostPort: 5353}]
    command: [nginx]
    args: [-g, daemon off;]
    env:
    - {name: A, value: "1"}
    - {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: C, valueFrom: {secretKeyRef: {name: s, key: k}}}
    - {name: D, valueFrom: {configMapKeyRef: {name: c, key: k, optional: true}}}
    - {name: E, valueFrom: {resourceFieldRef: {containerName: main, resource: limits.cpu}}}
    envFrom: [{configMapRef: {name: c}}, {prefix: P_, secretRef: {name: s, optional: true}}]
    resources: {requests: {cpu: 250m, memory: 64Mi}, limits: {cpu: 500m, memory: 128Mi}}
    livenessProbe: {httpGet: {path: /live, port: http}, initialDelaySeconds: 3}
    readinessProbe: {exec: {command: [cat, /ready]}}
    startupProbe: {tcpSocket: {port: 80}, failureThreshold: 30}
    volumeMounts: [{name: data, mountPath: /data, readOnly: true}, {name: cfg, mountPath: /cfg, subPath: x}]
  - {name: side, image: busybox, livenessProbe: {grpc: {port: 9000}}}
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data}}
  - {name: cfg, configMap: {name: c, optional: true}}
  - {name: sec, secret: {secretName: s}}
  - {name: tmp, emptyDir: {medium: Memory, sizeLimit: 1Gi}}
  - {name: host, hostPath: {path: /var, type: Directory}}
  - {name: down, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
  - {name: proj, projected: {sources: [{secret: {name: s}}, {configMap: {name: c}}, {serviceAccountToken: {path: token}}, {downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}]}}
  - {name: nfs, nfs: {server: nfs.example.org, path: /x}}
  - {name: csi, csi: {driver: d.example.org, volumeAttributes: {a: b}}}
  - {name: eph, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}}}}
END
pod/full created

$ kubectl describe pod full
Name:                 full
Namespace:            {ns}
Priority:             2000000000
Priority Class Name:  system-cluster-critical
Service Account:      default
Node:                 {ns}-a/
Labels:               app=web
                      tier=front
Annotations:          note: a b c
Status:               Pending
IP:
IPs:                  <none>
Init Containers:
  init:
    Image:      busybox
    Port:       <none>
    Host Port:  <none>
    Command:
      sh
      -c
      echo hi
    Limits:
      cpu:  100m
    Requests:
      cpu:        100m
    Environment:  <none>
    Mounts:
      /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-<suffix> (ro)
Containers:
  main:
    Image:       nginx:1.25
    Ports:       80/TCP, 53/UDP
    Host Ports:  0/TCP, 5353/UDP
    Command:
      nginx
    Args:
      -g
      daemon off;
    Limits:
      cpu:     500m
      memory:  128Mi
    Requests:
      cpu:      250m
      memory:   64Mi
    Liveness:   http-get http://:http/live delay=3s timeout=1s period=10s #success=1 #failure=3
    Readiness:  exec [cat /ready] delay=0s timeout=1s period=10s #success=1 #failure=3
    Startup:    tcp-socket :80 delay=0s timeout=1s period=10s #success=1 #failure=30
    Environment Variables from:
      c  ConfigMap                Optional: false
      s  Secret with prefix 'P_'  Optional: true
    Environment:
      A:  1
      B:  full (v1:metadata.name)
      C:  <set to the key 'k' in secret 's'>      Optional: false
      D:  <set to the key 'k' of config map 'c'>  Optional: true
      E:  1 (limits.cpu)
    Mounts:
      /cfg from cfg (rw,path="x")
      /data from data (ro)
      /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-<suffix> (ro)
  side:
    Image:        busybox
    Port:         <none>
    Host Port:    <none>
    Liveness:     grpc <pod>:9000  delay=0s timeout=1s period=10s #success=1 #failure=3
    Environment:  <none>
    Mounts:
      /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-<suffix> (ro)
Readiness Gates:
  Type                Status
  example.org/ready   <none>
Volumes:
  data:
    Type:       PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)
    ClaimName:  data
    ReadOnly:   false
  cfg:
    Type:      ConfigMap (a volume populated by a ConfigMap)
    Name:      c
    Optional:  true
  sec:
    Type:        Secret (a volume populated by a Secret)
    SecretName:  s
    Optional:    false
  tmp:
    Type:       EmptyDir (a temporary directory that shares a pod's lifetime)
    Medium:     Memory
    SizeLimit:  1Gi
  host:
    Type:          HostPath (bare host directory volume)
    Path:          /var
    HostPathType:  Directory
  down:
    Type:  DownwardAPI (a volume populated by information about the pod)
    Items:
      metadata.labels -> labels
  proj:
    Type:                    Projected (a volume that contains injected data from multiple sources)
    SecretName:              s
{-1.32}    SecretOptionalName:      <nil>
{1.33+}    Optional:                false
    ConfigMapName:           c
{-1.32}    ConfigMapOptional:       <nil>
{1.33+}    Optional:                false
    TokenExpirationSeconds:  3600
    DownwardAPI:             true
  nfs:
    Type:      NFS (an NFS mount that lasts the lifetime of a pod)
    Server:    nfs.example.org
    Path:      /x
    ReadOnly:  false
  csi:
    Type:              CSI (a Container Storage Interface (CSI) volume source)
    Driver:            d.example.org
    FSType:
    ReadOnly:          false
    VolumeAttributes:      a=b
  eph:
    Type:          EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)
    StorageClass:  none
    Volume:
    Labels:            <none>
    Annotations:       <none>
    Capacity:
    Access Modes:
    VolumeMode:    Filesystem
  kube-api-access-<suffix>:
    Type:                     Projected (a volume that contains injected data from multiple sources)
    TokenExpirationSeconds:   3607
    ConfigMapName:            kube-root-ca.crt
{-1.32}    ConfigMapOptional:        <nil>
{1.33+}    Optional:                 false
    DownwardAPI:              true
QoS Class:                    Burstable
Node-Selectors:               zone=z1
Tolerations:                  dedicated:NoSchedule op=Exists
                              node.kubernetes.io/not-ready:NoExecute op=Exists for <age>
                              node.kubernetes.io/unreachable:NoExecute op=Exists for <age>
Topology Spread Constraints:  zone:DoNotSchedule when max skew 1 is exceeded for selector app=web
Events:                       <none>
`,

  'a pod that runs, and its events': `
$ kubectl run web --image=nginx --overrides='{"spec":{"schedulerName":"nobody"}}'
pod/web created

$ kubectl patch pod web --subresource=status -p '{"status":{"phase":"Running","podIP":"10.1.0.5","hostIP":"192.0.2.7","podIPs":[{"ip":"10.1.0.5"}],"startTime":"2024-01-01T00:00:00Z","conditions":[{"type":"PodScheduled","status":"True"},{"type":"Ready","status":"False"}],"containerStatuses":[{"name":"web","ready":false,"started":false,"restartCount":2,"image":"nginx","imageID":"nginx@sha256:1","containerID":"containerd://1","state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","startedAt":"2024-01-01T00:00:00Z","finishedAt":"2024-01-01T00:00:10Z"}}}]}}'
pod/web patched

$ uid=$(kubectl get pod web -o jsonpath='{.metadata.uid}'); now=$(date -u +%Y-%m-%dT%H:%M:%SZ); kubectl create -f - <<END
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Event, metadata: {name: web.1}, involvedObject: {apiVersion: v1, kind: Pod, name: web, namespace: {ns}, uid: $uid, fieldPath: "spec.containers{web}"}, reason: Pulled, message: Successfully pulled image, type: Normal, source: {component: kubelet, host: node-a}, firstTimestamp: "$now", lastTimestamp: "$now", count: 1}
- {apiVersion: v1, kind: Event, metadata: {name: web.2}, involvedObject: {apiVersion: v1, kind: Pod, name: web, namespace: {ns}, uid: $uid}, reason: BackOff, message: Back-off restarting, type: Warning, reportingComponent: kubelet, reportingInstance: node-a, firstTimestamp: "$now", lastTimestamp: "$now", count: 3}
END
event/web.1 created
event/web.2 created

$ kubectl describe pod web
Name:             web
Namespace:        {ns}
Priority:         0
Service Account:  default
Node:             <none>
Start Time:       <time>
Labels:           run=web
Annotations:      <none>
Status:           Running
IP:               10.1.0.5
IPs:
  IP:  10.1.0.5
Containers:
  web:
    Container ID:   containerd://1
    Image:          nginx
    Image ID:       nginx@sha256:1
    Port:           <none>
    Host Port:      <none>
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Started:      <time>
      Finished:     <time>
    Ready:          False
    Restart Count:  2
    Environment:    <none>
    Mounts:
      /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-<suffix> (ro)
Conditions:
  Type           Status
  PodScheduled   True
  Ready          False
Volumes:
  kube-api-access-<suffix>:
    Type:                    Projected (a volume that contains injected data from multiple sources)
    TokenExpirationSeconds:  3607
    ConfigMapName:           kube-root-ca.crt
{-1.32}    ConfigMapOptional:       <nil>
{1.33+}    Optional:                false
    DownwardAPI:             true
QoS Class:                   BestEffort
Node-Selectors:              <none>
Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for <age>
                             node.kubernetes.io/unreachable:NoExecute op=Exists for <age>
Events:
  Type     Reason   Age              From     Message
  ----     ------   ----             ----     -------
  Normal   Pulled   <age>               kubelet  Successfully pulled image
  Warning  BackOff  <age> (x3 over <age>)  kubelet  Back-off restarting

$ kubectl describe pod web --show-events=false | tail -2
Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for <age>
                             node.kubernetes.io/unreachable:NoExecute op=Exists for <age>

$ kubectl get events
LAST SEEN   TYPE      REASON    OBJECT    MESSAGE
<age>          Normal    Pulled    pod/web   Successfully pulled image
<age>          Warning   BackOff   pod/web   Back-off restarting

$ kubectl get events -o wide --field-selector reason=BackOff
LAST SEEN   TYPE      REASON    OBJECT    SUBOBJECT   SOURCE            MESSAGE               FIRST SEEN   COUNT   NAME
<age>          Warning   BackOff   pod/web               kubelet, node-a   Back-off restarting   <age>           3       web.2

$ kubectl events --for pod/web
LAST SEEN         TYPE      REASON    OBJECT    MESSAGE
<age>                Normal    Pulled    Pod/web   Successfully pulled image
<age> (x3 over <age>)   Warning   BackOff   Pod/web   Back-off restarting

$ kubectl describe event web.1
Name:             web.1
Namespace:        {ns}
Labels:           <none>
Annotations:      <none>
API Version:      v1
Count:            1
First Timestamp:  <time>
Involved Object:
  API Version:   v1
  Field Path:    spec.containers{web}
  Kind:          Pod
  Name:          web
  Namespace:     {ns}
  UID:           <uid>
Kind:            Event
Last Timestamp:  <time>
Message:         Successfully pulled image
Metadata:
  Creation Timestamp:  <time>
  Resource Version:    <version>
  UID:                 <uid>
Reason:                Pulled
Reporting Component:
Reporting Instance:
Source:
  Component:  kubelet
  Host:       node-a
Type:         Normal
Events:       <none>
`,
};
