import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import type { Question } from 'dns-packet';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ask, exchange, queryPacket, readAnswer, recordsOf, type Asked, type Place } from '#test/conformance/name-server-client.ts';
import { FakeUpstream } from '#test/conformance/name-server-upstream.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { Clients } from './clients.ts';
import { DnsServer } from './dns-server.ts';
import { FrameReader, frame } from './tcp-frames.ts';

const web = { name: 'web.cluster.test', type: 'A' } as const;

describe('protocol of the name server', () => {
  let server: DnsServer;
  let upstream: FakeUpstream;
  let place: Place;
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
    server = new DnsServer({ addresses: ['127.0.0.1'], port: 0, upstreams: [upstream.text], tcp: { idleMs: 300, connections: 4, pipelined: 4 } }, { clock: systemClock, logger: silentLogger });
    server.setZones(['cluster.test']);
    server.publish(new Map([['web.cluster.test', { ttl: 5, records: [{ type: 'A', address: '10.96.0.1' }] }]]));
    server.complete();
    await server.start();
    place = server.endpoints[0] ?? { address: '', port: 0 };
  });
  afterEach(async () => {
    await server.stop();
    await upstream.stop();
  });

  const raw = async (packet: Buffer, transport: 'udp' | 'tcp' = 'udp'): Promise<Asked> => readAnswer(await exchange(place, packet, transport) ?? Buffer.alloc(0));
  const edited = (edit: (packet: Buffer) => Buffer | void, question: Question = web, options: Parameters<typeof queryPacket>[1] = {}): Buffer => {
    const packet = queryPacket(question, options);
    return edit(packet) ?? packet;
  };
  const codeOf = async (packet: Buffer): Promise<string> => (await raw(packet)).rcode;
  const isAlive = async (): Promise<void> => {
    expect(recordsOf((await ask(place, web.name, 'A')).answers)).to.deep.equal(['A 10.96.0.1']);
  };

  const malformed: [string, (packet: Buffer) => Buffer | void][] = [
    ['no question', (packet) => void packet.writeUInt16BE(0, 4)],
    ['two questions', (packet) => void packet.writeUInt16BE(2, 4)],
    ['a header alone', (packet) => packet.subarray(0, 12)],
    ['a name that does not end', (packet) => packet.subarray(0, packet.length - 6)],
    ['no class', (packet) => packet.subarray(0, packet.length - 2)],
    ['a label that is longer than the packet', (packet) => void packet.writeUInt8(63, 12)],
    ['a name that points to itself', (packet) => void packet.writeUInt16BE(0xc00c, 12)],
    ['a label of an unknown kind', (packet) => void packet.writeUInt8(0x45, 12)],
    ['a record that is not there', (packet) => void packet.writeUInt16BE(1, 10)],
    ['65,535 records that are not there', (packet) => void packet.writeUInt16BE(0xffff, 6)],
    ['type 0', (packet) => void packet.writeUInt16BE(0, packet.length - 4)],
    ['a question for OPT', (packet) => void packet.writeUInt16BE(41, packet.length - 4)],
    ['a name that is too long', (packet) => Buffer.concat([packet.subarray(0, 12), ...Array.from({ length: 64 }, () => Buffer.from('\x03abc')), Buffer.from([0, 0, 1, 0, 1])])],
  ];
  for (const [what, edit] of malformed) it(`answers FORMERR to ${what}`, async () => expect(await codeOf(edited(edit))).to.equal('FORMERR'));

  it('answers FORMERR to EDNS that is broken, in the wrong section, or there twice', async () => {
    const withOpt = (edit: (packet: Buffer) => Buffer | void): Buffer => edited(edit, web, { udpPayloadSize: 1232 });
    expect(await codeOf(withOpt((packet) => void packet.writeUInt16BE(4, packet.length - 2)))).to.equal('FORMERR');
    expect(await codeOf(withOpt((packet) => Buffer.concat([packet.subarray(0, packet.length - 2), Buffer.from([0, 5, 0, 10, 0, 8, 1])])))).to.equal('FORMERR');
    expect(await codeOf(withOpt((packet) => {
      packet.writeUInt16BE(1, 6);
      packet.writeUInt16BE(0, 10);
    }))).to.equal('FORMERR');
    expect(await codeOf(withOpt((packet) => {
      packet.writeUInt16BE(2, 10);
      return Buffer.concat([packet, packet.subarray(packet.length - 11)]);
    }))).to.equal('FORMERR');
    expect(await codeOf(withOpt((packet) => Buffer.concat([packet.subarray(0, packet.length - 2), Buffer.from([0, 7, 0, 10, 0, 3, 1, 2, 3])])))).to.equal('NOERROR');
  });

  it('answers neither answers nor scraps', async () => {
    for (const packet of [edited((query) => void query.writeUInt16BE(0x8100, 2)), Buffer.from('abc'), Buffer.alloc(0)]) {
      expect(await exchange(place, packet, 'udp', 50)).to.equal(undefined);
    }
    await isAlive();
  });

  it('answers NOTIMP to other operations, with the id and nothing else', async () => {
    for (const opcode of [1, 2, 4, 5, 15]) {
      const packet = edited((query) => void query.writeUInt16BE(opcode << 11, 2));
      const answer = await raw(packet);
      expect(answer.rcode, String(opcode)).to.equal('NOTIMP');
      expect(answer.id).to.equal(packet.readUInt16BE(0));
      expect(answer.size).to.equal(12);
    }
  });

  it('answers BADVERS to EDNS of another version, and says which it has', async () => {
    const message = await exchange(place, queryPacket(web, { udpPayloadSize: 1232, ednsVersion: 7 })) ?? Buffer.alloc(0);
    const answer = readAnswer(message);
    expect(answer.additionals?.[0]).to.include({ type: 'OPT', extendedRcode: 1, ednsVersion: 0 });
    expect(answer.answers).to.deep.equal([]);
  });

  it('speaks EDNS to those only who do, and gives back the DO bit', async () => {
    expect((await ask(place, web.name, 'A')).additionals).to.deep.equal([]);
    const packet = queryPacket(web, { udpPayloadSize: 4096 });
    packet.writeUInt16BE(0x8000, packet.length - 4);
    expect((await raw(packet)).additionals?.[0]).to.include({ type: 'OPT', udpPayloadSize: 1232, flag_do: true });
  });

  it('takes an EDNS size below 512 for 512', async () => {
    server.publish(new Map([['big.cluster.test', { ttl: 5, records: Array.from({ length: 60 }, (_, index) => ({ type: 'A' as const, address: `10.1.0.${index}` })) }]]));
    expect((await ask(place, 'big.cluster.test', 'A', { udpPayloadSize: 10 })).size).to.be.within(480, 512);
  });

  it('refuses zone transfers, other classes, and types about messages', async () => {
    for (const transport of ['udp', 'tcp'] as const) {
      for (const [type, code] of [[252, 'REFUSED'], [251, 'REFUSED'], [250, 'NOTIMP'], [253, 'NOTIMP']] as const) {
        expect((await raw(edited((packet) => void packet.writeUInt16BE(type, packet.length - 4)), transport)).rcode, `${type}`).to.equal(code);
      }
    }
    expect(await codeOf(edited((packet) => void packet.writeUInt16BE(3, packet.length - 2)))).to.equal('REFUSED');
  });

  it('answers ANY with one small record, and asks nobody', async () => {
    for (const name of [web.name, 'www.example.com']) {
      const answer = await raw(edited((packet) => void packet.writeUInt16BE(255, packet.length - 4), { name, type: 'A' }));
      expect(answer.answers?.map(({ type }) => type)).to.deep.equal(['HINFO']);
      expect(answer.size).to.be.lessThan(100);
    }
    expect((await raw(edited((packet) => void packet.writeUInt16BE(255, packet.length - 4), { name: 'nope.cluster.test', type: 'A' }))).rcode).to.equal('NXDOMAIN');
    expect(upstream.names).to.deep.equal([]);
  });

  it('does not ask others for those who do not want it', async () => {
    expect((await ask(place, 'www.example.com', 'A', { flags: 0 })).rcode).to.equal('REFUSED');
    expect(upstream.names).to.deep.equal([]);
  });

  it('takes many questions on one TCP connection, also in pieces', async () => {
    const socket = connect(place.port, place.address);
    const answers = collect(socket);
    const stream = Buffer.concat(Array.from({ length: 50 }, () => frame(queryPacket(web))));
    for (let at = 0; at < stream.length; at += 7) {
      socket.write(stream.subarray(at, at + 7));
      if (at % 70 === 0) await new Promise(setImmediate);
    }
    await eventually(() => answers.length === 50, '50 answers');
    expect(answers.every(({ rcode }) => rcode === 'NOERROR')).to.equal(true);
    socket.destroy();
  });

  it('answers by TCP what it knows before what it has to ask for, and reads no more than it may', async () => {
    const held = Promise.withResolvers<void>();
    upstream.behaviour = async () => held.promise.then(() => undefined);
    const socket = connect(place.port, place.address);
    const answers = collect(socket);
    const other = (index: number): Buffer => frame(queryPacket({ name: `n${index}.example.com`, type: 'A' }));
    socket.write(Buffer.concat([other(0), other(1), frame(queryPacket(web))]));
    await eventually(() => answers.length === 1, 'the known answer');
    expect(answers[0]?.questions?.[0]?.name).to.equal(web.name);
    socket.write(Buffer.concat([other(2), other(3), other(4), other(5), frame(queryPacket(web))]));
    await eventually(() => new Set(upstream.names).size === 4, 'four questions elsewhere');
    await isAlive();
    expect(answers).to.have.length(1);
    expect(new Set(upstream.names).size).to.equal(4);
    held.resolve();
    socket.destroy();
  });

  it('closes TCP connections that are idle, send no questions or too long ones', async () => {
    const closed = async (...chunks: Buffer[]): Promise<void> => {
      const socket = connect(place.port, place.address);
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.on('close', () => resolve()).on('error', () => undefined).resume();
      for (const chunk of chunks) socket.write(chunk);
      await promise;
    };
    await closed();
    await closed(Buffer.from([0]));
    await closed(frame(Buffer.from('no question')));
    await closed(Buffer.from([0xff, 0xff]), Buffer.alloc(5000));
    await isAlive();
  });

  it('makes room for new TCP connections', async () => {
    const sockets: Socket[] = [];
    for (let i = 0; i < 8; i++) {
      sockets.push(connect(place.port, place.address).on('error', () => undefined));
      expect((await ask(place, web.name, 'A', { transport: 'tcp' })).rcode).to.equal('NOERROR');
    }
    await eventually(() => sockets.filter(({ destroyed }) => !destroyed).length <= 4, 'the oldest to be closed');
    for (const socket of sockets) socket.destroy();
  });

  it('survives anything', async () => {
    const random = seededRandom(7);
    const base = [queryPacket(web), queryPacket({ name: 'nope.cluster.test', type: 'SRV' }, { udpPayloadSize: 4096 }), queryPacket({ name: 'cluster.test', type: 'SOA' })];
    const socket = connect(place.port, place.address).on('error', () => undefined).on('data', () => undefined);
    for (let round = 0; round < 3000; round++) {
      const packet = Buffer.from(base[round % base.length] ?? Buffer.alloc(12));
      for (let edits = Math.floor(random() * 6); edits >= 0; edits--) packet[Math.floor(random() * packet.length)] = Math.floor(random() * 256);
      // Nothing of it may go elsewhere: recursion is not desired.
      packet[2] = (packet[2] ?? 0) & 0xfe;
      const cut = packet.subarray(0, Math.floor(random() * (packet.length + 1)));
      void exchange(place, random() < 0.3 ? cut : packet, 'udp', 1);
      if (round % 100 === 0) {
        socket.write(packet);
        await isAlive();
      }
    }
    await isAlive();
    socket.destroy();
  }).timeout(20_000);
});

function collect(socket: Socket): Asked[] {
  const answers: Asked[] = [];
  const frames = new FrameReader();
  socket.on('data', (chunk: Buffer) => answers.push(...frames.push(chunk).map(readAnswer))).on('error', () => undefined);
  return answers;
}

describe('who may ask', () => {
  it('is everybody, then those in the ranges and the machine itself', () => {
    const clients = new Clients();
    expect(clients.mayAsk('203.0.113.9')).to.equal(true);
    clients.set(['10.244.0.0/16', 'fd00::/64', '10.0.0.5/32']);
    expect(['10.244.3.4', '::ffff:10.244.3.4', 'fd00::7', '10.0.0.5', '127.0.0.1', '::1'].filter((address) => !clients.mayAsk(address))).to.deep.equal([]);
    expect(['10.245.0.1', '203.0.113.9', 'fd01::1', '10.0.0.6', '::ffff:203.0.113.9', 'fe80::1%eth0'].filter((address) => clients.mayAsk(address))).to.deep.equal([]);
    clients.set(undefined);
    expect(clients.mayAsk('203.0.113.9')).to.equal(true);
  });
});

describe('messages in a stream', () => {
  it('come out whole, whatever the pieces', () => {
    const messages = ['', 'a', 'bc'.repeat(300)].map((text) => Buffer.from(text));
    const stream = Buffer.concat(messages.map(frame));
    for (const size of [1, 2, 3, 100, stream.length]) {
      const frames = new FrameReader();
      const read: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) read.push(...frames.push(stream.subarray(at, at + size)));
      expect(read.map(String)).to.deep.equal(messages.map(String));
      expect(frames.pending).to.equal(0);
    }
  });
});
