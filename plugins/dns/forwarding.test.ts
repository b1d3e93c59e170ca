import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Answer } from 'dns-packet';
import { silentLogger } from '#core/kernel/logger.ts';
import { ask, exchange, queryPacket, recordsOf, type Asked, type Place } from '#test/conformance/name-server-client.ts';
import { FakeUpstream, addressOf, answerTo, type Behaviour, type Heard } from '#test/conformance/name-server-upstream.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { DnsServer, type DnsOptions } from './dns-server.ts';

const name = 'www.example.com';
const codes = { SERVFAIL: 0x8182, NXDOMAIN: 0x8183, REFUSED: 0x8185, FORMERR: 0x8181 } as const;
const failing = (code: keyof typeof codes): Behaviour => (heard) => answerTo(heard, [], { flags: codes[code] & 0x7fff });
const giving = (address: string, ttl = 60): Behaviour => (heard) => answerTo(heard, [addressOf(heard, address, ttl)]);
const silent: Behaviour = () => undefined;
const soa = (ttl: number, minimum: number): Answer => ({ type: 'SOA', name: 'example.com', ttl, data: { mname: 'ns.example.com', rname: 'a.example.com', minimum } });

describe('forwarding', () => {
  let clock: FakeClock;
  let upstreams: FakeUpstream[];
  let server: DnsServer;
  let place: Place;
  const begin = async (options: Partial<DnsOptions> = {}): Promise<void> => {
    server = new DnsServer({ addresses: ['127.0.0.1'], port: 0, upstreams: upstreams.map(({ text }) => text), ...options }, { clock, logger: silentLogger });
    server.setZones(['cluster.test']);
    server.complete();
    await server.start();
    place = server.endpoints[0] ?? { address: '', port: 0 };
  };
  const behave = (...behaviours: Behaviour[]): void => {
    for (const [index, behaviour] of behaviours.entries()) (upstreams[index] as FakeUpstream).behaviour = behaviour;
  };
  const askedOf = (index: number): number => upstreams[index]?.names.length ?? 0;
  const look = (options: Parameters<typeof ask>[3] = {}, other = name): Promise<Asked> => ask(place, other, 'A', options);
  const addresses = async (): Promise<string[]> => recordsOf((await look()).answers);
  /** Lets the clock run until the answer is there. */
  const whileTimePasses = async <T>(waiting: Promise<T>): Promise<T> => {
    let done = false;
    void waiting.finally(() => (done = true));
    for (let steps = 0; !done && steps < 200; steps++) {
      await settle(10);
      await clock.advance(100);
    }
    return waiting;
  };

  beforeEach(async () => {
    clock = new FakeClock();
    upstreams = [await FakeUpstream.start(), await FakeUpstream.start()];
  });
  afterEach(async () => {
    await server.stop();
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
  });

  describe('to servers that fail', () => {
    it('goes to the next one when the first says that it cannot', async () => {
      await begin();
      for (const code of ['SERVFAIL', 'REFUSED'] as const) {
        behave(failing(code), giving('198.51.100.2'));
        expect(recordsOf((await look({}, `${code}.example.com`)).answers), code).to.deep.equal(['A 198.51.100.2']);
      }
    });

    it('goes to the next one when the first is silent, and then prefers the one that answers', async () => {
      await begin();
      behave(silent, giving('198.51.100.2', 0));
      expect(await whileTimePasses(addresses())).to.deep.equal(['A 198.51.100.2']);
      const before = askedOf(0);
      expect(await addresses()).to.deep.equal(['A 198.51.100.2']);
      expect(askedOf(0)).to.equal(before);
      await clock.advance(5000);
      behave(giving('198.51.100.1', 0));
      expect(await addresses()).to.deep.equal(['A 198.51.100.1']);
    });

    it('waits for one that is slow while it asks another', async () => {
      const late = Promise.withResolvers<void>();
      await begin();
      behave(async (heard) => late.promise.then(() => giving('198.51.100.1')(heard)), silent);
      const answer = addresses();
      await eventually(() => askedOf(0) === 1, 'the first to be asked');
      await clock.advance(1100);
      await eventually(() => askedOf(1) === 1, 'the second to be asked');
      late.resolve();
      expect(await answer).to.deep.equal(['A 198.51.100.1']);
    });

    it('goes at once to the next one when nothing listens at the first', async () => {
      const gone = await FakeUpstream.start();
      await gone.stop();
      await begin({ upstreams: [gone.text, upstreams[0]?.text ?? ''] });
      behave(giving('198.51.100.1'));
      expect(await addresses()).to.deep.equal(['A 198.51.100.1']);
    });

    it('goes on when the first is nowhere', async () => {
      await begin({ upstreams: ['[2001:db8::1]:53', '255.255.255.255:53', upstreams[0]?.text ?? ''] });
      behave(giving('198.51.100.1'));
      expect(await whileTimePasses(addresses())).to.deep.equal(['A 198.51.100.1']);
    });

    it('says SERVFAIL in time when nobody answers, and when there is nobody', async () => {
      await begin();
      behave(silent, silent);
      const since = clock.now();
      expect((await whileTimePasses(look())).rcode).to.equal('SERVFAIL');
      expect(clock.now() - since).to.be.at.most(5000);
      await server.stop();
      await begin({ upstreams: [] });
      expect((await look()).rcode).to.equal('SERVFAIL');
    });

    it('tries a server that is alone again', async () => {
      await begin({ upstreams: [upstreams[0]?.text ?? ''] });
      behave((heard) => (askedOf(0) < 3 ? undefined : giving('198.51.100.1')(heard)));
      expect(await whileTimePasses(addresses())).to.deep.equal(['A 198.51.100.1']);
    });

    it('does without EDNS where it is not understood', async () => {
      await begin();
      behave((heard) => (heard.query.additionals?.length === 0 ? giving('198.51.100.1', 0)(heard) : failing('FORMERR')(heard)));
      expect(await addresses()).to.deep.equal(['A 198.51.100.1']);
      expect(await addresses()).to.deep.equal(['A 198.51.100.1']);
      expect(askedOf(0)).to.equal(3);
    });
  });

  describe('to servers that lie', () => {
    const lies: [string, (right: Buffer, heard: Heard) => Buffer][] = [
      ['another id', (right) => (right.writeUInt16BE((right.readUInt16BE(0) + 1) & 0xffff, 0), right)],
      ['another name', (_right, heard) => answerTo({ ...heard, query: { ...heard.query, questions: [{ name: 'evil.example.com', type: 'A' }] } }, [{ type: 'A', name, data: '203.0.113.66' }])],
      ['another type', (_right, heard) => answerTo({ ...heard, query: { ...heard.query, questions: [{ name: heard.query.questions?.[0]?.name ?? '', type: 'AAAA' }] } }, [])],
      ['a question', (right) => (right.writeUInt16BE(0x0100, 2), right)],
      ['a scrap', (right) => right.subarray(0, 11)],
      ['no question', (right) => (right.writeUInt16BE(0, 4), right)],
    ];
    for (const [what, lie] of lies) {
      it(`overhears ${what}, and takes the right answer after it`, async () => {
        await begin();
        behave((heard) => [lie(answerTo(heard, [addressOf(heard, '203.0.113.66')]), heard), answerTo(heard, [addressOf(heard, '198.51.100.1')])]);
        expect(await addresses()).to.deep.equal(['A 198.51.100.1']);
      });
    }

    it('asks again by TCP when the name came back in another spelling, or when somebody guesses', async () => {
      await begin();
      const inTcp = (heard: Heard): Buffer | undefined => (heard.transport === 'tcp' ? answerTo(heard, [addressOf(heard, '198.51.100.1', 0)]) : undefined);
      behave((heard) => inTcp(heard) ?? answerTo({ ...heard, query: { ...heard.query, questions: [{ name: swapped(heard.query.questions?.[0]?.name ?? ''), type: 'A' }] } }, [addressOf(heard, '203.0.113.66')]));
      expect(await addresses()).to.deep.equal(['A 198.51.100.1']);
      behave((heard) => inTcp(heard) ?? Array.from({ length: 20 }, (_, index) => {
        const guess = answerTo(heard, [addressOf(heard, '203.0.113.66')]);
        guess.writeUInt16BE((guess.readUInt16BE(0) + 1 + index) & 0xffff, 0);
        return guess;
      }));
      expect(await addresses()).to.deep.equal(['A 198.51.100.1']);
    });

    it('asks from other ports with other ids and spellings each time', async () => {
      await begin();
      behave((heard) => giving('198.51.100.1', 0)(heard));
      for (let i = 0; i < 12; i++) await look();
      const heard = (upstreams[0] as FakeUpstream).heard.filter(({ query }) => query.questions?.[0]?.type === 'A');
      expect(new Set(heard.map(({ query }) => query.id)).size).to.be.greaterThan(8);
      expect(new Set(heard.map(({ query }) => query.questions?.[0]?.name)).size).to.be.greaterThan(8);
    });

    it('is not misled by a message that is broken after its header', async () => {
      await begin();
      behave((heard) => {
        const answer = answerTo(heard, [addressOf(heard, '203.0.113.66')]);
        answer.writeUInt16BE(9, 6);
        return answer;
      }, giving('198.51.100.2'));
      expect(await addresses()).to.deep.equal(['A 198.51.100.2']);
    });

    it('asks by TCP when the answer was cut, and gives as much as the client takes', async () => {
      await begin();
      const many = (heard: Heard): Buffer => answerTo(heard, Array.from({ length: 120 }, (_, index) => addressOf(heard, `198.51.100.${index}`)));
      behave((heard) => (heard.transport === 'tcp' ? many(heard) : answerTo(heard, [], { flags: 0x0380 })));
      const short = await look();
      expect(short.flag_tc).to.equal(true);
      expect(short.size).to.be.at.most(512);
      const whole = await look({ transport: 'tcp' });
      expect(whole.answers).to.have.length(120);
      expect(whole.flag_tc).to.equal(false);
      expect(askedOf(0)).to.equal(2);
    });

    it('goes on when the TCP connection breaks', async () => {
      await begin();
      behave((heard) => (heard.transport === 'tcp' ? Buffer.from([1, 2]) : answerTo(heard, [], { flags: 0x0380 })), giving('198.51.100.2'));
      expect(await whileTimePasses(addresses())).to.deep.equal(['A 198.51.100.2']);
    });
  });

  describe('what is kept', () => {
    it('is given until its time is over, with the time that is left, in the spelling of each client', async () => {
      await begin();
      behave(giving('198.51.100.1', 60));
      await look();
      await clock.advance(20_000);
      const later = await look({ udpPayloadSize: 1232 }, 'WWW.example.COM');
      expect(later.answers?.[0]).to.include({ ttl: 40, name: 'WWW.example.COM' });
      expect(later.questions?.[0]?.name).to.equal('WWW.example.COM');
      expect(later.additionals?.map(({ type }) => type)).to.deep.equal(['OPT']);
      expect(askedOf(0)).to.equal(1);
      await clock.advance(40_000);
      await look();
      expect(askedOf(0)).to.equal(2);
    });

    it('is as old behind an alias', async () => {
      await begin();
      server.publish(new Map([['alias.cluster.test', { ttl: 5, records: [{ type: 'CNAME', target: name }] }]]));
      behave(giving('198.51.100.1', 60));
      await look();
      await clock.advance(20_000);
      expect((await look({}, 'alias.cluster.test')).answers?.[1]).to.include({ ttl: 40, name });
      expect(askedOf(0)).to.equal(1);
    });

    it('is kept for an hour at most, and not at all with a TTL of 0', async () => {
      await begin();
      behave(giving('198.51.100.1', 604_800));
      await look();
      expect((await look()).answers?.[0]).to.include({ ttl: 3600 });
      expect(askedOf(0)).to.equal(1);
      behave(giving('198.51.100.1', 0));
      await look({}, 'now.example.com');
      await look({}, 'now.example.com');
      expect(askedOf(0)).to.equal(3);
    });

    it('what does not exist is kept as long as the SOA says', async () => {
      await begin();
      const missing = (minimum: number): Behaviour => (heard) => answerTo(heard, [], { flags: codes.NXDOMAIN & 0x7fff, authorities: [soa(900, minimum)] });
      behave(missing(30));
      expect((await look()).rcode).to.equal('NXDOMAIN');
      await clock.advance(29_000);
      const kept = await look();
      expect(kept.rcode).to.equal('NXDOMAIN');
      expect(kept.authorities?.[0]).to.include({ ttl: 1 });
      expect(askedOf(0)).to.equal(1);
      await clock.advance(2000);
      await look();
      expect(askedOf(0)).to.equal(2);
      behave((heard) => answerTo(heard, [], { flags: codes.NXDOMAIN & 0x7fff }));
      await look({}, 'no-soa.example.com');
      await look({}, 'no-soa.example.com');
      expect(askedOf(0)).to.equal(4);
    });

    it('an answer without the type that was asked for is one that says no', async () => {
      await begin();
      behave((heard) => answerTo(heard, [{ type: 'CNAME', name: heard.query.questions?.[0]?.name ?? '', ttl: 500, data: 'other.example.com' }], { authorities: [soa(20, 900)] }));
      await look();
      await clock.advance(21_000);
      await look();
      expect(askedOf(0)).to.equal(2);
    });

    it('a failure is kept for two seconds', async () => {
      await begin();
      behave(failing('SERVFAIL'), failing('REFUSED'));
      expect((await look()).rcode).to.not.equal('NOERROR');
      const asked = askedOf(0) + askedOf(1);
      await look();
      expect(askedOf(0) + askedOf(1)).to.equal(asked);
      await clock.advance(2100);
      behave(giving('198.51.100.1'));
      expect(await addresses()).to.deep.equal(['A 198.51.100.1']);
    });

    it('is bounded, and what was used last stays', async () => {
      await begin({ cache: { entries: 3 } });
      behave(giving('198.51.100.1'));
      for (const each of ['a', 'b', 'c', 'a', 'd']) await look({}, `${each}.example.com`);
      expect(askedOf(0)).to.equal(4);
      await look({}, 'a.example.com');
      expect(askedOf(0)).to.equal(4);
      await look({}, 'b.example.com');
      expect(askedOf(0)).to.equal(5);
    });

    it('is other for clients that want signatures', async () => {
      await begin();
      behave(giving('198.51.100.1'));
      await look();
      const packet = queryPacket({ name, type: 'A' }, { udpPayloadSize: 1232 });
      packet.writeUInt16BE(0x8000, packet.length - 4);
      await exchange(place, packet);
      const opts = (upstreams[0] as FakeUpstream).heard.flatMap(({ query }) => query.additionals ?? []).map((record) => (record.type === 'OPT' ? record.flag_do : undefined));
      expect(opts).to.deep.equal([false, true]);
    });
  });

  describe('many clients', () => {
    it('that ask the same wait for one answer', async () => {
      const held = Promise.withResolvers<void>();
      await begin();
      behave(async (heard) => held.promise.then(() => giving('198.51.100.1')(heard)));
      const answers = Promise.all(Array.from({ length: 40 }, (_, index) => look({ transport: index % 2 === 0 ? 'udp' : 'tcp' })));
      await eventually(() => askedOf(0) === 1, 'the question');
      held.resolve();
      expect((await answers).map(({ rcode }) => rcode)).to.deep.equal(Array.from({ length: 40 }, () => 'NOERROR'));
      expect(askedOf(0)).to.equal(1);
    });

    it('do not make it ask or wait without end', async () => {
      await begin({ maxInFlight: 2, maxWaiting: 3 });
      behave(silent, silent);
      const waiting = [look({}, 'a.example.com'), look({}, 'b.example.com')];
      await eventually(() => askedOf(0) === 2, 'two questions');
      expect((await look({}, 'c.example.com')).rcode).to.equal('SERVFAIL');
      waiting.push(look({}, 'a.example.com'));
      await settle(20);
      expect((await look({}, 'b.example.com')).rcode).to.equal('SERVFAIL');
      for (const answer of await whileTimePasses(Promise.all(waiting))) expect(answer.rcode).to.equal('SERVFAIL');
      behave(giving('198.51.100.1'), giving('198.51.100.1'));
      expect(await addresses()).to.deep.equal(['A 198.51.100.1']);
    });
  });

  describe('loops', () => {
    it('it never asks itself', async () => {
      await begin({ port: 0, upstreams: [] });
      const own = place;
      await server.stop();
      const logger = recordingLogger();
      server = new DnsServer({ addresses: ['127.0.0.1'], port: own.port, upstreams: [`127.0.0.1:${own.port}`] }, { clock, logger });
      server.setZones([]);
      await server.start();
      expect((await look()).rcode).to.equal('SERVFAIL');
      expect(logger.lines.some(({ message }) => message.startsWith('there is no other name server'))).to.equal(true);
    });

    it('finds out that what it asks comes back, and asks the others', async () => {
      const back: Behaviour = async ({ packet }) => exchange(place, packet);
      behave(back, giving('198.51.100.2'));
      await begin();
      await eventually(() => upstreams.every(({ heard }) => heard.length > 0), 'the probes');
      await settle(20);
      const before = upstreams[0]?.heard.length;
      expect(await addresses()).to.deep.equal(['A 198.51.100.2']);
      expect(upstreams[0]?.heard.length).to.equal(before);
    });
  });

  describe('the settings of the machine', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'keelson-dns-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it('are followed, and names that come from its search domains are nobody else\'s', async () => {
      const path = join(folder, 'resolv.conf');
      await writeFile(path, 'search corp.example other.example\nnameserver not-an-address\n');
      const logger = recordingLogger();
      server = new DnsServer({ addresses: ['127.0.0.1'], port: 0, resolvConf: path }, { clock, logger });
      server.setZones(['cluster.test']);
      server.complete();
      await server.start();
      place = server.endpoints[0] ?? place;
      expect(logger.lines.map(({ message }) => message)).to.include.members(['a name server of this machine is left out', 'there is no other name server: names outside the cluster are not found']);
      expect((await look({}, 'web.cluster.test.Corp.example')).rcode).to.equal('NXDOMAIN');
      expect((await look({}, 'web.corp.example')).rcode).to.equal('SERVFAIL');
      await writeFile(`${path}.new`, 'search new.example\n');
      await rename(`${path}.new`, path);
      await clock.advance(5000);
      await eventually(async () => (await look({}, 'web.cluster.test.new.example')).rcode === 'NXDOMAIN', 'the new settings');
      expect((await look({}, 'web.cluster.test.corp.example')).rcode).to.equal('SERVFAIL');
      await rm(path);
      await clock.advance(5000);
      await eventually(() => logger.lines.some(({ message }) => message.startsWith('the resolver\'s settings')), 'the warning');
      expect((await look({}, 'web.cluster.test.new.example')).rcode).to.equal('NXDOMAIN');
    });
  });
});

const swapped = (text: string): string => text.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));
