import type { KindOf } from '#core/api/schema/kind.ts';
import { atomic, int32, list, oneOf, pointer, required, string, withDefault, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';
import { ObjectReference } from './references.ts';

export const EndpointAddress = atomic(core.type('EndpointAddress', 'One address behind a service.', {
  ip: [1, required(string), 'The address; not a loopback or link-local one.'],
  hostname: [3, string, 'Host name under the service\'s domain.'],
  nodeName: [4, pointer(string), 'The node of the pod.'],
  targetRef: [2, ObjectReference, 'The pod.'],
}));
export type EndpointAddress = Of<typeof EndpointAddress>;

export const EndpointPort = atomic(core.type('EndpointPort', 'One port of the addresses.', {
  name: [1, string, 'Name of the service\'s port; may be left out when there is only one.'],
  port: [2, required(int32), 'The port.'],
  protocol: [3, withDefault(oneOf('SCTP', 'TCP', 'UDP'), 'TCP'), 'The transport protocol.'],
  appProtocol: [4, pointer(string), 'The application protocol.'],
}));
export type EndpointPort = Of<typeof EndpointPort>;

export const EndpointSubset = core.type('EndpointSubset', 'Addresses that share their ports: each address has each port.', {
  addresses: [1, list(EndpointAddress), 'Addresses that are ready.'],
  notReadyAddresses: [2, list(EndpointAddress), 'Addresses that are not ready yet, or not any more.'],
  ports: [3, list(EndpointPort), 'Ports of the addresses.'],
});
export type EndpointSubset = Of<typeof EndpointSubset>;

export const Endpoints = core.kind('Endpoints', 'The addresses behind the service of the same name. Deprecated: use EndpointSlices.', {
  subsets: [2, list(EndpointSubset), 'Addresses with their ports; an address may stand in several.'],
}, { plural: 'endpoints' });
export type Endpoints = KindOf<typeof Endpoints>;
