import { expect } from 'chai';
import type { ProxyEndpoint, ProxyPort } from '#core/spi/service-proxy.ts';
import { proxyPort } from '#test/fixtures/proxy-ports.ts';
import { portChain } from './names.ts';
import { portRules, type PortRules } from './port-rules.ts';

const here: ProxyEndpoint = { address: '10.244.1.11', port: 8080, place: 'here' };
const away: ProxyEndpoint = { address: '10.244.2.20', port: 8080, place: 'elsewhere' };
const farther: ProxyEndpoint = { address: '10.244.3.30', port: 8080, place: 'elsewhere' };
const options = { clusterCidrs: ['10.244.0.0/16'], externalIPs: false };
const web = (endpoints: readonly ProxyEndpoint[], rest: Partial<ProxyPort> = {}) => proxyPort('web', '10.96.7.23', endpoints, rest);
const [svc, svl, ext, fw] = (['SVC', 'SVL', 'EXT', 'FW'] as const).map((kind) => portChain(kind, 'default/web:p/TCP/IPv4')) as [string, string, string, string];

/** With chains of endpoints called by their number, as they are hashes. */
function readable({ chains, addresses, nodePorts, refusedAddresses, refusedNodePorts }: PortRules): Record<string, readonly string[]> {
  const endpoints = chains.map(({ name }) => name).filter((name) => name.startsWith('KEELSON-SEP-'));
  const short = (text: string): string => [[svc, 'SVC'], [svl, 'SVL'], [ext, 'EXT'], [fw, 'FW'], ...endpoints.map((name, index) => [name, `SEP${index}`])]
    .reduce((all, [name = '', called = '']) => all.replaceAll(name, called), text);
  const rules = (entries: PortRules['addresses']): string[] => entries.map(({ rule }) => short(rule));
  return {
    ...Object.fromEntries(chains.map(({ name, rules: lines }) => [short(name), lines.map(short)])),
    addresses: rules(addresses), nodePorts: rules(nodePorts), refused: rules([...refusedAddresses, ...refusedNodePorts]),
  };
}

describe('the rules of a port', () => {
  it('choose among endpoints by chance, and mask who is no pod', () => {
    expect(readable(portRules(web([away, farther, here]), options))).to.eql({
      SVC: [
        '-j KEELSON-OFF-CLUSTER',
        '-p tcp -m statistic --mode random --probability 0.33333333349 -j DNAT --to-destination 10.244.2.20:8080',
        '-p tcp -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.244.3.30:8080',
        '-p tcp -j SEP0',
      ],
      SEP0: ['-s 10.244.1.11/32 -j KEELSON-MARK-MASQ', '-p tcp -j DNAT --to-destination 10.244.1.11:8080'],
      addresses: ['-d 10.96.7.23/32 -p tcp -m tcp --dport 80 -j SVC'], nodePorts: [], refused: [],
    });
  });

  it('send a known client back to its endpoint', () => {
    const list = /--name \S+ --mask 255.255.255.255 --rsource/;
    const { SVC = [] } = readable(portRules(web([away], { affinitySeconds: 300 }), { ...options, clusterCidrs: [] }));
    expect(SVC.map((rule) => rule.replace(list, 'LIST'))).to.eql([
      '-p tcp -m recent --update --seconds 300 --reap LIST -j DNAT --to-destination 10.244.2.20:8080',
      '-p tcp -m recent --set LIST -j DNAT --to-destination 10.244.2.20:8080',
    ]);
  });

  it('keep traffic from outside on the node with policy Local, and the rest of the cluster out of it', () => {
    const rules = readable(portRules(web([away, here], { nodePort: 30_080, externalLocal: true, localEndpoints: [here] }), options));
    expect(rules['EXT']).to.eql([
      '-s 10.244.0.0/16 -j SVC', '-m addrtype --src-type LOCAL -j KEELSON-MARK-MASQ', '-m addrtype --src-type LOCAL -j SVC', '-j SVL',
    ]);
    expect(rules['SVL']).to.eql(['-p tcp -j SEP0']);
    expect(rules['nodePorts']).to.eql(['-p tcp -m tcp --dport 30080 -j EXT']);
    expect(rules['refused']).to.eql([]);
  });

  it('drop what should stay here and cannot, and reset what nobody takes', () => {
    const local = readable(portRules(web([away], { nodePort: 30_080, externalLocal: true, internalLocal: true }), options));
    expect(local['refused']).to.eql(['-d 10.96.7.23/32 -p tcp -m tcp --dport 80 -j DROP', '-p tcp -m tcp --dport 30080 -j DROP']);
    expect(local['addresses']).to.eql([]);
    const none = readable(portRules(web([], { nodePort: 30_080 }), options));
    expect(none['refused']).to.eql(['-d 10.96.7.23/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset', '-p tcp -m tcp --dport 30080 -j REJECT --reject-with tcp-reset']);
    const udp = readable(portRules(proxyPort('web', 'fd96::1', [], { protocol: 'UDP' }), options));
    expect(udp['refused']).to.eql(['-d fd96::1/128 -p udp -m udp --dport 80 -j REJECT --reject-with icmp6-port-unreachable']);
  });

  it('fence a load balancer in, and let its health checks pass', () => {
    const rules = readable(portRules(web([away], { loadBalancerIPs: ['203.0.113.9'], sourceRanges: ['192.0.2.0/24', '0.0.0.0/0'], healthCheckNodePort: 31_000 }), options));
    expect(rules['FW']).to.eql(['-s 192.0.2.0/24 -j EXT', '-j EXT']);
    expect(rules['addresses']).to.include('-d 203.0.113.9/32 -p tcp -m tcp --dport 80 -j FW');
    expect(rules['refused']).to.eql(['-d 203.0.113.9/32 -p tcp -m tcp --dport 80 -j DROP', '-p tcp -m tcp --dport 31000 -j ACCEPT']);
  });

  it('have nothing of external IPs unless asked', () => {
    const claimed = web([away], { externalIPs: ['192.0.2.53'] });
    expect(JSON.stringify(portRules(claimed, options))).not.to.include('192.0.2.53');
    expect(readable(portRules(claimed, { ...options, externalIPs: true }))['addresses']).to.include('-d 192.0.2.53/32 -p tcp -m tcp --dport 80 -j EXT');
  });

  it('have names of at most 28 characters, which say nothing of the service\'s name', () => {
    const long = { ...web([here], { nodePort: 30_080, loadBalancerIPs: ['203.0.113.9'], sourceRanges: [] }), key: `x/${'y'.repeat(500)}"\n:z/TCP/IPv4` };
    const { chains, addresses, nodePorts } = portRules(long, options);
    const names = [...chains.map(({ name }) => name), ...[...addresses, ...nodePorts].flatMap(({ path }) => path.map(({ chain }) => chain))];
    for (const name of names) expect(name).to.match(/^KEELSON-[A-Z0-9-]{1,20}$/);
  });

  const hostile: readonly Partial<ProxyPort>[] = [
    { clusterIP: '10.96.0.1/0' }, { clusterIP: '10.96.0.1 -j ACCEPT' }, { clusterIP: 'fd00::1' }, { loadBalancerIPs: ['0.0.0.0\n-F'] }, { externalIPs: [''] }, { sourceRanges: ['10.0.0.0/8 -j ACCEPT'] },
    { port: 0 }, { port: 80.5 }, { nodePort: 70_000 }, { affinitySeconds: Number.NaN }, { affinitySeconds: -1 }, { protocol: 'ICMP' as 'TCP' },
    { endpoints: [{ address: '10.0.0.1:80 -j ACCEPT', port: 80, place: 'elsewhere' }] }, { localEndpoints: [{ address: '10.0.0.1', port: '80 -x' as unknown as number, place: 'here' }] },
  ];
  for (const wrong of hostile) {
    it(`are none with ${JSON.stringify(wrong)}`, () => {
      expect(() => portRules({ ...web([away]), ...wrong }, options)).to.throw(RangeError, 'default/web:p/TCP/IPv4 has');
    });
  }
});
