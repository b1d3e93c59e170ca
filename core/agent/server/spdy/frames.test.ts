import { createInflate, deflateSync } from 'node:zlib';
import { expect } from 'chai';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { spdyDictionary } from './dictionary.ts';
import { readFrames, replyFrame, type Frame } from './frames.ts';
import { SpdyError } from './spdy-error.ts';

/** All that kubectl 1.27 sends for `kubectl exec -i web -c main -- wc -c` with `hello` on its input. */
const captured = Buffer.from(
  'gAMAAQAAACkAAAABAAAAAAAAePnjxqfCYmBgYASns5Ki1MRcaFHCmgoKaAAAAAD//4ADAAEAAAAXAAAAAwAAAAAAAMIuVVySkpkHAAAA//+AAwABAAAAGQAAAAUAAAAAAADCKsVWXJKSX1oCAAAA//+AAwABAAAAFQAAAAcAAAAA'
  + 'AADCKZdaVAQAAAD//wAAAAMAAAAFaGVsbG8AAAADAQAAAIADAAMAAAAIAAAAAQAAAAWAAwADAAAACAAAAAUAAAAFgAMAAwAAAAgAAAAHAAAABYADAAcAAAAIAAAAAAAAAAA=', 'base64');

const opened = (streamId: number, type: string): Frame => ({ type: 'open', streamId, headers: new Map([['streamtype', type]]), fin: false });
const inIt: Frame[] = [
  opened(1, 'error'), opened(3, 'stdin'), opened(5, 'stdout'), opened(7, 'stderr'),
  { type: 'data', streamId: 3, data: Buffer.from('hello'), fin: false }, { type: 'data', streamId: 3, data: Buffer.alloc(0), fin: true },
  { type: 'reset', streamId: 1 }, { type: 'reset', streamId: 5 }, { type: 'reset', streamId: 7 }, { type: 'goaway' },
];

async function* pieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function framesOf(bytes: Buffer, length = bytes.length): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of readFrames(pieces(bytes, Math.max(1, length)))) frames.push(frame);
  return frames;
}

async function refusalOf(bytes: Buffer): Promise<string> {
  try {
    await framesOf(bytes);
  } catch (error) {
    expect(error).to.be.instanceOf(SpdyError);
    return (error as Error).message;
  }
  return 'none';
}

const control = (type: number, body: Buffer, version = 3): Buffer => {
  const head = Buffer.from([0x80, version, 0, type, 0, 0, 0, 0]);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
};

describe('frames of SPDY', () => {
  it('are read as a client of Kubernetes sends them, however they are cut', async () => {
    expect(await framesOf(captured)).to.deep.equal(inIt);
    for (const length of [2, 3, 7, 8, 13, 50]) {
      const frames = await framesOf(captured, length);
      const hello = frames.filter((frame) => frame.type === 'data' && frame.data.length > 0) as (Frame & { type: 'data' })[];
      expect(Buffer.concat(hello.map(({ data }) => data)).toString()).to.equal('hello');
      expect(frames.filter((frame) => !hello.includes(frame as never))).to.deep.equal(inIt.filter((frame) => frame !== inIt[4]));
    }
  });

  it('come as data arrive, with the end at the last piece only', async () => {
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 9, 1, 0, 0, 4]), Buffer.from('abcd')]);
    const frames = await framesOf(frame, 10);
    expect(frames).to.deep.equal([{ type: 'data', streamId: 9, data: Buffer.from('ab'), fin: false }, { type: 'data', streamId: 9, data: Buffer.from('cd'), fin: true }]);
  });

  it('that nobody needs are passed over: settings, windows, credentials', async () => {
    const others = [4, 9, 10, 11].map((type) => control(type, Buffer.alloc(8)));
    expect(await framesOf(Buffer.concat([...others, control(6, Buffer.from([0, 0, 0, 7]))]))).to.deep.equal([{ type: 'ping', id: 7 }]);
  });

  it('that break the rules end the connection', async () => {
    const [version] = [control(6, Buffer.alloc(4), 2)];
    expect(await refusalOf(version)).to.equal('the peer sent a frame of version 2');
    expect(await refusalOf(control(1, Buffer.alloc(16_385)))).to.equal('the peer sent a control frame of 16385 bytes');
    expect(await refusalOf(control(3, Buffer.alloc(4)))).to.equal('the peer sent a frame that breaks off');
    expect(await refusalOf(captured.subarray(0, 60))).to.equal('the peer sent a frame that breaks off');
    expect(await refusalOf(Buffer.from([0, 0, 0, 1, 0, 0, 0, 4, 1]))).to.equal('the peer sent a frame that breaks off');
    const bomb = deflateSync(Buffer.alloc(8 << 20), { dictionary: spdyDictionary });
    expect(await refusalOf(control(1, Buffer.concat([Buffer.alloc(10), bomb])))).to.equal('the peer sent a header block of more than 32768 bytes');
    expect(await refusalOf(control(1, Buffer.alloc(40, 1)))).to.equal('the peer sent a header block that is not compressed as SPDY does');
  });

  it('of a reply have a header block that any inflater takes, the first and those after', async () => {
    const inflate = createInflate({ dictionary: spdyDictionary });
    const said: Buffer[] = [];
    inflate.on('data', (part: Buffer) => void said.push(part));
    for (const first of [true, false, false]) {
      const frame = replyFrame(5, first);
      expect([frame.subarray(0, 4).toString('hex'), frame.readUInt32BE(8), frame.readUIntBE(5, 3)]).to.deep.equal(['80030002', 5, frame.length - 8]);
      await new Promise((resolve) => inflate.write(frame.subarray(12), resolve));
    }
    expect(Buffer.concat(said)).to.deep.equal(Buffer.alloc(12));
  });

  it('made of noise are refused, and never more than that', async () => {
    const random = seededRandom(20_261_121);
    let refused = 0;
    for (let i = 0; i < 1500; i++) {
      const bytes = Buffer.from(captured);
      for (let n = 1 + Math.floor(random() * 6); n > 0; n--) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      const cut = bytes.subarray(0, 1 + Math.floor(random() * bytes.length));
      if (await refusalOf(random() < 0.5 ? bytes : cut) !== 'none') refused++;
    }
    expect(refused).to.be.within(700, 1499);
  }).timeout(10_000);
});
