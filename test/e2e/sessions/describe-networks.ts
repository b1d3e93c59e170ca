import type { Sessions } from '#test/e2e/kubectl-console.ts';

/** Services, what stands before them, and their addresses. */
export const describeNetworks: Sessions = {
  'services and what stands before them': `
$ kubectl create -f - <<END
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web, annotations: {note: a}}
  spec: {ports: [{name: http, port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP}]}
- apiVersion: v1
  kind: Service
  metadata: {name: front}
  spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}], externalTrafficPolicy: Local, loadBalancerSourceRanges: [10.0.0.0/8], sessionAffinity: ClientIP}
- apiVersion: v1
  kind: Service
  metadata: {name: far}
  spec: {type: ExternalName, externalName: example.org}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
  addressType: IPv4
  ports: [{name: http, port: 8080, protocol: TCP}]
  endpoints: [{addresses: [10.1.0.5], conditions: {ready: true}, nodeName: node-a, zone: z1, targetRef: {kind: Pod, name: full, namespace: {ns}}}]
- apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata: {name: web, annotations: {note: a}}
  spec:
    ingressClassName: nginx
    defaultBackend: {service: {name: web, port: {name: http}}}
    tls: [{hosts: [a.example.org], secretName: tls-a}]
    rules:
    - host: a.example.org
      http: {paths: [{path: /x, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}, {path: "/y", pathType: Exact, backend: {resource: {apiGroup: example.org, kind: Bucket, name: b}}}]}
    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: nobody, port: {number: 80}}}}]}
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: some}
  spec:
    podSelector: {matchLabels: {app: web}}
    policyTypes: [Ingress, Egress]
    ingress: [{from: [{podSelector: {matchLabels: {a: b}}, namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 80, protocol: TCP}, {port: 8000, endPort: 9000}]}]
    egress: [{}]
- apiVersion: networking.k8s.io/v1
  kind: IngressClass
  metadata: {name: {ns}-nginx}
  spec: {controller: example.org/nginx, parameters: {apiGroup: example.org, kind: Params, name: p}}
END
service/web created
service/front created
service/far created
endpointslice.discovery.k8s.io/web-1 created
ingress.networking.k8s.io/web created
networkpolicy.networking.k8s.io/some created
ingressclass.networking.k8s.io/{ns}-nginx created

$ kubectl patch svc front --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.7"},{"hostname":"front.example.org"}]}}}'
service/front patched

$ kubectl describe svc web far
Name:                     web
Namespace:                {ns}
Labels:                   <none>
Annotations:              note: a
Selector:                 <none>
Type:                     ClusterIP
IP Family Policy:         SingleStack
IP Families:              IPv4
IP:                       <ip>
IPs:                      <ip>
Port:                     http  80/TCP
TargetPort:               http/TCP
{-1.30}Endpoints:         <none>
{1.31+}Endpoints:                10.1.0.5:8080
Port:                     dns  53/UDP
TargetPort:               53/UDP
{-1.30}Endpoints:         <none>
{1.31+}Endpoints:
Session Affinity:         None
{1.31+}Internal Traffic Policy:  Cluster
Events:                   <none>


Name:              far
Namespace:         {ns}
Labels:            <none>
Annotations:       <none>
Selector:          <none>
Type:              ExternalName
IP Families:       <none>
IP:
IPs:               <none>
External Name:     example.org
Session Affinity:  None
Events:            <none>
{-1.30}! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice

$ kubectl describe svc front | grep -v Endpoints
Name:                        front
Namespace:                   {ns}
Labels:                      <none>
Annotations:                 <none>
Selector:                    app=web
Type:                        LoadBalancer
IP Family Policy:            SingleStack
IP Families:                 IPv4
IP:                          <ip>
IPs:                         <ip>
{-1.30}LoadBalancer Ingress:        198.51.100.7, front.example.org
{1.31+}LoadBalancer Ingress:        198.51.100.7 (VIP), front.example.org
Port:                        <unset>  80/TCP
TargetPort:                  80/TCP
NodePort:                    <unset>  <port>/TCP
Session Affinity:            ClientIP
External Traffic Policy:     Local
{1.31+}Internal Traffic Policy:     Cluster
HealthCheck NodePort:        <port>
LoadBalancer Source Ranges:  10.0.0.0/8
Events:                      <none>
{-1.30}! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice

$ kubectl describe endpointslice web-1
Name:         web-1
Namespace:    {ns}
Labels:       kubernetes.io/service-name=web
Annotations:  <none>
AddressType:  IPv4
Ports:
  Name  Port  Protocol
  ----  ----  --------
  http  8080  TCP
Endpoints:
  - Addresses:  10.1.0.5
    Conditions:
      Ready:    true
    Hostname:   <unset>
    TargetRef:  Pod/full
    NodeName:   node-a
    Zone:       z1
Events:         <none>

$ kubectl describe ing web
Name:             web
Labels:           <none>
Namespace:        {ns}
Address:
Ingress Class:    nginx
{-1.30}Default backend:  web:http (<error: endpoints "web" not found>)
{1.31+}Default backend:  web:http (10.1.0.5:8080)
TLS:
  tls-a terminates a.example.org
Rules:
  Host           Path  Backends
  ----           ----  --------
  a.example.org
{-1.30}                 /x   web:http (<error: endpoints "web" not found>)
{1.31+}                 /x   web:http (10.1.0.5:8080)
                 /y   APIGroup: example.org, Kind: Bucket, Name: b
  *
{-1.30}                 /   nobody:80 (<error: endpoints "nobody" not found>)
{1.31+}                 /   nobody:80 (<error: services "nobody" not found>)
Annotations:     note: a
Events:          <none>
{-1.30}! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice

$ kubectl describe ingressclass {ns}-nginx
Name:         {ns}-nginx
Labels:       <none>
Annotations:  <none>
Controller:   example.org/nginx
Parameters:
  APIGroup:  example.org
  Kind:      Params
  Name:      p
Events:      <none>

$ kubectl describe netpol some
Name:         some
Namespace:    {ns}
Created on:   <time>
Labels:       <none>
Annotations:  <none>
Spec:
  PodSelector:     app=web
  Allowing ingress traffic:
    To Port: 80/TCP
{-1.30}    To Port: 8000/TCP
{1.31+}    To Port Range: 8000-9000/TCP
    From:
      NamespaceSelector: <none>
      PodSelector: a=b
    From:
      IPBlock:
        CIDR: 10.0.0.0/8
        Except: 10.1.0.0/16
  Allowing egress traffic:
    To Port: <any> (traffic allowed to all ports)
    To: <any> (traffic not restricted by destination)
  Policy Types: Ingress, Egress
`,

  'endpoints, and ranges of addresses': `
$ kubectl create -f - <<END
apiVersion: v1
kind: Endpoints
metadata: {name: other, labels: {a: b}}
subsets: [{addresses: [{ip: 10.1.0.5, hostname: one}, {ip: 10.1.0.6}], notReadyAddresses: [{ip: 10.1.0.7}], ports: [{name: http, port: 8080}, {name: dns, port: 53, protocol: UDP}]}]
END
endpoints/other created
! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice

$ kubectl describe endpoints other
Name:         other
Namespace:    {ns}
Labels:       a=b
Annotations:  <none>
Subsets:
  Addresses:          10.1.0.5,10.1.0.6
  NotReadyAddresses:  10.1.0.7
  Ports:
    Name  Port  Protocol
    ----  ----  --------
    http  8080  TCP
    dns   53    UDP

Events:  <none>
! Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice

{1.33+}$ kubectl describe servicecidr kubernetes
Name:         kubernetes
Labels:       <none>
Annotations:  <none>
CIDRs:        <ip>/16
Status:
Conditions:
  Type   Status  LastTransitionTime               Reason  Message
  ----   ------  ------------------               ------  -------
  Ready  True    <time>          Kubernetes Service CIDR is ready
Events:  <none>

$ kubectl create service clusterip web --tcp=80
service/web created

{1.33+}$ kubectl describe ipaddress $(kubectl get svc web -o jsonpath='{.spec.clusterIP}')
Name:         <ip>
Labels:       ipaddress.kubernetes.io/ip-family=IPv4
              ipaddress.kubernetes.io/managed-by=ipallocator.k8s.io
Annotations:  <none>
Parent Reference:
  Group:
  Resource:   services
  Namespace:  {ns}
  Name:       web
Events:       <none>
`,
};
