import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Columns of what networks and volumes are made of. */
export const getNetworks: Sessions = {
  'shows what networks and volumes are made of': `
$ kubectl apply -f - <<END
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{name: http, port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: bare}
spec: {clusterIP: None, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: far}
spec: {type: ExternalName, externalName: example.org}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints: [{addresses: [10.1.0.5]}, {addresses: [10.1.0.6]}, {addresses: [10.1.0.7]}, {addresses: [10.1.0.8]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {ingressClassName: nginx, tls: [{hosts: [a.example.org]}], rules: [{host: a.example.org}, {host: b.example.org}, {host: c.example.org}, {host: d.example.org}], defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec: {podSelector: {}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce, ReadOnlyMany], storageClassName: none-of-these, resources: {requests: {storage: 1Gi}}}
---
apiVersion: storage.k8s.io/v1
kind: CSIStorageCapacity
metadata: {name: much}
storageClassName: none-of-these
capacity: 10Gi
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {a: "1", b: "2"}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot}
secrets: [{name: key}]
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: few}
spec: {hard: {pods: "10", requests.cpu: "4", limits.cpu: "8"}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: small}
spec: {limits: [{type: PersistentVolumeClaim, max: {storage: 5Gi}}]}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: lead}
spec: {holderIdentity: me}
END
service/web created
service/front created
service/bare created
service/far created
endpointslice.discovery.k8s.io/web-1 created
ingress.networking.k8s.io/web created
networkpolicy.networking.k8s.io/closed created
persistentvolumeclaim/data created
csistoragecapacity.storage.k8s.io/much created
secret/key created
serviceaccount/robot created
resourcequota/few created
limitrange/small created
lease.coordination.k8s.io/lead created

$ kubectl patch svc front --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.7"},{"hostname":"front.example.org"}]}}}'
service/front patched

$ kubectl wait --for=jsonpath='{.status.used.pods}'=0 quota/few --timeout=10s
resourcequota/few condition met

$ kubectl get endpointslices -l kubernetes.io/service-name=web
NAME    ADDRESSTYPE   PORTS   ENDPOINTS                                AGE
web-1   IPv4          8080    10.1.0.5,10.1.0.6,10.1.0.7 + 1 more...   <age>

$ kubectl get svc,ing,netpol,pvc,csistoragecapacities,secrets,sa,quota,limits,leases
NAME            TYPE           CLUSTER-IP     EXTERNAL-IP                      PORT(S)         AGE
service/bare    ClusterIP      None           <none>                           80/TCP          <age>
service/far     ExternalName   <none>         example.org                      <none>          <age>
service/front   LoadBalancer   <ip>   198.51.100.7,front.example.org   80:<port>/TCP    <age>
service/web     ClusterIP      <ip>   <none>                           80/TCP,53/UDP   <age>

NAME                            CLASS   HOSTS                                                   ADDRESS   PORTS     AGE
ingress.networking.k8s.io/web   nginx   a.example.org,b.example.org,c.example.org + 1 more...             80, 443   <age>

NAME                                     POD-SELECTOR   AGE
networkpolicy.networking.k8s.io/closed   <none>         <age>

NAME                         STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS    VOLUMEATTRIBUTESCLASS   AGE
persistentvolumeclaim/data   Pending                                      none-of-these   <unset>                 <age>

NAME                                     STORAGECLASSNAME   CAPACITY
csistoragecapacity.storage.k8s.io/much   none-of-these      10Gi

NAME         TYPE     DATA   AGE
secret/key   Opaque   2      <age>

NAME                     SECRETS   AGE
serviceaccount/default   0         <age>
serviceaccount/robot     1         <age>

NAME                REQUEST                         LIMIT             AGE
resourcequota/few   pods: 0/10, requests.cpu: 0/4   limits.cpu: 0/8   <age>

NAME               CREATED AT
limitrange/small   <time>

NAME                             HOLDER   AGE
lease.coordination.k8s.io/lead   me       <age>

$ kubectl get svc,pvc -o wide
NAME            TYPE           CLUSTER-IP     EXTERNAL-IP                      PORT(S)         AGE   SELECTOR
service/bare    ClusterIP      None           <none>                           80/TCP          <age>    <none>
service/far     ExternalName   <none>         example.org                      <none>          <age>    <none>
service/front   LoadBalancer   <ip>   198.51.100.7,front.example.org   80:<port>/TCP    <age>    app=web
service/web     ClusterIP      <ip>   <none>                           80/TCP,53/UDP   <age>    <none>

NAME                         STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS    VOLUMEATTRIBUTESCLASS   AGE   VOLUMEMODE
persistentvolumeclaim/data   Pending                                      none-of-these   <unset>                 <age>    Filesystem

$ kubectl create -f - <<END
apiVersion: v1
kind: Endpoints
metadata: {name: other}
subsets: [{addresses: [{ip: 10.1.0.5}], ports: [{port: 8080}]}]
END
endpoints/other created
! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice

$ kubectl get endpoints other
NAME    ENDPOINTS       AGE
other   10.1.0.5:8080   <age>
! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice

$ kubectl get ep other -o jsonpath='{.subsets[0].addresses[0].ip}'
10.1.0.5
! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
`,
};
