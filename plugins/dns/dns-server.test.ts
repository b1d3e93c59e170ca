import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ask, exchange, queryPacket, readAnswer } from '#test/conformance/name-server-client.ts';
import { FakeUpstream } from '#test/conformance/name-server-upstream.ts';
import { requires } from '#test/fixtures/requires.ts';
import { nameServerConformance } from '#test/conformance/name-server.ts';
import { DnsServer } from './dns-server.ts';

nameServerConformance('DnsServer', async (upstreams) => {
  const server = new DnsServer({ addresses: ['127.0.0.1'], port: 0, upstreams }, { clock: systemClock, logger: silentLogger });
  await server.start();
  const [place] = server.endpoints;
  return { server, place: place ?? { address: '', port: 0 }, cleanup: () => server.stop() };
});

describe('clients of the name server', () => {
  const own = Object.values(networkInterfaces()).flatMap((list = []) => list).find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '';
  before(requires({ name: 'an address but loopback', isMet: () => own !== '' }));

  it('are refused outside the ranges, with an answer that is no larger than the question, and none of theirs goes elsewhere', async () => {
    const upstream = await FakeUpstream.start();
    const server = new DnsServer({ addresses: [own], port: 0, upstreams: [upstream.text] }, { clock: systemClock, logger: silentLogger });
    server.setZones(['cluster.test']);
    server.complete();
    await server.start();
    const place = server.endpoints[0] ?? { address: '', port: 0 };
    try {
      server.setClients(['203.0.113.7/32']);
      for (const transport of ['udp', 'tcp'] as const) {
        for (const name of ['cluster.test', 'www.example.com']) {
          const question = { name, type: 'SOA' } as const;
          const packet = queryPacket(question);
          const answer = readAnswer(await exchange(place, packet, transport) ?? Buffer.alloc(0));
          expect([answer.rcode, answer.size]).to.deep.equal(['REFUSED', packet.length]);
        }
      }
      expect(upstream.names).to.deep.equal([]);
      server.setClients([`${own}/32`]);
      expect((await ask(place, 'cluster.test', 'SOA')).rcode).to.equal('NOERROR');
    } finally {
      await server.stop();
      await upstream.stop();
    }
  });
});

describe('addresses of the name server', () => {
  const make = (addresses: string[], port: number): DnsServer => new DnsServer({ addresses, port, upstreams: [] }, { clock: systemClock, logger: silentLogger });

  it('share one port, by UDP and TCP', async () => {
    const server = make(['127.0.0.1', '127.0.0.2', '::1'], 0);
    await server.start();
    try {
      expect(server.endpoints.map(({ address }) => address)).to.deep.equal(['127.0.0.1', '127.0.0.2', '::1']);
      expect(new Set(server.endpoints.map(({ port }) => port)).size).to.equal(1);
      server.setZones(['cluster.test']);
      server.complete();
      for (const place of server.endpoints) {
        for (const transport of ['udp', 'tcp'] as const) expect((await ask(place, 'nope.cluster.test', 'A', { transport })).rcode, `${place.address} ${transport}`).to.equal('NXDOMAIN');
      }
    } finally {
      await server.stop();
    }
  });

  it('that are taken are named, and then none is held', async () => {
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(0, '127.0.0.2', resolve));
    const { port } = other.address();
    const server = make(['127.0.0.1', '127.0.0.2'], port);
    const failure = await server.start().then(() => '', (error: Error) => error.message);
    expect(failure).to.equal(`cannot answer questions for names at 127.0.0.2:${port} (UDP): another program has the address and port`);
    await new Promise<void>((resolve) => other.close(() => resolve()));
    const next = make(['127.0.0.1', '127.0.0.2'], port);
    await next.start();
    await next.stop();
    await server.stop();
  });

  it('that the machine does not have are named', async () => {
    const failure = await make(['192.0.2.77'], 0).start().then(() => '', (error: Error) => error.message);
    expect(failure).to.match(/192\.0\.2\.77:0 \(UDP\): this machine has no such address$/);
  });
});
