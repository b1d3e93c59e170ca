import { duplexPair, type Duplex } from 'node:stream';
import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { SpdyClient } from '#test/fixtures/spdy-client.ts';
import { SpdyConnection } from './connection.ts';
import type { SpdyStream } from './stream.ts';

const idleMs = 60_000;

describe('a SPDY connection', () => {
  let clock: FakeClock;
  let server: Duplex;
  let client: SpdyClient;
  let connection: SpdyConnection;
  let streams: SpdyStream[];

  beforeEach(() => {
    clock = new FakeClock();
    const [here, there] = duplexPair();
    server = there;
    streams = [];
    connection = new SpdyConnection(there, {
      clock, logger: silentLogger, idleMs, maxStreams: 3,
      accepts: (headers) => headers.get('streamtype') !== 'unwanted', opened: (stream) => streams.push(stream),
    });
    client = new SpdyClient(here);
  });
  afterEach(() => {
    client.destroy();
    connection.destroy();
  });

  const open = async (type = 'data'): Promise<{ id: number; stream: SpdyStream }> => {
    const id = await client.open({ streamtype: type });
    return { id, stream: streams.at(-1)! };
  };
  const last = () => client.frames.at(-1)!;

  it('replies to streams, carries data both ways, and each side ends on its own', async () => {
    const { id, stream } = await open();
    stream.pipe(stream, { end: false });
    client.data(id, 'hello ');
    client.data(id, 'world', true);
    await eventually(() => client.said(id) === 'hello world', 'an echo');
    expect(client.isOver(id)).to.equal(false);
    stream.end('!');
    await eventually(() => client.isOver(id), 'the end');
    expect(client.said(id)).to.equal('hello world!');
    await eventually(() => stream.destroyed, 'the stream to go');
    expect(client.frames.filter(({ type }) => type === 3), 'nothing to reset').to.deep.equal([]);
    expect(stream.headers).to.deep.equal(new Map([['streamtype', 'data']]));
    const again = await open();
    expect(again.id).to.equal(3);
  });

  it('resets what is unwanted, or too many', async () => {
    const refused = await client.open({ streamtype: 'unwanted' });
    expect([last().type, last().streamId, last().body.readUInt32BE(4)]).to.deep.equal([3, refused, 3]);
    for (let i = 0; i < 3; i++) await open();
    await client.open({ streamtype: 'data' });
    expect([last().type, streams.length]).to.deep.equal([3, 3]);
    client.reset(3);
    await open();
    expect(streams).to.have.length(4);
  });

  it('lets either side give a stream up', async () => {
    const first = await open();
    client.reset(first.id);
    await eventually(() => first.stream.destroyed, 'the stream to go');
    const second = await open();
    second.stream.destroy();
    await eventually(() => last().type === 3, 'the client to be told');
    expect([last().streamId, last().body.readUInt32BE(4)]).to.deep.equal([second.id, 5]);
    client.data(second.id, 'too late');
    client.ping(9);
    await eventually(() => last().type === 6, 'an answer');
    expect(last().streamId).to.equal(9);
  });

  it('answers pings, but not its own', async () => {
    client.ping(2);
    client.ping(3);
    await eventually(() => client.frames.length > 0, 'an answer');
    expect(client.frames.map(({ streamId }) => streamId)).to.deep.equal([3]);
  });

  it('stops reading while nobody reads a stream, and then goes on', async () => {
    const { id, stream } = await open();
    const other = await open();
    const piece = Buffer.alloc(64 * 1024);
    for (let i = 0; i < 60; i++) client.data(id, piece);
    client.data(other.id, 'behind');
    await settle(100);
    expect(stream.readableLength).to.be.within(1 << 18, (1 << 18) + piece.length);
    expect(other.stream.readableLength).to.equal(0);
    stream.resume();
    await eventually(() => other.stream.readableLength === 6, 'the rest');
  });

  it('asks meanwhile whether the client is still there, and ends when it is not', async () => {
    const { id, stream } = await open();
    for (let i = 0; i < 60; i++) client.data(id, Buffer.alloc(64 * 1024));
    await settle(100);
    await clock.advance(5000);
    await eventually(() => last().type === 6, 'a question');
    expect(last().streamId).to.equal(2);
    server.destroy();
    await connection.closed;
    expect([stream.destroyed, clock.pending]).to.deep.equal([true, 0]);
  });

  it('writes no faster than the client takes it', async () => {
    const { id, stream } = await open();
    const [slow, fast] = duplexPair({ highWaterMark: 1000 });
    const held = new SpdyConnection(fast, { clock, logger: silentLogger, idleMs, maxStreams: 1, accepts: () => true, opened: (one) => streams.push(one) });
    slow.write(Buffer.from('gAMAAQAAACkAAAABAAAAAAAAePnjxqfCYmBgYASns5Ki1MRcaFHCmgoKaAAAAAD//w==', 'base64'));
    await eventually(() => streams.length === 2, 'a stream');
    let written = 0;
    streams[1]!.write(Buffer.alloc(100_000), () => written++);
    await settle(20);
    expect(written).to.equal(0);
    slow.resume();
    await eventually(() => written === 1, 'the data to be taken');
    held.destroy();
    stream.end();
    await eventually(() => client.isOver(id), 'the end');
  });

  it('closes after idling, and not before', async () => {
    await open();
    await clock.advance(idleMs - 1);
    client.ping(1);
    await eventually(() => client.frames.some(({ type }) => type === 6), 'an answer');
    await clock.advance(idleMs - 1);
    expect(server.destroyed).to.equal(false);
    await clock.advance(1);
    await connection.closed;
    expect([server.destroyed, streams[0]!.destroyed]).to.deep.equal([true, true]);
  });

  it('ends with its client, and takes no streams after it said that it leaves', async () => {
    const { stream } = await open();
    client.control(7, 0, Buffer.alloc(8));
    await client.open({ streamtype: 'data' });
    expect([last().type, streams.length]).to.deep.equal([3, 1]);
    await client.leave();
    await connection.closed;
    expect(stream.destroyed).to.equal(true);
  });

  it('says why it ends when the client breaks the rules', async () => {
    for (const id of [2, 3, 1]) {
      const [here, there] = duplexPair();
      const strict = new SpdyConnection(there, { clock, logger: silentLogger, idleMs, maxStreams: 9, accepts: () => true, opened: () => undefined });
      const peer = new SpdyClient(here);
      await peer.sendOpen(3, { streamtype: 'data' });
      await peer.sendOpen(id, { streamtype: 'data' });
      await eventually(() => peer.ended, 'the end');
      const { type, streamId, body } = peer.frames.at(-1)!;
      expect([type, streamId, body.readUInt32BE(4)], `stream ${id} after 3`).to.deep.equal([7, 3, 1]);
      await strict.closed;
    }
  });

  it('does not read on while the client asks and takes no answers', async () => {
    const [there, here] = duplexPair({ highWaterMark: 1000 });
    const held = new SpdyConnection(there, { clock, logger: silentLogger, idleMs, maxStreams: 1, accepts: () => false, opened: () => undefined });
    const pings = Buffer.concat(Array.from({ length: 2000 }, () => Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1])));
    let taken = 0;
    for (let i = 0; i < 50; i++) here.write(pings, () => taken++);
    await settle(200);
    expect(there.writableLength).to.be.within(64 * 1024, 128 * 1024);
    expect(taken).to.be.below(10);
    let heard = 0;
    here.on('data', (chunk: Buffer) => (heard += chunk.length));
    await eventually(() => heard === 50 * pings.length, 'all answers');
    held.destroy();
    await held.closed;
  });

  it('does not unpack more of a header block than one may have', async () => {
    const before = process.memoryUsage().arrayBuffers;
    await client.sendRawOpen(1, Buffer.alloc(8 << 20));
    await eventually(() => client.ended, 'the end');
    expect(last().type).to.equal(7);
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(32 << 20);
    expect(streams).to.deep.equal([]);
  });

  it('refuses headers that are none', async () => {
    const u32 = (value: number): Buffer => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
    const blocks = [
      u32(1), u32(65), Buffer.concat([u32(1), u32(1), Buffer.from('A'), u32(0)]), Buffer.concat([u32(0), Buffer.from('x')]),
      Buffer.concat([u32(2), u32(1), Buffer.from('a'), u32(0), u32(1), Buffer.from('a'), u32(0)]), Buffer.concat([u32(1), u32(0xffff_ffff), Buffer.from('a')]),
    ];
    for (const block of blocks) {
      const [here, there] = duplexPair();
      const refusing = new SpdyConnection(there, { clock, logger: silentLogger, idleMs, maxStreams: 1, accepts: () => true, opened: (stream) => streams.push(stream) });
      const peer = new SpdyClient(here);
      await peer.sendRawOpen(1, block);
      await eventually(() => peer.ended, 'the end');
      expect(peer.frames.map(({ type }) => type)).to.deep.equal([7]);
      await refusing.closed;
    }
    expect(streams).to.deep.equal([]);
  });
});
