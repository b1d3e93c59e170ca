import { canonicalIp, Cidr, ipFamilyOf } from '#core/api/ip.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerRequest } from '#core/spi/load-balancers.ts';
import { choicesOf, type BalancerChoices } from './annotations.ts';

/** What a forwarding rule takes. */
export interface Traffic {
  readonly IPProtocol: 'TCP' | 'UDP' | 'L3_DEFAULT';
  /** One of the three. */
  readonly ports?: readonly string[];
  readonly portRange?: string;
  readonly allPorts?: true;
}

/** A request as it is done here. */
export interface BalancerPlan extends BalancerChoices {
  readonly traffic: Traffic;
  /** What the firewall lets through, which is less than the rule takes where that takes a range or everything. */
  readonly allowed: readonly { readonly IPProtocol: string; readonly ports: readonly string[] }[];
  readonly sourceRanges: readonly string[];
  readonly sessionAffinity: 'NONE' | 'CLIENT_IP';
  readonly healthCheck: { readonly port: number; readonly path: string } | undefined;
  /** That the service's author wishes for. */
  readonly address: string | undefined;
}

/** A forwarding rule lists no more. */
const mostPorts = 5;
const everybody = '0.0.0.0/0';

/** @throws {ProviderError} Invalid when it can never be fulfilled as it stands */
export function planOf(request: LoadBalancerRequest): BalancerPlan {
  const choices = choicesOf(request);
  const warnings = [...choices.warnings];
  const ports = portsOf(request);
  if (!request.families.includes('IPv4')) throw new ProviderError('Invalid', `a load balancer of ${request.families.join(' and ')} cannot be had here: it would need IPv4`);
  if (request.families.includes('IPv6')) warnings.push('there is no IPv6 address for the load balancer: it has IPv4 only');
  return {
    ...choices, traffic: trafficOf(ports, choices), allowed: [...ports].map(([protocol, numbers]) => ({ IPProtocol: protocol.toLowerCase(), ports: numbers.map(String) })),
    sourceRanges: rangesOf(request.sourceRanges, warnings), sessionAffinity: request.affinitySeconds === undefined ? 'NONE' : 'CLIENT_IP',
    healthCheck: request.healthCheck, address: addressOf(request), warnings,
  };
}

type PortsByProtocol = ReadonlyMap<'TCP' | 'UDP', readonly number[]>;

/** Sorted, each once. */
function portsOf({ ports }: LoadBalancerRequest): PortsByProtocol {
  const found = new Map<'TCP' | 'UDP', number[]>();
  for (const { protocol, port } of ports) {
    if (protocol === 'SCTP') throw new ProviderError('Invalid', `port ${port} is of protocol SCTP, which load balancers do not take here: TCP and UDP are`);
    found.set(protocol, [...new Set([...(found.get(protocol) ?? []), port])].toSorted((a, b) => a - b));
  }
  if (found.size === 0) throw new ProviderError('Invalid', 'a load balancer without ports cannot be had');
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function trafficOf(ports: PortsByProtocol, { scheme }: BalancerChoices): Traffic {
  const [[IPProtocol, numbers] = ['TCP' as const, []], second] = ports;
  // One rule for both protocols takes everything: two would need a reserved address to share.
  if (second !== undefined) return { IPProtocol: 'L3_DEFAULT', allPorts: true };
  if (numbers.length <= mostPorts) return { IPProtocol, ports: numbers.map(String) };
  return scheme === 'INTERNAL' ? { IPProtocol, allPorts: true } : { IPProtocol, portRange: `${numbers[0]}-${numbers.at(-1)}` };
}

/** Of IPv4, canonical, sorted. */
function rangesOf(asked: readonly string[], warnings: string[]): readonly string[] {
  if (asked.length === 0) return [everybody];
  const ranges = asked.map((text) => {
    const range = Cidr.parse(text.trim());
    if (range === undefined) throw new ProviderError('Invalid', `${JSON.stringify(text.slice(0, 200))} of the source ranges is no range of addresses such as 10.0.0.0/8`);
    return range;
  });
  const known = [...new Set(ranges.filter(({ family }) => family === 'IPv4').map(String))].toSorted();
  // Without any the firewall would let everybody in.
  if (known.length === 0) throw new ProviderError('Invalid', `the source ranges ${asked.join(', ')} let nobody in who comes by IPv4, which is all that the load balancer has`);
  if (known.length < ranges.length && ranges.some(({ family }) => family === 'IPv6')) warnings.push('source ranges of IPv6 have no effect: the load balancer has IPv4 only');
  return known;
}

function addressOf({ address }: LoadBalancerRequest): string | undefined {
  if (address === undefined) return undefined;
  if (ipFamilyOf(address) === 'IPv4') return canonicalIp(address);
  throw new ProviderError('Invalid', `spec.loadBalancerIP ${JSON.stringify(address)} is no IPv4 address`);
}
