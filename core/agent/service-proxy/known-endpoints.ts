import { ipText, parseIp, type IpAddress, type IpFamily } from '#core/api/ip.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import type { ServiceProtocol } from '#core/spi/service-proxy.ts';

/** An endpoint as slices tell of it, for one port. */
export interface KnownEndpoint {
  readonly address: string;
  readonly port: number;
  readonly nodeName: string | undefined;
  /** It takes new connections. */
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Names for which it is hinted; undefined without a hint. */
  readonly zones: readonly string[] | undefined;
  readonly nodes: readonly string[] | undefined;
}

/** Which endpoints belong to a port of a service: `name/PROTOCOL/family`. */
export const portKey = (name: string, protocol: ServiceProtocol, family: IpFamily): string => `${name}/${protocol}/${family}`;

export interface KnownEndpoints {
  /** By `portKey`. */
  readonly byPort: ReadonlyMap<string, readonly KnownEndpoint[]>;
  /** Addresses that no service may point to. */
  readonly refused: readonly string[];
}

/** More of one port than this are left out: 250 is what Kubernetes promises to carry. */
export const mostEndpoints = 5000;

/** What all slices of one service say together. The same address and port twice is one endpoint, ready if one of them is. */
export function knownEndpoints(slices: Iterable<EndpointSlice>): KnownEndpoints {
  const byPort = new Map<string, Map<string, KnownEndpoint>>();
  const refused = new Set<string>();
  for (const slice of slices) {
    const family = slice.addressType;
    if (family !== 'IPv4' && family !== 'IPv6') continue;
    for (const endpoint of slice.endpoints ?? []) {
      const address = addressOf(endpoint, family);
      if (address === undefined) refused.add(endpoint.addresses[0] ?? '');
      else for (const port of slice.ports ?? []) enter(byPort, family, port, address, endpoint);
    }
  }
  return { byPort: new Map([...byPort].map(([key, found]) => [key, inOrder(found)])), refused: [...refused] };
}

function enter(byPort: Map<string, Map<string, KnownEndpoint>>, family: IpFamily, { name = '', protocol = 'TCP', port }: EndpointPort, address: string, endpoint: Endpoint): void {
  if (port === undefined || port < 1 || port > 65_535) return;
  const key = portKey(name, protocol, family);
  const found = byPort.get(key) ?? new Map<string, KnownEndpoint>();
  byPort.set(key, found);
  const id = `${address} ${port}`;
  const other = found.get(id);
  if (other === undefined ? found.size < mostEndpoints : !other.ready) found.set(id, known(address, port, endpoint));
}

function known(address: string, port: number, { conditions, nodeName, hints }: Endpoint): KnownEndpoint {
  const ready = conditions.ready !== false;
  return {
    address, port, nodeName: nodeName === '' ? undefined : nodeName,
    ready, serving: conditions.serving ?? ready, terminating: conditions.terminating === true,
    zones: hints?.forZones?.length ? hints.forZones.map(({ name }) => name) : undefined,
    nodes: hints?.forNodes?.length ? hints.forNodes.map(({ name }) => name) : undefined,
  };
}

/** The order of slices means nothing, and must not look like a change. */
const inOrder = (found: ReadonlyMap<string, KnownEndpoint>): readonly KnownEndpoint[] =>
  [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);

function addressOf({ addresses }: Endpoint, family: IpFamily): string | undefined {
  const address = parseIp(addresses[0] ?? '');
  return address === undefined || address.family !== family || !isForwardable(address) ? undefined : ipText(address);
}

/** First address and bits of ranges to which nothing may be forwarded: this host, loopback, link-local with the clouds' metadata, multicast, broadcast. */
const forbidden: Record<IpFamily, readonly (readonly [bigint, bigint])[]> = {
  IPv4: [[0n, 24n], [0x7f000000n, 24n], [0xa9fe0000n, 16n], [0xe0000000n, 28n], [0xffffffffn, 0n]],
  IPv6: [[0n, 0n], [1n, 0n], [0xfe80n << 112n, 118n], [0xff00n << 112n, 120n]],
};

/** Whether traffic may be sent on to it, or be claimed by its owner. Otherwise who can write an EndpointSlice reaches what listens for this node alone. */
export const isForwardable = ({ family, value }: IpAddress): boolean =>
  !forbidden[family].some(([first, bits]) => value >> bits === first >> bits);
