import { ObjectReference } from './core-v1/references.ts';
import { groupVersion, type KindOf } from './kind.ts';
import { always, atomic, bool, int32, list, map, oneOf, pointer, required, set, string, withDefault, type Of } from './type.ts';

const discovery = groupVersion('io.k8s.api.discovery.v1', 'discovery.k8s.io', 'v1');

export const EndpointConditions = discovery.type('EndpointConditions', 'How an endpoint stands.', {
  ready: [1, pointer(bool), 'It takes new traffic; true when absent.'],
  serving: [2, pointer(bool), 'As ready, also while it is terminating; as ready when absent.'],
  terminating: [3, pointer(bool), 'It is on its way out; false when absent.'],
});
export type EndpointConditions = Of<typeof EndpointConditions>;

export const ForZone = discovery.type('ForZone', 'A zone that should use an endpoint.', {
  name: [1, required(string), 'Name of the zone.'],
});
export type ForZone = Of<typeof ForZone>;

export const ForNode = discovery.type('ForNode', 'A node that should use an endpoint.', {
  name: [1, required(string), 'Name of the node.'],
});
export type ForNode = Of<typeof ForNode>;

export const EndpointHints = discovery.type('EndpointHints', 'From where an endpoint should be used.', {
  forZones: [1, list(ForZone), 'By clients in these zones; at most 8.'],
  forNodes: [2, list(ForNode), 'By clients on these nodes; at most 8.'],
});
export type EndpointHints = Of<typeof EndpointHints>;

export const Endpoint = discovery.type('Endpoint', 'One backend of a service.', {
  addresses: [1, required(set(string)), 'Its address; more than one means the same, and only the first is used.'],
  conditions: [2, always(EndpointConditions), 'How it stands.'],
  hostname: [3, pointer(string), 'Host name under the service\'s domain.'],
  targetRef: [4, ObjectReference, 'The pod.'],
  deprecatedTopology: [5, map(string), 'Labels of the node, from before v1. Not used any more.'],
  nodeName: [6, pointer(string), 'The node of the pod.'],
  zone: [7, pointer(string), 'The zone of the node.'],
  hints: [8, EndpointHints, 'From where it should be used.'],
});
export type Endpoint = Of<typeof Endpoint>;

export const EndpointPort = atomic(discovery.type('EndpointPort', 'One port of the endpoints.', {
  name: [1, withDefault(pointer(string), ''), 'Name of the service\'s port, unique in the slice.'],
  protocol: [2, withDefault(oneOf('SCTP', 'TCP', 'UDP'), 'TCP'), 'The transport protocol.'],
  port: [3, pointer(int32), 'The port; all when absent.'],
  appProtocol: [4, pointer(string), 'The application protocol, such as kubernetes.io/h2c.'],
}));
export type EndpointPort = Of<typeof EndpointPort>;

export const EndpointSlice = discovery.kind('EndpointSlice', 'Some of the backends of a service; all slices with its label together are the whole.', {
  addressType: [4, required(pointer(oneOf('FQDN', 'IPv4', 'IPv6'))), 'What all addresses in the slice are. Cannot change.'],
  endpoints: [2, required(list(Endpoint)), 'The backends; at most 1000.'],
  ports: [3, list(EndpointPort), 'Ports of every backend.'],
});
export type EndpointSlice = KindOf<typeof EndpointSlice>;
