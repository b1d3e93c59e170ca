import { invalid } from './api-error.ts';
import { type Json, textOf } from './json.ts';

/** The ports of a forwarding rule, as it keeps them: a list of at most five, one range, or all. */
export function checkPorts(body: Json, scheme: string, protocol: string, passthrough: boolean): Json {
  const ports = (body['ports'] as readonly string[] | undefined) ?? [];
  const { portRange, allPorts } = body;
  const given = [ports.length > 0, (portRange ?? '') !== '', allPorts === true].filter(Boolean).length;
  if (given > 1) throw invalid('resource.ports', '', 'Only one of ports, portRange and allPorts can be specified.');
  if (protocol === 'L3_DEFAULT') {
    if (allPorts !== true) throw invalid('resource.allPorts', '', 'All ports must be forwarded for protocol L3_DEFAULT.');
    return { allPorts: true };
  }
  if (allPorts === true) {
    if (!passthrough) throw invalid('resource.allPorts', 'true', 'All ports can be forwarded to a backend service only.');
    return { allPorts: true };
  }
  if (ports.length > 0) return checkList(ports, scheme);
  if (typeof portRange === 'string' && portRange !== '') return checkRange(portRange, scheme);
  if (passthrough) throw invalid('resource.ports', '', 'One of ports, portRange and allPorts must be specified.');
  return {};
}

function checkList(ports: readonly string[], scheme: string): Json {
  if (ports.length > 5) throw invalid('resource.ports', '', 'At most 5 ports can be specified.');
  for (const [index, port] of ports.entries()) {
    const number = Number(port);
    if (!/^\d{1,5}$/.test(port) || number < 1 || number > 65_535) throw invalid(`resource.ports[${index}]`, port, 'Must be a port number.');
    if (ports.indexOf(port) !== index) throw invalid(`resource.ports[${index}]`, port, 'The port is there twice.');
  }
  if (scheme.endsWith('MANAGED') && ports.length > 1) throw invalid('resource.ports', '', 'One port can be specified for a proxy.');
  return { ports };
}

function checkRange(text: string, scheme: string): Json {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (match === null || first < 1 || last > 65_535 || first > last) throw invalid('resource.portRange', text, 'Must be a port or a range of ports.');
  if (scheme === 'INTERNAL') throw invalid('resource.portRange', text, 'A port range cannot be specified for internal load balancing; use ports.');
  return { portRange: `${first}-${last}` };
}

/** Whether two rules with the same address would both take a packet. */
export function overlap(left: Json, right: Json): boolean {
  if (left['IPProtocol'] !== right['IPProtocol'] && left['IPProtocol'] !== 'L3_DEFAULT' && right['IPProtocol'] !== 'L3_DEFAULT') return false;
  // A rule for all protocols may stand behind ones for a protocol: the vendor prefers the latter.
  if (left['IPProtocol'] !== right['IPProtocol']) return false;
  const others = rangesOf(right);
  return rangesOf(left).some(([first, last]) => others.some(([from, to]) => first <= to && from <= last));
}

function rangesOf(rule: Json): readonly (readonly [number, number])[] {
  const ports = (rule['ports'] as readonly string[] | undefined)?.map((port): [number, number] => [Number(port), Number(port)]);
  if (ports !== undefined) return ports;
  const [first, last] = textOf(rule['portRange'] ?? '0-65535').split('-').map(Number);
  return [[first ?? 0, last ?? 65_535]];
}
