import { ipText, parseIp, type IpAddress } from '#core/api/ip.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import type { Endpoint, EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { clusterIPsOf } from '#core/api/service-addresses.ts';
import type { NameRecord } from '#core/spi/name-server.ts';
import { recordText } from './record-text.ts';
import { reverseName } from './reverse-names.ts';

export type Names = ReadonlyMap<string, readonly NameRecord[]>;

/** One address of an endpoint, with the ports of its slice. */
interface Target {
  readonly address: IpAddress;
  /** Label below the service; undefined when it has no name of its own. */
  readonly hostname: string | undefined;
  readonly ports: EndpointSlice['ports'];
}

/**
 * The names of one service by the Kubernetes DNS specification 1.1.0, sections 2.3 to 2.5.
 * An endpoint without a host name is called after its address, `10-244-1-7`. Beyond the specification, endpoints of a service with a cluster IP have names
 * too when they have a host name, as CoreDNS gives them.
 */
export function serviceNames(service: Service, slices: readonly EndpointSlice[], clusterDomain: string): Names {
  const { name, namespace = '' } = service.metadata;
  const names = new NameList(`${name}.${namespace}.svc.${clusterDomain}`);
  if (service.spec.type === 'ExternalName') addExternal(names, service);
  else if (service.spec.clusterIP === 'None') addHeadless(names, targetsOf(service, slices));
  else addClusterIPs(names, service, targetsOf(service, slices));
  return names.all;
}

/** Names below a service, each record once: a pod in slices of both families has one host name and one port. */
class NameList {
  readonly all = new Map<string, NameRecord[]>();
  readonly service: string;
  readonly #seen = new Set<string>();

  constructor(service: string) {
    this.service = service;
  }

  /** @param labels what stands before the service's own name; empty for that itself */
  add(labels: string, ...records: readonly NameRecord[]): void {
    this.addAt(labels === '' ? this.service : `${labels}.${this.service}`, ...records);
  }

  addAt(name: string, ...records: readonly NameRecord[]): void {
    for (const record of records) {
      const text = `${name} ${recordText(record)}`;
      if (this.#seen.has(text)) continue;
      this.#seen.add(text);
      const known = this.all.get(name);
      if (known === undefined) this.all.set(name, [record]);
      else known.push(record);
    }
  }
}

const addressRecord = (address: IpAddress): NameRecord => ({ type: address.family === 'IPv4' ? 'A' : 'AAAA', address: ipText(address) });

/** Names that look like an IPv4 address are none that DNS could answer for. */
function addExternal(names: NameList, { spec: { externalName = '' } }: Service): void {
  const target = externalName.replace(/\.$/, '');
  if (target !== '' && parseIp(target) === undefined) names.add('', { type: 'CNAME', target });
}

function addClusterIPs(names: NameList, service: Service, targets: readonly Target[]): void {
  const addresses = clusterIPsOf(service.spec).map(parseIp).filter((address) => address !== undefined);
  if (addresses.length === 0) return;
  names.add('', ...addresses.map(addressRecord));
  for (const { name = '', protocol = 'TCP', port } of service.spec.ports ?? []) {
    if (name !== '') names.add(`_${name}._${protocol.toLowerCase()}`, { type: 'SRV', target: names.service, port, priority: 0, weight: 100 });
  }
  for (const address of addresses) names.addAt(reverseName(address), { type: 'PTR', target: names.service });
  for (const { address, hostname } of targets) if (hostname !== undefined) addEndpoint(names, address, hostname);
}

function addEndpoint(names: NameList, address: IpAddress, hostname: string): void {
  names.add(hostname, addressRecord(address));
  names.addAt(reverseName(address), { type: 'PTR', target: `${hostname}.${names.service}` });
}

function addHeadless(names: NameList, targets: readonly Target[]): void {
  const weight = Math.max(1, Math.floor(100 / Math.max(1, targets.length)));
  for (const { address, hostname = ipText(address).replace(/[.:]/g, '-'), ports = [] } of targets) {
    names.add('', addressRecord(address));
    addEndpoint(names, address, hostname);
    for (const { name = '', protocol = 'TCP', port } of ports) {
      if (name !== '' && port !== undefined) names.add(`_${name}._${protocol.toLowerCase()}`, { type: 'SRV', target: `${hostname}.${names.service}`, port, priority: 0, weight });
    }
  }
}

function targetsOf({ spec }: Service, slices: readonly EndpointSlice[]): Target[] {
  const isReady = ({ conditions }: Endpoint): boolean => spec.publishNotReadyAddresses === true || conditions.ready !== false;
  return slices.flatMap(({ addressType, endpoints, ports }) => endpoints.filter(isReady).flatMap(({ addresses, hostname }) => addresses.flatMap((text) => {
    const address = parseIp(text);
    return address === undefined || address.family !== addressType ? [] : [{ address, hostname: hostname === '' ? undefined : hostname, ports }];
  })));
}
