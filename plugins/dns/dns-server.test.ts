import { createSocket } from 'node:dgram';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ask } from '#test/conformance/name-server-client.ts';
import { nameServerConformance } from '#test/conformance/name-server.ts';
import { DnsServer } from './dns-server.ts';

nameServerConformance('DnsServer', async (upstreams) => {
  const server = new DnsServer({ addresses: ['127.0.0.1'], port: 0, upstreams }, { clock: systemClock, logger: silentLogger });
  await server.start();
  const [place] = server.endpoints;
  return { server, place: place ?? { address: '', port: 0 }, cleanup: () => server.stop() };
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
