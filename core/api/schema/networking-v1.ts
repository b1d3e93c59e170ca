import { TypedLocalObjectReference } from './core-v1/references.ts';
import { groupVersion, type KindOf } from './kind.ts';
import { Condition, LabelSelector } from './meta.ts';
import { always, atomic, inline, int32, intOrString, list, merged, oneOf, pointer, required, requiredPointer, string, withDefault, type Of } from './type.ts';

const networking = groupVersion('io.k8s.api.networking.v1', 'networking.k8s.io', 'v1');

export const ServiceBackendPort = atomic(networking.type('ServiceBackendPort', 'A port of a service, by name or by number.', {
  name: [1, string, 'Name of the port.'],
  number: [2, int32, 'Number of the port.'],
}));
export type ServiceBackendPort = Of<typeof ServiceBackendPort>;

export const IngressServiceBackend = networking.type('IngressServiceBackend', 'A service to which requests go.', {
  name: [1, required(string), 'Name of the service, in the ingress\'s namespace.'],
  port: [2, always(ServiceBackendPort), 'Its port.'],
});
export type IngressServiceBackend = Of<typeof IngressServiceBackend>;

export const IngressBackend = networking.type('IngressBackend', 'Where requests go; exactly one.', {
  service: [4, IngressServiceBackend, 'A service.'],
  resource: [3, TypedLocalObjectReference, 'Another object that the ingress controller knows, such as a bucket.'],
});
export type IngressBackend = Of<typeof IngressBackend>;

export const HTTPIngressPath = networking.type('HTTPIngressPath', 'Requests for certain paths, and where they go.', {
  path: [1, string, 'The path to compare with.'],
  pathType: [3, required(pointer(oneOf('Exact', 'ImplementationSpecific', 'Prefix'))), 'How: exactly, as a prefix element by element, or as the class says.'],
  backend: [2, required(IngressBackend), 'Where the requests go.'],
});
export type HTTPIngressPath = Of<typeof HTTPIngressPath>;

export const HTTPIngressRuleValue = networking.type('HTTPIngressRuleValue', 'The paths of a host.', {
  paths: [1, required(list(HTTPIngressPath)), 'The paths; the longest match wins.'],
});
export type HTTPIngressRuleValue = Of<typeof HTTPIngressRuleValue>;

export const IngressRuleValue = networking.type('IngressRuleValue', 'What a rule does with its host\'s requests.', {
  http: [1, HTTPIngressRuleValue, 'The paths; all go to the default backend when absent.'],
});
export type IngressRuleValue = Of<typeof IngressRuleValue>;

export const IngressRule = networking.type('IngressRule', 'A host and its paths.', {
  host: [1, string, 'Name of the host, such as example.com or *.example.com; all when absent.'],
  ingressRuleValue: [2, inline(IngressRuleValue)],
});
export type IngressRule = Of<typeof IngressRule>;

export const IngressTLS = networking.type('IngressTLS', 'A certificate and the hosts for which it is shown.', {
  hosts: [1, list(string), 'The hosts; all when absent.'],
  secretName: [2, string, 'The Secret with certificate and key; none leaves TLS to the controller.'],
});
export type IngressTLS = Of<typeof IngressTLS>;

export const IngressSpec = networking.type('IngressSpec', 'How requests from outside reach services.', {
  ingressClassName: [4, pointer(string), 'The IngressClass, and by it the controller.'],
  defaultBackend: [1, IngressBackend, 'Where requests go that no rule matches.'],
  tls: [2, list(IngressTLS), 'Certificates.'],
  rules: [3, list(IngressRule), 'Rules by host and path.'],
});
export type IngressSpec = Of<typeof IngressSpec>;

export const IngressPortStatus = networking.type('IngressPortStatus', 'A port of the load balancer.', {
  port: [1, required(int32), 'The port.'],
  protocol: [2, required(string), 'TCP, UDP or SCTP.'],
  error: [3, pointer(string), 'One word about what is wrong with the port.'],
});
export type IngressPortStatus = Of<typeof IngressPortStatus>;

export const IngressLoadBalancerIngress = networking.type('IngressLoadBalancerIngress', 'A place at which the load balancer takes requests.', {
  ip: [1, string, 'Its address.'],
  hostname: [2, string, 'Its name, where load balancers have names.'],
  ports: [4, list(IngressPortStatus), 'Its ports.'],
});
export type IngressLoadBalancerIngress = Of<typeof IngressLoadBalancerIngress>;

export const IngressLoadBalancerStatus = networking.type('IngressLoadBalancerStatus', 'The load balancer, as it stands.', {
  ingress: [1, list(IngressLoadBalancerIngress), 'Where it takes requests.'],
});
export type IngressLoadBalancerStatus = Of<typeof IngressLoadBalancerStatus>;

export const IngressStatus = networking.type('IngressStatus', 'What became of an ingress.', {
  loadBalancer: [1, always(IngressLoadBalancerStatus), 'The load balancer, once there is one.'],
});
export type IngressStatus = Of<typeof IngressStatus>;

export const Ingress = networking.kind('Ingress', 'Rules by which HTTP requests from outside reach services.', {
  spec: [2, always(IngressSpec), 'The rules.'],
  status: [3, always(IngressStatus), 'What became of them.'],
}, { plural: 'ingresses' });
export type Ingress = KindOf<typeof Ingress>;

export const IngressClassParametersReference = networking.type('IngressClassParametersReference', 'An object with settings for the controller.', {
  apiGroup: [1, pointer(string), 'Group of the object; empty for the core group.'],
  kind: [2, required(string), 'Kind of the object.'],
  name: [3, required(string), 'Name of the object.'],
  scope: [4, withDefault(pointer(string), 'Cluster'), 'Cluster, or Namespace for an object in a namespace.'],
  namespace: [5, pointer(string), 'Namespace of the object, for scope Namespace.'],
});
export type IngressClassParametersReference = Of<typeof IngressClassParametersReference>;

export const IngressClassSpec = networking.type('IngressClassSpec', 'Which controller serves a class of ingresses.', {
  controller: [1, string, 'Name of the controller, such as example.com/ingress. Cannot change.'],
  parameters: [2, IngressClassParametersReference, 'Settings for the controller.'],
});
export type IngressClassSpec = Of<typeof IngressClassSpec>;

export const IngressClass = networking.kind('IngressClass', 'A class of ingresses.', {
  spec: [2, always(IngressClassSpec), 'Which controller serves it.'],
}, { plural: 'ingressclasses', namespaced: false });
export type IngressClass = KindOf<typeof IngressClass>;

export const NetworkPolicyPort = networking.type('NetworkPolicyPort', 'A port, or a range of ports.', {
  protocol: [1, withDefault(oneOf('SCTP', 'TCP', 'UDP'), 'TCP'), 'The transport protocol.'],
  port: [2, pointer(intOrString), 'Number or name of the pods\' port; all when absent.'],
  endPort: [3, pointer(int32), 'The last port of a range that begins at port.'],
});
export type NetworkPolicyPort = Of<typeof NetworkPolicyPort>;

export const IPBlock = networking.type('IPBlock', 'A range of addresses, with holes.', {
  cidr: [1, required(string), 'The range.'],
  except: [2, list(string), 'Ranges inside it that do not count.'],
});
export type IPBlock = Of<typeof IPBlock>;

export const NetworkPolicyPeer = networking.type('NetworkPolicyPeer', 'The other side of the traffic: pods, or addresses.', {
  podSelector: [1, LabelSelector, 'Pods with these labels.'],
  namespaceSelector: [2, LabelSelector, 'In namespaces with these labels; the policy\'s own when absent.'],
  ipBlock: [3, IPBlock, 'A range of addresses; excludes the other two.'],
});
export type NetworkPolicyPeer = Of<typeof NetworkPolicyPeer>;

export const NetworkPolicyIngressRule = networking.type('NetworkPolicyIngressRule', 'Traffic that may come in.', {
  ports: [1, list(NetworkPolicyPort), 'To these ports; all when absent.'],
  from: [2, list(NetworkPolicyPeer), 'From these peers; all when absent.'],
});
export type NetworkPolicyIngressRule = Of<typeof NetworkPolicyIngressRule>;

export const NetworkPolicyEgressRule = networking.type('NetworkPolicyEgressRule', 'Traffic that may go out.', {
  ports: [1, list(NetworkPolicyPort), 'To these ports; all when absent.'],
  to: [2, list(NetworkPolicyPeer), 'To these peers; all when absent.'],
});
export type NetworkPolicyEgressRule = Of<typeof NetworkPolicyEgressRule>;

export const NetworkPolicySpec = networking.type('NetworkPolicySpec', 'The traffic that the selected pods may have.', {
  podSelector: [1, always(LabelSelector), 'The pods; all of the namespace when empty.'],
  ingress: [2, list(NetworkPolicyIngressRule), 'Traffic that may come in; none when absent.'],
  egress: [3, list(NetworkPolicyEgressRule), 'Traffic that may go out; none when absent.'],
  policyTypes: [4, list(oneOf('Egress', 'Ingress')), 'The directions that are ruled; Ingress, and Egress if there are rules for it, when absent.'],
});
export type NetworkPolicySpec = Of<typeof NetworkPolicySpec>;

export const NetworkPolicy = networking.kind('NetworkPolicy', 'Which traffic pods may have. Policies for the same pods add up.', {
  spec: [2, always(NetworkPolicySpec), 'The pods and their traffic.'],
}, { plural: 'networkpolicies' });
export type NetworkPolicy = KindOf<typeof NetworkPolicy>;

export const ParentReference = networking.type('ParentReference', 'The object that holds an address.', {
  group: [1, string, 'Group of the object; empty for the core group.'],
  resource: [2, required(string), 'Its resource, such as services.'],
  namespace: [3, string, 'Its namespace.'],
  name: [4, required(string), 'Its name.'],
});
export type ParentReference = Of<typeof ParentReference>;

export const IPAddressSpec = networking.type('IPAddressSpec', 'Who holds an address.', {
  parentRef: [1, requiredPointer(ParentReference), 'The object that holds the address. Cannot change.'],
});
export type IPAddressSpec = Of<typeof IPAddressSpec>;

export const IPAddress = networking.kind('IPAddress', 'An address that is taken; its name is the address in canonical form.', {
  spec: [2, always(IPAddressSpec), 'Who holds it.'],
}, { plural: 'ipaddresses', namespaced: false });
export type IPAddress = KindOf<typeof IPAddress>;

export const ServiceCIDRSpec = networking.type('ServiceCIDRSpec', 'Ranges for the addresses of services.', {
  cidrs: [1, list(string), 'At most one range per IP family. A second one may be added; nothing else changes.'],
});
export type ServiceCIDRSpec = Of<typeof ServiceCIDRSpec>;

export const ServiceCIDRStatus = networking.type('ServiceCIDRStatus', 'Whether addresses are given out from the ranges.', {
  conditions: [1, merged(Condition, ['type']), 'Aspects of the state, such as Ready.'],
});
export type ServiceCIDRStatus = Of<typeof ServiceCIDRStatus>;

export const ServiceCIDR = networking.kind('ServiceCIDR', 'Ranges from which services get their cluster IPs.', {
  spec: [2, always(ServiceCIDRSpec), 'The ranges.'],
  status: [3, always(ServiceCIDRStatus), 'Whether they are in use.'],
}, { namespaced: false });
export type ServiceCIDR = KindOf<typeof ServiceCIDR>;
