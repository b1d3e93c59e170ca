import { ipFamilyOf } from '#core/api/ip.ts';
import { dnsLabelProblem, dnsSubdomainProblem, labelValueProblem, qualifiedNameProblem } from '#core/api/names.ts';
import { EndpointSlice, type Endpoint, type EndpointHints, type EndpointPort } from '#core/api/schema/discovery-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { addressWarnings, validateEndpointAddress } from './rules/addresses.ts';
import { FieldPath } from './rules/field-path.ts';
import { fullyQualifiedProblem } from './rules/host-names.ts';
import { firstFew } from './rules/printing.ts';

const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20_000;
const maxHints = 8;

type Hint = { readonly name: string };

function validateHint(list: readonly Hint[], problemOf: (name: string) => string | undefined, field: FieldPath): void {
  if (list.length > maxHints) return field.tooMany(list.length, maxHints);
  const seen = new Set<string>();
  for (const [i, { name }] of list.entries()) {
    const at = field.at(i, 'name');
    if (seen.has(name)) at.duplicate(name);
    seen.add(name);
    at.check(name, problemOf(name));
  }
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, field: FieldPath): void {
  validateHint(forZones, labelValueProblem, field.at('forZones'));
  validateHint(forNodes, dnsSubdomainProblem, field.at('forNodes'));
}

function validateAddress(address: string, type: EndpointSlice['addressType'], field: FieldPath): void {
  if (type === 'FQDN') field.name(address, fullyQualifiedProblem);
  else if (ipFamilyOf(address) !== type) field.invalid(address, `must be a valid ${type} address`);
  else validateEndpointAddress(address, field);
}

function validateEndpoint({ addresses, hostname, nodeName, hints }: Endpoint, type: EndpointSlice['addressType'] | undefined, field: FieldPath): void {
  const at = field.at('addresses');
  if (addresses.length === 0) at.required('must contain at least 1 address');
  else if (addresses.length > maxAddresses) at.tooMany(addresses.length, maxAddresses);
  else if (type !== undefined) for (const [i, address] of addresses.entries()) validateAddress(address, type, at.at(i));
  if (nodeName !== undefined) field.at('nodeName').check(nodeName, dnsSubdomainProblem(nodeName));
  if (hostname !== undefined) field.at('hostname').check(hostname, dnsLabelProblem(hostname));
  if (hints !== undefined) validateHints(hints, field.at('hints'));
}

function validatePorts(ports: readonly EndpointPort[], field: FieldPath): void {
  if (ports.length > maxPorts) return field.tooMany(ports.length, maxPorts);
  const names = new Set<string>();
  for (const [i, { name = '', appProtocol }] of ports.entries()) {
    const at = field.at(i);
    at.at('name').optional(name, dnsLabelProblem);
    if (names.has(name)) at.at('name').duplicate(name);
    names.add(name);
    if (appProtocol !== undefined) at.at('appProtocol').check(appProtocol, qualifiedNameProblem(appProtocol));
  }
}

/** It stands in `nodeName` and `zone` since v1, and only beta versions could write it. */
function dropOldTopology(slice: EndpointSlice): void {
  for (const endpoint of slice.endpoints) delete endpoint.deprecatedTopology;
}

const portText = ({ port, name }: EndpointPort): string => (port === undefined ? name ?? '*' : String(port));

export const endpointSlices = resource<EndpointSlice>({
  kind: EndpointSlice,
  hasStatus: false,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  prepareForCreate: dropOldTopology,
  prepareForUpdate(slice, old) {
    dropOldTopology(slice);
    const content = ({ metadata: { labels }, addressType, endpoints, ports }: EndpointSlice): unknown => ({ labels, addressType, endpoints, ports });
    if (!deepEqual(content(slice), content(old))) slice.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate({ addressType, endpoints, ports = [] }: Partial<EndpointSlice>, errors) {
    const root = FieldPath.root(errors);
    if (addressType === undefined) root.at('addressType').required();
    const at = root.at('endpoints');
    if ((endpoints ?? []).length > maxEndpoints) at.tooMany((endpoints ?? []).length, maxEndpoints);
    else for (const [i, endpoint] of (endpoints ?? []).entries()) validateEndpoint(endpoint, addressType, at.at(i));
    validatePorts(ports, root.at('ports'));
  },
  validateUpdate: (slice, old, errors) => errors.immutable('addressType', slice.addressType, old.addressType),
  warnings: ({ addressType, endpoints }) => (addressType === 'FQDN' ? ['addressType: FQDN endpoints are deprecated'] :
    endpoints.flatMap(({ addresses }, i) => addresses.flatMap((address, j) => addressWarnings(address, `endpoints[${i}].addresses[${j}]`)))),

  columns: [
    nameColumn,
    { name: 'AddressType', type: 'string', description: 'What all addresses are.', cell: ({ addressType }: Partial<EndpointSlice>) => addressType ?? '' },
    { name: 'Ports', type: 'string', description: 'Ports of every backend.', cell: ({ ports = [] }) => firstFew(ports.map(portText)) || '<unset>' },
    {
      name: 'Endpoints', type: 'string', description: 'Addresses of the first backends.',
      cell: ({ endpoints }) => firstFew(endpoints.flatMap(({ addresses }) => addresses)) || '<unset>',
    },
    ageColumn,
  ],
});
