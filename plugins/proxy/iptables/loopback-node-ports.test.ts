import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import type { ProxyEndpoint } from '#core/spi/service-proxy.ts';
import { FakeIptables } from '#test/fixtures/fake-iptables.ts';
import { ProxyWorld, proxyPort } from '#test/fixtures/proxy-ports.ts';
import { IptablesProxy } from './iptables-proxy.ts';

const never = new AbortController().signal;
const nodePort = 30_997;

const answer = (): Promise<string> => new Promise((resolve) => {
  const socket = connect(nodePort, '127.0.0.1');
  socket.once('data', (bytes) => {
    resolve(bytes.toString());
    socket.destroy();
  });
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
});

describe('node ports on loopback', () => {
  it('come, change and go with their services, and with the process', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint: ProxyEndpoint = { address: '127.0.0.1', port: (server.address() as AddressInfo).port, place: 'here' };
    const proxy = new IptablesProxy({ logger: silentLogger, run: new FakeIptables().run, loopbackNodePorts: true });
    const world = new ProxyWorld({ serviceCidrs: [], clusterCidrs: [] });
    const web = (...endpoints: readonly ProxyEndpoint[]) => world.put(proxyPort('web', '10.96.0.1', endpoints, { nodePort, externalLocal: true }));
    try {
      web(endpoint);
      world.put(proxyPort('dns', '10.96.0.2', [endpoint], { nodePort, protocol: 'UDP' }), proxyPort('bad', '10.96.0.3', [{ ...endpoint, address: 'localhost' }], { nodePort: nodePort - 1 }));
      const { problems } = await proxy.sync(world.state, undefined, never);
      expect(problems.map(({ port }) => port)).to.eql(['default/bad:p/TCP/IPv4']);
      expect(await answer()).to.equal('hello');
      await proxy.sync(world.state, web(), never);
      expect(await answer()).to.equal('ECONNRESET');
      await proxy.sync(world.state, web(endpoint), never);
      expect(await answer()).to.equal('hello');
      await proxy.sync(world.state, world.delete(proxyPort('web', '10.96.0.1', [])), never);
      expect(await answer()).to.equal('ECONNREFUSED');
      await proxy.sync(world.state, web(endpoint), never);
      await proxy.close();
      expect(await answer()).to.equal('ECONNREFUSED');
    } finally {
      await proxy.remove(never);
      server.close();
    }
  });
});
