import { createSocket } from 'node:dgram';
import { decode, encode, type Answer, type Question } from 'dns-packet';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { NameEntry } from '#core/spi/name-server.ts';
import { DnsServer } from '#plugins/dns/dns-server.ts';

/** The service of this number, and its address. */
export const serviceName = (index: number): string => `service-${index}.namespace-${index % 100}.svc.cluster.local`;
export const serviceAddress = (index: number): string => `10.96.${index >> 8}.${index & 255}`;

/** The plain way: each packet decoded and encoded by the library, names in a map. */
async function plain(services: number): Promise<number> {
  const names = new Map(Array.from({ length: services }, (_, index) => [serviceName(index), serviceAddress(index)]));
  const socket = createSocket('udp4');
  socket.on('message', (packet, { port, address }) => {
    const { id = 0, questions = [] } = decode(packet);
    const [{ name, type }] = questions as [Question];
    const found = names.get(name.toLowerCase());
    const answers: Answer[] = found !== undefined && type === 'A' ? [{ type: 'A', name, ttl: 5, data: found }] : [];
    const authorities: Answer[] = answers.length > 0 ? [] : [{ type: 'SOA', name: 'cluster.local', ttl: 5, data: { mname: 'ns.dns.cluster.local', rname: 'hostmaster.cluster.local', serial: 1, minimum: 5 } }];
    socket.send(encode({ type: 'response', id, flags: 0x0580 | (found === undefined ? 3 : 0), questions, answers, authorities }), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket.address().port;
}

async function ours(services: number, upstream: string): Promise<number> {
  const server = new DnsServer({ addresses: ['127.0.0.1'], port: 0, upstreams: [upstream] }, { clock: systemClock, logger: silentLogger });
  server.setZones(['cluster.local']);
  server.publish(new Map(Array.from({ length: services }, (_, index): [string, NameEntry] => [serviceName(index), { ttl: 5, records: [{ type: 'A', address: serviceAddress(index) }] }])));
  server.complete();
  await server.start();
  return server.endpoints[0]?.port ?? 0;
}

// A process of its own: `dns-subject.ts plain|ours SERVICES UPSTREAM`; writes its port.
if (import.meta.main) {
  const [, , which, services = '', upstream = ''] = process.argv;
  process.stdout.write(`${await (which === 'plain' ? plain(Number(services)) : ours(Number(services), upstream))}\n`);
}
