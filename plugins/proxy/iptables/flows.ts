import { canonicalIp } from '#core/api/ip.ts';

/** One entry of the kernel's connection tracking. */
export interface Flow {
  readonly protocol: 'tcp' | 'udp';
  /** Of TCP. */
  readonly state: string | undefined;
  /** To where the client sent. */
  readonly destination: string;
  readonly destinationPort: number;
  /** Who answers: the endpoint, when the destination was translated. */
  readonly answerer: string;
  readonly answererPort: number;
}

const udp = /^udp +17 \d+ src=\S+ dst=(\S+) sport=\d+ dport=(\d+)\b.*? src=(\S+) dst=\S+ sport=(\d+) /;
const tcp = /^tcp +6 \d+ (\S+) src=\S+ dst=(\S+) sport=\d+ dport=(\d+)\b.*? src=(\S+) dst=\S+ sport=(\d+) /;

/** Reads a line that `conntrack -L` prints; undefined for other protocols and for what is no flow. */
export function parseFlow(line: string): Flow | undefined {
  const isUdp = line.startsWith('udp');
  const found = isUdp ? udp.exec(line)?.slice(1) : tcp.exec(line)?.slice(1);
  if (found === undefined) return undefined;
  const [state, destination = '', destinationPort, answerer = '', answererPort] = isUdp ? [undefined, ...found] : found;
  return {
    protocol: isUdp ? 'udp' : 'tcp', state,
    destination: canonicalIp(destination), destinationPort: Number(destinationPort), answerer: canonicalIp(answerer), answererPort: Number(answererPort),
  };
}

/** What `conntrack` is to be told, so that flows like this one are forgotten. */
export const deletion = (family: 'ipv4' | 'ipv6', { protocol, state, destination, destinationPort, answerer, answererPort }: Flow): string => [
  '-D', '-f', family, '-p', protocol, ...(state === undefined ? [] : ['--state', state]),
  '--orig-dst', destination, '--orig-port-dst', String(destinationPort), '--reply-src', answerer, '--reply-port-src', String(answererPort),
].join(' ');
