import type { KindOf } from '#core/api/schema/kind.ts';
import { Condition } from '#core/api/schema/meta.ts';
import { always, atomicMap, bool, int32, intOrString, list, merged, oneOf, pointer, required, string, withDefault, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';

const protocol = oneOf('SCTP', 'TCP', 'UDP');
const ipFamily = oneOf('IPv4', 'IPv6');

export const ServicePort = core.type('ServicePort', 'A port of a service, and where its traffic goes.', {
  name: [1, string, 'Name of the port, unique in the service; may be left out when there is only one.'],
  protocol: [2, withDefault(protocol, 'TCP'), 'The transport protocol.'],
  appProtocol: [6, pointer(string), 'The application protocol, such as kubernetes.io/h2c; a hint for load balancers and meshes.'],
  port: [3, required(int32), 'The port that clients use.'],
  targetPort: [4, intOrString, 'Number or name of the pods\' port; the same as port when absent.'],
  nodePort: [5, int32, 'The port on every node, for NodePort and LoadBalancer; assigned when absent.'],
});
export type ServicePort = Of<typeof ServicePort>;

export const ClientIPConfig = core.type('ClientIPConfig', 'Affinity by the client\'s address.', {
  timeoutSeconds: [1, pointer(int32), 'Seconds without traffic after which a client may get another pod; at most a day.'],
});
export type ClientIPConfig = Of<typeof ClientIPConfig>;

export const SessionAffinityConfig = core.type('SessionAffinityConfig', 'Settings of the session affinity.', {
  clientIP: [1, ClientIPConfig, 'Affinity by the client\'s address.'],
});
export type SessionAffinityConfig = Of<typeof SessionAffinityConfig>;

export const ServiceSpec = core.type('ServiceSpec', 'What a service offers, and by which pods.', {
  ports: [1, merged(ServicePort, ['port', 'protocol']), 'Ports of the service.'],
  selector: [2, atomicMap(string), 'Labels of the pods behind the service; when absent, its endpoints are managed by somebody else.'],
  clusterIP: [3, string, 'The service\'s address inside the cluster; None for a headless service. The first of clusterIPs.'],
  clusterIPs: [18, list(string), 'Addresses inside the cluster, at most one per IP family; assigned when absent.'],
  type: [4, withDefault(oneOf('ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'), 'ClusterIP'), 'From where the service can be reached.'],
  externalIPs: [5, list(string), 'Further addresses at which nodes take traffic for the service; routed there by somebody else.'],
  sessionAffinity: [7, withDefault(oneOf('ClientIP', 'None'), 'None'), 'ClientIP sends a client to the same pod again.'],
  loadBalancerIP: [8, string, 'Address wished for the load balancer. Deprecated: its meaning differs between clouds.'],
  loadBalancerSourceRanges: [9, list(string), 'Clients that the load balancer lets in, as CIDRs; all when absent.'],
  externalName: [10, string, 'For ExternalName: the name that the cluster\'s DNS answers with.'],
  externalTrafficPolicy: [11, oneOf('Cluster', 'Local'), 'Local keeps outside traffic on the node that took it, and the client\'s address with it.'],
  healthCheckNodePort: [12, int32, 'Port on each node that tells load balancers whether it has pods, for externalTrafficPolicy Local; cannot change.'],
  publishNotReadyAddresses: [13, bool, 'Pods that are not ready count as ready, such as for the peers of a StatefulSet.'],
  sessionAffinityConfig: [14, SessionAffinityConfig, 'Settings of the session affinity.'],
  ipFamilies: [19, list(ipFamily), 'The IP families of clusterIPs, in their order; chosen by the cluster when absent.'],
  ipFamilyPolicy: [17, oneOf('PreferDualStack', 'RequireDualStack', 'SingleStack'), 'One IP family, both if the cluster has them, or both for certain.'],
  allocateLoadBalancerNodePorts: [20, pointer(bool), 'For LoadBalancer: false when the load balancer needs no node ports.'],
  loadBalancerClass: [21, pointer(string), 'Which load balancer implementation is meant; the cluster\'s default when absent. Cannot change.'],
  internalTrafficPolicy: [22, oneOf('Cluster', 'Local'), 'Local keeps traffic from inside the cluster on its node.'],
  trafficDistribution: [23, pointer(string), 'Which endpoints are preferred: PreferSameZone (or PreferClose), PreferSameNode; any when absent.'],
});
export type ServiceSpec = Of<typeof ServiceSpec>;

export const PortStatus = core.type('PortStatus', 'A port of a load balancer.', {
  port: [1, required(int32), 'The service\'s port.'],
  protocol: [2, required(string), 'TCP, UDP or SCTP.'],
  error: [3, pointer(string), 'One word about what is wrong with the port.'],
});
export type PortStatus = Of<typeof PortStatus>;

export const LoadBalancerIngress = core.type('LoadBalancerIngress', 'A place at which a load balancer takes traffic.', {
  ip: [1, string, 'Its address.'],
  hostname: [2, string, 'Its name, where load balancers have names.'],
  ipMode: [3, oneOf('Proxy', 'VIP'), 'VIP delivers packets with ip as destination, Proxy with the node\'s or pod\'s address; VIP when absent.'],
  ports: [4, list(PortStatus), 'Its ports; set when one has an error, and then all.'],
});
export type LoadBalancerIngress = Of<typeof LoadBalancerIngress>;

export const LoadBalancerStatus = core.type('LoadBalancerStatus', 'A load balancer, as it stands.', {
  ingress: [1, list(LoadBalancerIngress), 'Where it takes traffic.'],
});
export type LoadBalancerStatus = Of<typeof LoadBalancerStatus>;

export const ServiceStatus = core.type('ServiceStatus', 'What became of a service.', {
  loadBalancer: [1, always(LoadBalancerStatus), 'The load balancer, once there is one.'],
  conditions: [2, merged(Condition, ['type']), 'Aspects of the service\'s state.'],
});
export type ServiceStatus = Of<typeof ServiceStatus>;

export const Service = core.kind('Service', 'A stable name and address for a changing set of pods.', {
  spec: [2, always(ServiceSpec), 'What the service offers, and by which pods.'],
  status: [3, always(ServiceStatus), 'What became of it.'],
});
export type Service = KindOf<typeof Service>;
