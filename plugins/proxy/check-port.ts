import { Cidr, parseIp, type IpFamily } from '#core/api/ip.ts';
import type { ProxyEndpoint, ProxyPort } from '#core/spi/service-proxy.ts';

const protocols: readonly string[] = ['TCP', 'UDP', 'SCTP'];

/**
 * What a proxy acts on comes from objects that others write, by way of code that may be wrong.
 * @throws {RangeError} when an address or a number is not what it should be, naming it
 */
export function checkPort(given: ProxyPort): void {
  const wrong = doubtful(given).find(([, , isRight]) => !isRight);
  if (wrong !== undefined) throw new RangeError(`${given.key} has ${wrong[0]} ${JSON.stringify(wrong[1])}, which is none`);
}

/** What is acted on: what it is, its value, whether it is right. */
function doubtful(given: ProxyPort): readonly (readonly [string, unknown, boolean])[] {
  const { family, protocol, affinitySeconds, sourceRanges = [], endpoints, localEndpoints } = given;
  const numbers = [given.port, given.nodePort, given.healthCheckNodePort].filter((number) => number !== undefined);
  return [
    ['the protocol', protocol, protocols.includes(protocol)],
    ['the affinity', affinitySeconds, affinitySeconds === undefined || isWithin(affinitySeconds, 86_400)],
    ...[given.clusterIP, ...given.loadBalancerIPs, ...given.externalIPs].map((text) => ['the address', text, parseIp(text)?.family === family] as const),
    ...sourceRanges.map((text) => ['the range', text, Cidr.parse(text)?.family === family] as const),
    ...numbers.map((number) => ['the port', number, isWithin(number, 65_535)] as const),
    ...[...endpoints, ...localEndpoints].map((endpoint) => ['the endpoint', endpoint, isSound(endpoint, family)] as const),
  ];
}

const isSound = ({ address, port }: ProxyEndpoint, family: IpFamily): boolean => parseIp(address)?.family === family && isWithin(port, 65_535);
const isWithin = (number: number, most: number): boolean => Number.isInteger(number) && number >= 1 && number <= most;
