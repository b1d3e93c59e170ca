import { expect } from 'chai';
import type { NameEntry, NameRecord, NameServer } from '#core/spi/name-server.ts';
import { ask, recordsOf, type Asked, type Place } from './name-server-client.ts';
import { FakeUpstream, addressOf, answerTo } from './name-server-upstream.ts';

export interface NameServerUnderTest {
  readonly server: NameServer;
  readonly place: Place;
  /** Ends it. */
  cleanup(): Promise<void>;
}

const entry = (...records: NameRecord[]): NameEntry => ({ ttl: 5, records });
const a = (address: string): NameRecord => ({ type: 'A', address });

/**
 * The laws of `core/spi/name-server.ts` as a mocha suite. In a server's test file one line runs it. `make` starts a server that forwards to the name servers
 * given as `address:port`, and to no others.
 */
export function nameServerConformance(label: string, make: (upstreams: readonly string[]) => Promise<NameServerUnderTest>): void {
  describe(`NameServer conformance: ${label}`, () => {
    let upstream: FakeUpstream;
    let subject: NameServerUnderTest;
    const look = (name: string, type: Parameters<typeof ask>[2] = 'A', options: Parameters<typeof ask>[3] = {}): Promise<Asked> => ask(subject.place, name, type, options);

    beforeEach(async () => {
      upstream = await FakeUpstream.start();
      upstream.behaviour = (heard) => answerTo(heard, [addressOf(heard, '198.51.100.1')]);
      subject = await make([upstream.text]);
    });
    afterEach(async () => {
      await subject.cleanup();
      await upstream.stop();
    });

    const begin = (changes: Record<string, NameEntry> = {}): void => {
      subject.server.setZones(['cluster.test', '96.10.in-addr.arpa']);
      subject.server.publish(new Map(Object.entries(changes)));
      subject.server.complete();
    };

    it('answers what was published, with authority, in the spelling of the question', async () => {
      begin({ 'web.cluster.test': entry(a('10.96.0.1'), { type: 'AAAA', address: 'fd00::1' }) });
      const answer = await look('WeB.Cluster.TEST');
      expect(recordsOf(answer.answers)).to.deep.equal(['A 10.96.0.1']);
      expect(answer.answers?.[0]?.name).to.equal('WeB.Cluster.TEST');
      expect(answer.flag_aa).to.equal(true);
      expect(recordsOf((await look('web.cluster.test', 'AAAA')).answers)).to.deep.equal(['AAAA fd00::1']);
    });

    it('carries every type of record', async () => {
      begin({
        'srv.cluster.test': entry({ type: 'SRV', target: 'web.cluster.test', port: 443, priority: 1, weight: 50 }),
        'txt.cluster.test': entry({ type: 'TXT', text: '1.1.0' }),
        '7.0.96.10.in-addr.arpa': entry({ type: 'PTR', target: 'web.cluster.test' }),
        'ns.cluster.test': entry({ type: 'NS', target: 'other.test' }),
      });
      expect(recordsOf((await look('srv.cluster.test', 'SRV')).answers)).to.deep.equal(['SRV 1 50 443 web.cluster.test']);
      expect(recordsOf((await look('txt.cluster.test', 'TXT')).answers)).to.deep.equal(['TXT 1.1.0']);
      expect(recordsOf((await look('7.0.96.10.in-addr.arpa', 'PTR')).answers)).to.deep.equal(['PTR web.cluster.test']);
      expect(recordsOf((await look('ns.cluster.test', 'NS')).answers)).to.deep.equal(['NS other.test']);
    });

    it('says that a name does not exist, or has nothing of the type, with the SOA of its zone', async () => {
      begin({ 'web.cluster.test': entry(a('10.96.0.1')), 'empty.cluster.test': entry() });
      for (const [name, code, zone] of [['nope.cluster.test', 'NXDOMAIN', 'cluster.test'], ['web.cluster.test', 'NOERROR', 'cluster.test'], ['empty.cluster.test', 'NOERROR', 'cluster.test'], ['cluster.test', 'NOERROR', 'cluster.test'], ['1.2.96.10.in-addr.arpa', 'NXDOMAIN', '96.10.in-addr.arpa']] as const) {
        const answer = await look(name, 'AAAA');
        expect(answer.rcode, name).to.equal(code);
        expect(answer.answers, name).to.deep.equal([]);
        expect(answer.authorities?.map((record) => `${record.type} ${record.name}`), name).to.deep.equal([`SOA ${zone}`]);
      }
      expect(upstream.names).to.deep.equal([]);
    });

    it('knows a name that has others below it', async () => {
      begin({ '_http._tcp.web.cluster.test': entry({ type: 'TXT', text: 'x' }) });
      expect((await look('_tcp.web.cluster.test')).rcode).to.equal('NOERROR');
      expect((await look('web.cluster.test')).rcode).to.equal('NOERROR');
      subject.server.publish(new Map([['_http._tcp.web.cluster.test', undefined]]));
      expect((await look('_tcp.web.cluster.test')).rcode).to.equal('NXDOMAIN');
    });

    it('shows a change with the next question', async () => {
      begin({ 'web.cluster.test': entry(a('10.96.0.1')) });
      await look('web.cluster.test');
      const before = await look('cluster.test', 'SOA');
      subject.server.publish(new Map([['Web.cluster.test', entry(a('10.96.0.2'))], ['new.cluster.test', entry(a('10.96.0.3'))]]));
      expect(recordsOf((await look('web.cluster.test')).answers)).to.deep.equal(['A 10.96.0.2']);
      expect(recordsOf((await look('new.cluster.test')).answers)).to.deep.equal(['A 10.96.0.3']);
      const serial = ({ answers }: Asked): number => (answers?.[0]?.type === 'SOA' ? answers[0].data.serial ?? 0 : 0);
      expect(serial(await look('cluster.test', 'SOA'))).to.be.greaterThan(serial(before));
      subject.server.publish(new Map([['web.cluster.test', undefined]]));
      expect((await look('web.cluster.test')).rcode).to.equal('NXDOMAIN');
    });

    it('follows an alias inside the zone, into nothing, and elsewhere', async () => {
      begin({
        'inner.cluster.test': entry({ type: 'CNAME', target: 'middle.cluster.test' }), 'middle.cluster.test': entry({ type: 'CNAME', target: 'web.cluster.test' }), 'web.cluster.test': entry(a('10.96.0.1')),
        'lost.cluster.test': entry({ type: 'CNAME', target: 'nope.cluster.test' }), 'outer.cluster.test': entry({ type: 'CNAME', target: 'www.example.com' }),
      });
      expect(recordsOf((await look('inner.cluster.test')).answers)).to.deep.equal(['CNAME middle.cluster.test', 'CNAME web.cluster.test', 'A 10.96.0.1']);
      expect((await look('lost.cluster.test')).rcode).to.equal('NXDOMAIN');
      const outer = await look('outer.cluster.test');
      expect(recordsOf(outer.answers)).to.deep.equal(['CNAME www.example.com', 'A 198.51.100.1']);
      expect(recordsOf((await look('outer.cluster.test', 'CNAME')).answers)).to.deep.equal(['CNAME www.example.com']);
      expect(upstream.names).to.deep.equal(['www.example.com']);
    });

    it('ends aliases that lead in a circle', async () => {
      begin({ 'a.cluster.test': entry({ type: 'CNAME', target: 'b.cluster.test' }), 'b.cluster.test': entry({ type: 'CNAME', target: 'a.cluster.test' }) });
      expect((await look('a.cluster.test')).rcode).to.equal('SERVFAIL');
    });

    it('forwards other names, but not those that were published outside the zones', async () => {
      begin({ '5.1.168.192.in-addr.arpa': entry({ type: 'PTR', target: 'web.cluster.test' }) });
      const answer = await look('www.example.com');
      expect(recordsOf(answer.answers)).to.deep.equal(['A 198.51.100.1']);
      expect(answer.flag_aa).to.equal(false);
      expect(recordsOf((await look('5.1.168.192.in-addr.arpa', 'PTR')).answers)).to.deep.equal(['PTR web.cluster.test']);
      expect(upstream.names).to.deep.equal(['www.example.com']);
    });

    it('knows nothing before it has been told, and asks nobody', async () => {
      expect((await look('www.example.com')).rcode).to.equal('SERVFAIL');
      subject.server.setZones(['cluster.test']);
      subject.server.publish(new Map([['web.cluster.test', entry(a('10.96.0.1'))]]));
      expect(recordsOf((await look('web.cluster.test')).answers)).to.deep.equal(['A 10.96.0.1']);
      expect((await look('nope.cluster.test')).rcode).to.equal('SERVFAIL');
      expect(upstream.names).to.deep.equal([]);
      expect((await look('www.example.com')).rcode).to.equal('NOERROR');
      subject.server.complete();
      expect((await look('nope.cluster.test')).rcode).to.equal('NXDOMAIN');
    });

    it('leaves out what DNS cannot carry', async () => {
      const long = `${'x'.repeat(63)}.`.repeat(4);
      begin({ [`${'y'.repeat(64)}.cluster.test`]: entry(a('10.96.0.9')), [`${long}cluster.test`]: entry(a('10.96.0.9')), 'a..cluster.test': entry(a('10.96.0.9')), 'web.cluster.test': entry({ type: 'CNAME', target: `${long}cluster.test` }), '__proto__.cluster.test': entry(a('10.96.0.1')) });
      expect((await look('web.cluster.test')).rcode).to.equal('NOERROR');
      expect(recordsOf((await look('__proto__.cluster.test')).answers)).to.deep.equal(['A 10.96.0.1']);
    });

    it('refuses whom it is not for, but for the machine itself', async () => {
      begin({ 'web.cluster.test': entry(a('10.96.0.1')) });
      subject.server.setClients(['10.244.0.0/16', 'fd00::/8', 'no range']);
      expect((await look('web.cluster.test')).rcode).to.equal('NOERROR');
    });

    it('gives as much as fits by UDP and says so, and all by TCP', async () => {
      begin({ 'big.cluster.test': entry(...Array.from({ length: 100 }, (_, index) => a(`10.1.0.${index}`))) });
      const plain = await look('big.cluster.test');
      expect(plain.flag_tc).to.equal(true);
      expect(plain.size).to.be.within(400, 512);
      expect(plain.answers).to.have.length.greaterThan(10);
      const edns = await look('big.cluster.test', 'A', { udpPayloadSize: 4096 });
      expect(edns.flag_tc).to.equal(true);
      expect(edns.size).to.be.within(1000, 1232);
      expect(edns.additionals?.map(({ type }) => type)).to.deep.equal(['OPT']);
      const whole = await look('big.cluster.test', 'A', { transport: 'tcp' });
      expect(whole.flag_tc).to.equal(false);
      expect(new Set(recordsOf(whole.answers)).size).to.equal(100);
    });

    it('puts another address first each time', async () => {
      begin({ 'web.cluster.test': entry(a('10.1.0.1'), a('10.1.0.2'), a('10.1.0.3')) });
      const firsts = new Set<string | undefined>();
      for (let i = 0; i < 12; i++) {
        const records = recordsOf((await look('web.cluster.test')).answers);
        expect(records.toSorted()).to.deep.equal(['A 10.1.0.1', 'A 10.1.0.2', 'A 10.1.0.3']);
        firsts.add(records[0]);
      }
      expect(firsts.size).to.equal(3);
    });
  });
}
