import { expect } from 'chai';
import type { ProxyEndpoint } from '#core/spi/service-proxy.ts';
import { ProxyWorld, proxyPort } from '#test/fixtures/proxy-ports.ts';
import { deletion, parseFlow, type Flow } from './flows.ts';
import { FrontDoors } from './front-doors.ts';

const endpoint = (address: string): ProxyEndpoint => ({ address, port: 53, place: 'elsewhere' });
const [one, two] = [endpoint('10.244.2.1'), endpoint('10.244.2.2')];

function udp(destination: string, port: number, answerer: string, answererPort = 53): Flow {
  const flow = parseFlow(`udp      17 28 src=10.1.1.1 dst=${destination} sport=38129 dport=${port} [UNREPLIED] src=${answerer} dst=10.1.1.1 sport=${answererPort} dport=38129 mark=0 use=1`);
  if (flow === undefined) throw new Error('the line is no flow');
  return flow;
}

describe('flows', () => {
  it('are read as conntrack prints them, of both families', () => {
    expect(parseFlow('tcp      6 118 SYN_SENT src=10.1.1.1 dst=10.96.0.1 sport=44950 dport=53 [UNREPLIED] src=10.1.1.2 dst=10.1.1.1 sport=8053 dport=44950 mark=0 use=1'))
      .to.eql({ protocol: 'tcp', state: 'SYN_SENT', destination: '10.96.0.1', destinationPort: 53, answerer: '10.1.1.2', answererPort: 8053 });
    expect(parseFlow('udp      17 173 src=fd44:0:0:1::a dst=fd96:0000::0001 sport=4000 dport=53 packets=1 bytes=30 src=fd44::2 dst=fd44:0:0:1::a sport=53 dport=4000 [ASSURED] mark=0 use=1'))
      .to.include({ destination: 'fd96::1', answerer: 'fd44::2' });
    for (const line of ['', 'icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=1 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=1', 'udp nonsense']) expect(parseFlow(line), line).to.equal(undefined);
  });

  it('are forgotten by what they have in common', () => {
    expect(deletion('ipv4', udp('10.96.0.10', 53, '10.244.2.1'))).to.equal('-D -f ipv4 -p udp --orig-dst 10.96.0.10 --orig-port-dst 53 --reply-src 10.244.2.1 --reply-port-src 53');
  });
});

describe('front doors', () => {
  const dns = (...endpoints: readonly ProxyEndpoint[]) => proxyPort('dns', '10.96.0.10', endpoints, { protocol: 'UDP', port: 53, nodePort: 30_053, loadBalancerIPs: ['203.0.113.9'] });
  const open = () => {
    const world = new ProxyWorld({ serviceCidrs: ['10.96.0.0/16'], clusterCidrs: [] });
    const doors = new FrontDoors('IPv4', false);
    doors.update(world.state, undefined);
    return { world, doors };
  };

  it('let in who goes to an endpoint that is there, by whichever of the addresses', () => {
    const { world, doors } = open();
    doors.update(world.state, world.put(dns(one)));
    for (const [address, port] of [['10.96.0.10', 53], ['203.0.113.9', 53], ['198.51.100.1', 30_053]] as const) {
      expect(doors.isStale(udp(address, port, one.address)), address).to.equal(false);
      expect(doors.isStale(udp(address, port, two.address)), `${address}, to another`).to.equal(true);
      expect(doors.isStale(udp(address, port, one.address, 54)), `${address}, to another port`).to.equal(true);
      expect(doors.isStale(udp(address, port, address, port)), `${address}, to nobody`).to.equal(true);
    }
  });

  it('know what went to services that are gone: by their range, or because they were known', () => {
    const { world, doors } = open();
    expect(doors.isStale(udp('10.96.7.7', 53, one.address)), 'in the range').to.equal(true);
    expect(doors.isStale(udp('10.96.7.7', 53, '10.96.7.7')), 'never translated').to.equal(false);
    doors.update(world.state, world.put(dns(one)));
    doors.update(world.state, world.delete(dns()));
    for (const [address, port] of [['203.0.113.9', 53], ['198.51.100.1', 30_053]] as const) expect(doors.isStale(udp(address, port, one.address)), address).to.equal(true);
    doors.looked();
    for (const address of ['203.0.113.9', '10.96.7.7']) expect(doors.isStale(udp(address, 53, one.address)), `${address} is no business of ours any more`).to.equal(false);
  });

  it('remember to look for what was before them until they know the range', () => {
    const world = new ProxyWorld({ serviceCidrs: [], clusterCidrs: [] });
    const doors = new FrontDoors('IPv4', false);
    doors.update(world.state, undefined);
    doors.looked();
    doors.update({ ...world.state, serviceCidrs: ['10.96.0.0/16'] }, undefined);
    expect(doors.isStale(udp('10.96.7.7', 53, one.address))).to.equal(true);
  });

  it('have nothing to do with what other programs translate or pass on', () => {
    const { world, doors } = open();
    doors.update(world.state, world.put(dns(one)));
    doors.looked();
    expect(doors.isStale(udp('192.0.2.1', 53, '192.0.2.1'))).to.equal(false);
    expect(doors.isStale(udp('192.0.2.1', 8053, '172.17.0.2'))).to.equal(false);
    expect(doors.isStale(udp('192.0.2.1', 30_053, '192.0.2.1', 30_053)), 'somebody\'s port of that number').to.equal(false);
  });

  it('of TCP concern closed connections and attempts alone', () => {
    const { world, doors } = open();
    doors.update(world.state, world.put(proxyPort('web', '10.96.0.11', [one])));
    const tcp = (state: string): Flow => ({ protocol: 'tcp', state, destination: '10.96.0.11', destinationPort: 80, answerer: two.address, answererPort: 53 });
    expect(['SYN_SENT', 'TIME_WAIT', 'CLOSE', 'ESTABLISHED', 'CLOSE_WAIT', 'FIN_WAIT'].filter((state) => doors.isStale(tcp(state)))).to.eql(['SYN_SENT', 'TIME_WAIT', 'CLOSE']);
  });

  it('say when flows have to be looked at', () => {
    const { world, doors } = open();
    const web = (...endpoints: readonly ProxyEndpoint[]) => world.put(proxyPort('web', '10.96.0.11', endpoints));
    expect([...doors.update(world.state, web(one))], 'a new service of TCP').to.eql([]);
    expect([...doors.update(world.state, web(one, two))], 'one more endpoint').to.eql([]);
    expect([...doors.update(world.state, web(two))], 'one less').to.eql(['tcp']);
    expect([...doors.update(world.state, world.put(dns(one)))], 'any change of UDP').to.eql(['udp']);
    expect([...doors.update(world.state, undefined)]).to.eql(['udp', 'tcp']);
  });
});
