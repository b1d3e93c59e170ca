import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Nodes, and the volumes that pods find there. */
export const describeMachines: Sessions = {
  'a node with its pods and its lease': `
$ kubectl apply -f - <<END
apiVersion: v1
kind: Node
metadata: {name: {ns}-node, labels: {kubernetes.io/hostname: {ns}-node, node-role.kubernetes.io/worker: ""}, annotations: {note: first}}
spec: {podCIDR: 10.1.0.0/24, podCIDRs: [10.1.0.0/24], providerID: "x://{ns}-node", taints: [{key: dedicated, value: tests, effect: NoSchedule}]}
status:
  capacity: {cpu: "2", memory: 4Gi, pods: "10"}
  allocatable: {cpu: 1900m, memory: 3Gi, pods: "10"}
  addresses: [{type: InternalIP, address: 192.0.2.7}, {type: Hostname, address: {ns}-node}]
  conditions:
  - {type: Ready, status: "True", reason: KubeletReady, message: kubelet is posting ready status, lastHeartbeatTime: "2024-01-01T00:00:00Z", lastTransitionTime: "2024-01-01T00:00:00Z"}
  nodeInfo: {machineID: m1, systemUUID: s1, bootID: b1, kernelVersion: 6.1.0, osImage: Debian GNU/Linux 12, containerRuntimeVersion: containerd://1.7.0, kubeletVersion: v1.33.0, kubeProxyVersion: v1.33.0, operatingSystem: linux, architecture: amd64}
END
node/{ns}-node created

$ kubectl apply -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: one}
spec: {nodeName: {ns}-node, containers: [{name: main, image: x, resources: {requests: {cpu: 250m, memory: 64Mi}, limits: {cpu: "1"}}}]}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: {ns}-node, namespace: kube-node-lease}
spec: {holderIdentity: {ns}-node, renewTime: "2024-01-01T00:00:00.000000Z"}
END
pod/one created
lease.coordination.k8s.io/{ns}-node created

$ until d=$(kubectl describe node {ns}-node); echo "$d" | grep -q Registered && ! echo "$d" | grep -q not-ready; do sleep 0.1; done

$ kubectl describe node {ns}-node
Name:               {ns}-node
Roles:              worker
Labels:             kubernetes.io/hostname={ns}-node
                    node-role.kubernetes.io/worker=
Annotations:        note: first
CreationTimestamp:  <time>
Taints:             dedicated=tests:NoSchedule
Unschedulable:      false
Lease:
  HolderIdentity:  {ns}-node
  AcquireTime:     <unset>
  RenewTime:       <time>
Conditions:
  Type    Status  LastHeartbeatTime                 LastTransitionTime                Reason         Message
  ----    ------  -----------------                 ------------------                ------         -------
  Ready   True    <time>   <time>   KubeletReady   kubelet is posting ready status
Addresses:
  InternalIP:  192.0.2.7
  Hostname:    {ns}-node
Capacity:
  cpu:     2
  memory:  4Gi
  pods:    10
Allocatable:
  cpu:     1900m
  memory:  3Gi
  pods:    10
System Info:
  Machine ID:                 m1
  System UUID:                s1
  Boot ID:                    b1
  Kernel Version:             6.1.0
  OS Image:                   Debian GNU/Linux 12
  Operating System:           linux
  Architecture:               amd64
  Container Runtime Version:  containerd://1.7.0
  Kubelet Version:            v1.33.0
  Kube-Proxy Version:         v1.33.0
PodCIDR:                      10.1.0.0/24
PodCIDRs:                     10.1.0.0/24
ProviderID:                   x://{ns}-node
Non-terminated Pods:          (1 in total)
  Namespace                   Name    CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age
  ---------                   ----    ------------  ----------  ---------------  -------------  ---
  {ns}                      one     250m (13%)    1 (52%)     64Mi (2%)        0 (0%)         <age>
Allocated resources:
  (Total limits may be over 100 percent, i.e., overcommitted.)
  Resource           Requests    Limits
  --------           --------    ------
  cpu                250m (13%)  1 (52%)
  memory             64Mi (2%)   0 (0%)
  ephemeral-storage  0 (0%)      0 (0%)
Events:
  Type    Reason          Age  From             Message
  ----    ------          ----  ----             -------
  Normal  RegisteredNode  <age>  node-controller  Node {ns}-node event: Registered Node {ns}-node in Controller

$ kubectl delete node {ns}-node
node "{ns}-node" deleted
`,

  'claims, volumes and classes': `
$ kubectl apply -f - <<END
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce, ReadOnlyMany], storageClassName: {ns}-none, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: {ns}-static}
spec: {capacity: {storage: 2Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /x}}
---
apiVersion: v1
kind: Pod
metadata: {name: user}
spec: {schedulerName: nobody, containers: [{name: main, image: x}], volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: {ns}-local}
spec:
  capacity: {storage: 5Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: manual
  mountOptions: [ro]
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [z1]}]}]}}
  local: {path: /mnt/x}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: {ns}-csi}
spec:
  capacity: {storage: 5Gi}
  accessModes: [ReadWriteMany]
  persistentVolumeReclaimPolicy: Delete
  claimRef: {namespace: default, name: nobody}
  csi: {driver: d.example.org, volumeHandle: h, fsType: ext4, volumeAttributes: {a: b}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: {ns}-slow}
provisioner: x.example.org
parameters: {type: slow}
allowVolumeExpansion: true
mountOptions: [ro]
volumeBindingMode: WaitForFirstConsumer
allowedTopologies: [{matchLabelExpressions: [{key: zone, values: [z1, z2]}]}]
END
persistentvolumeclaim/data created
persistentvolume/{ns}-static created
pod/user created
persistentvolume/{ns}-local created
persistentvolume/{ns}-csi created
storageclass.storage.k8s.io/{ns}-slow created

$ kubectl wait --for=jsonpath='{.status.phase}'=Available pv/{ns}-static pv/{ns}-local pv/{ns}-csi --timeout=10s
persistentvolume/{ns}-static condition met
persistentvolume/{ns}-local condition met
persistentvolume/{ns}-csi condition met

$ kubectl create -f - <<END
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: static}
spec: {accessModes: [ReadWriteOnce], storageClassName: "", volumeName: "{ns}-static", resources: {requests: {storage: 1Gi}}}
END
persistentvolumeclaim/static created

$ until kubectl get events | grep -q ProvisioningFailed; do sleep 0.2; done

$ kubectl wait --for=jsonpath='{.status.phase}'=Bound pvc/static pv/{ns}-static --timeout=10s
persistentvolumeclaim/static condition met
persistentvolume/{ns}-static condition met

$ kubectl describe pvc data static
Name:          data
Namespace:     {ns}
StorageClass:  {ns}-none
Status:        Pending
Volume:
Labels:        <none>
Annotations:   <none>
Finalizers:    [kubernetes.io/pvc-protection]
Capacity:
Access Modes:
VolumeMode:    Filesystem
Used By:       user
Events:
  Type     Reason              Age   From                         Message
  ----     ------              ----  ----                         -------
  Warning  ProvisioningFailed  <age>    persistentvolume-controller  storageclass.storage.k8s.io "{ns}-none" not found


Name:          static
Namespace:     {ns}
StorageClass:
Status:        Bound
Volume:        {ns}-static
Labels:        <none>
Annotations:   pv.kubernetes.io/bind-completed: yes
Finalizers:    [kubernetes.io/pvc-protection]
Capacity:      2Gi
Access Modes:  RWO
VolumeMode:    Filesystem
Used By:       <none>
Events:        <none>

$ kubectl describe pv {ns}-local {ns}-csi {ns}-static
Name:              {ns}-local
Labels:            <none>
Annotations:       <none>
Finalizers:        [kubernetes.io/pv-protection]
StorageClass:      manual
Status:            Available
Claim:
Reclaim Policy:    Retain
Access Modes:      RWO
VolumeMode:        Filesystem
Capacity:          5Gi
Node Affinity:
  Required Terms:
    Term 0:        zone in [z1]
Message:
Source:
    Type:  LocalVolume (a persistent volume backed by local storage on a node)
    Path:  /mnt/x
Events:    <none>


Name:            {ns}-csi
Labels:          <none>
Annotations:     <none>
Finalizers:      [kubernetes.io/pv-protection]
StorageClass:
Status:          Available
Claim:           default/nobody
Reclaim Policy:  Delete
Access Modes:    RWX
VolumeMode:      Filesystem
Capacity:        5Gi
Node Affinity:   <none>
Message:
Source:
    Type:              CSI (a Container Storage Interface (CSI) volume source)
    Driver:            d.example.org
    FSType:            ext4
    VolumeHandle:      h
    ReadOnly:          false
    VolumeAttributes:      a=b
Events:                <none>


Name:            {ns}-static
Labels:          <none>
Annotations:     pv.kubernetes.io/bound-by-controller: yes
Finalizers:      [kubernetes.io/pv-protection]
StorageClass:
Status:          Bound
Claim:           {ns}/static
Reclaim Policy:  Retain
Access Modes:    RWO
VolumeMode:      Filesystem
Capacity:        2Gi
Node Affinity:   <none>
Message:
Source:
    Type:          HostPath (bare host directory volume)
    Path:          /x
    HostPathType:
Events:            <none>

$ kubectl describe sc {ns}-slow | grep -v last-applied
Name:            {ns}-slow
IsDefaultClass:  No

Provisioner:           x.example.org
Parameters:            type=slow
AllowVolumeExpansion:  True
MountOptions:
  ro
ReclaimPolicy:      Delete
VolumeBindingMode:  WaitForFirstConsumer
AllowedTopologies:
  Term 0:           zone in [z1, z2]
Events:             <none>

$ kubectl delete pv {ns}-local {ns}-csi {ns}-static --wait=false
persistentvolume "{ns}-local" deleted
persistentvolume "{ns}-csi" deleted
persistentvolume "{ns}-static" deleted

$ kubectl create -f - <<END
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: {ns}-node}
spec: {drivers: [{name: d.example.org, nodeID: n1, allocatable: {count: 5}}]}
END
csinode.storage.k8s.io/{ns}-node created

$ kubectl describe csinode {ns}-node
Name:               {ns}-node
Labels:             <none>
Annotations:        <none>
CreationTimestamp:  <time>
Spec:
  Drivers:
    d.example.org:
      Node ID:  n1
      Allocatables:
        Count:  5
Events:         <none>

$ kubectl delete csinode {ns}-node
csinode.storage.k8s.io "{ns}-node" deleted
`,
};
