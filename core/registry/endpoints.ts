import { dnsLabelProblem, dnsSubdomainProblem, qualifiedNameProblem } from '#core/api/names.ts';
import { Endpoints, type EndpointAddress, type EndpointPort, type EndpointSubset } from '#core/api/schema/core-v1/endpoints.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { addressWarnings, validateEndpointAddress } from './rules/addresses.ts';
import { FieldPath } from './rules/field-path.ts';
import { firstFew } from './rules/printing.ts';
import { portNumberProblem } from './rules/syntax.ts';

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, field: FieldPath): void {
  validateEndpointAddress(ip, field.at('ip'));
  field.at('hostname').optional(hostname, dnsLabelProblem);
  if (nodeName !== undefined) field.at('nodeName').check(nodeName, dnsSubdomainProblem(nodeName));
}

function validatePort({ name = '', port, appProtocol }: EndpointPort, needsName: boolean, field: FieldPath): void {
  if (needsName || name !== '') field.at('name').name(name, dnsLabelProblem);
  const problem = portNumberProblem(port);
  if (problem !== undefined) field.at('port').invalid(port, problem);
  if (appProtocol !== undefined) field.at('appProtocol').check(appProtocol, qualifiedNameProblem(appProtocol));
}

function validateSubset({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset, field: FieldPath): void {
  if (addresses.length === 0 && notReadyAddresses.length === 0) field.required('must specify `addresses` or `notReadyAddresses`');
  for (const [i, address] of addresses.entries()) validateAddress(address, field.at('addresses', i));
  for (const [i, address] of notReadyAddresses.entries()) validateAddress(address, field.at('notReadyAddresses', i));
  for (const [i, port] of ports.entries()) validatePort(port, ports.length > 1, field.at('ports', i));
}

const joined = (ip: string, port: number): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

function endpointsText({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return '<none>';
  return firstFew(subsets.flatMap(({ addresses = [], ports = [] }) =>
    (ports.length === 0 ? addresses.map(({ ip }) => ip) : ports.flatMap(({ port }) => addresses.map(({ ip }) => joined(ip, port))))));
}

export const endpoints = resource<Endpoints>({
  kind: Endpoints,
  shortNames: ['ep'],
  hasStatus: false,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  allowsUnconditionalUpdate: true,

  validate({ subsets = [] }, errors) {
    const field = FieldPath.root(errors).at('subsets');
    for (const [i, subset] of subsets.entries()) validateSubset(subset, field.at(i));
  },
  warnings: ({ subsets = [] }) => subsets.flatMap(({ addresses = [], notReadyAddresses = [] }, i) => [
    ...addresses.flatMap(({ ip }, j) => addressWarnings(ip, `subsets[${i}].addresses[${j}].ip`)),
    ...notReadyAddresses.flatMap(({ ip }, j) => addressWarnings(ip, `subsets[${i}].notReadyAddresses[${j}].ip`)),
  ]),

  columns: [
    nameColumn,
    { name: 'Endpoints', type: 'string', description: 'The first addresses that are ready, with their ports.', cell: endpointsText },
    ageColumn,
  ],
});
