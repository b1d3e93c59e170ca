import { systemClock } from '#core/kernel/clock.ts';
import { serviceProxyConformance, type BenchServer, type ServiceProxyBench } from '#test/conformance/service-proxy.ts';
import { NetworkPeer } from '#test/fixtures/network-lab.ts';
import { linux, requires, root } from '#test/fixtures/requires.ts';
import { UserspaceProxy } from './userspace-proxy.ts';

/** Every address of 127.0.0.0/8 is one of a Linux machine. */
async function loopbackBench(): Promise<ServiceProxyBench> {
  const peer = await NetworkPeer.start();
  const server = async (name: string, address: string): Promise<BenchServer> => {
    for (const protocol of ['tcp', 'udp'] as const) await peer.serve(protocol, address, 8080, name);
    return { name, endpoint: { address, port: 8080, place: 'here' } };
  };
  const servers = [await server('one', '127.97.1.1'), await server('two', '127.97.1.2')] as const;
  return {
    families: ['IPv4'], network: { serviceCidrs: ['127.96.0.0/16'], clusterCidrs: [] },
    proxy: () => new UserspaceProxy({ clock: systemClock, nodePortAddresses: ['127.97.0.1'] }),
    clusterIP: (_family, number) => `127.96.0.${number}`,
    servers: { IPv4: [...servers], IPv6: [...servers] }, nodeAddress: { IPv4: '127.97.0.1', IPv6: '::1' },
    ask: async (protocol, host, port, options) => (await peer.ask(protocol, host, port, options)).name,
    cleanup: () => peer.stop(),
  };
}

serviceProxyConformance('UserspaceProxy', loopbackBench, {
  requires: requires(linux, root),
  skip: [{ reason: 'its connections end with its process', cases: ['goes on after a restart of its process'] }],
});
