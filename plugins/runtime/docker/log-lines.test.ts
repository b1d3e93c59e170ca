import { expect } from 'chai';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { FrameReader } from './frames.ts';
import { framedLines, terminalLines } from './log-lines.ts';

const time = (index: number): string => `2026-11-21T12:00:00.${String(index).padStart(9, '0')}Z`;

const frame = (kind: 0 | 1 | 2, content: Buffer): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
};

/** The same bytes in pieces of any length. */
async function* pieces(bytes: Buffer, seed: number): AsyncGenerator<Buffer> {
  const random = seededRandom(seed);
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + Math.floor(random() * (random() < 0.3 ? 4 : 40_000));
    yield bytes.subarray(at, end);
    at = end;
  }
}

interface Message {
  readonly stream: 'stdout' | 'stderr';
  readonly content: string;
}

/** Lines and parts of lines as the engine cuts them: after 16 KiB. */
function messages(seed: number): Message[] {
  const random = seededRandom(seed);
  const stream = (): Message['stream'] => (random() < 0.5 ? 'stdout' : 'stderr');
  const lengths = [0, 1, 16_382, 16_383, 100, 16_384, 40];
  return Array.from({ length: 40 }, () => {
    const length = lengths[Math.floor(random() * lengths.length)] ?? 0;
    const text = ' 2026-11-21T12:00:00.000000000Z x'.repeat(600).slice(0, length);
    return { stream: stream(), content: length === 16_384 ? text : `${text}\n` };
  });
}

describe('lines of logs', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    it(`are put together from pieces, seed ${seed}`, async () => {
      const written = messages(seed);
      const framed = Buffer.concat(written.map(({ stream, content }, index) => frame(stream === 'stdout' ? 1 : 2, Buffer.from(`${time(index)} ${content}`))));
      const read: unknown[] = [];
      for await (const { stream, time: at, content } of framedLines(pieces(framed, seed))) read.push({ stream, at, content: content.toString() });
      expect(read).to.deep.equal(written.map(({ stream, content }, index) => ({ stream, at: time(index), content })));
    });

    it(`of a terminal are put together from pieces, seed ${seed}`, async () => {
      const written = [...messages(seed), { content: 'the last has no end' }];
      const raw = Buffer.from(written.map(({ content }, index) => `${time(index)} ${content}`).join(''));
      const read: unknown[] = [];
      for await (const { stream, time: at, content } of terminalLines(pieces(raw, seed))) read.push({ stream, at, content: content.toString() });
      expect(read).to.deep.equal(written.map(({ content }, index) => ({ stream: 'stdout', at: time(index), content })));
    });
  }

  it('are refused from what is no stream of a program, and when they have no end', async () => {
    const all = async (bytes: Buffer): Promise<number> => {
      let count = 0;
      for await (const _line of framedLines(pieces(bytes, 1))) count += 1;
      return count;
    };
    const failure = (bytes: Buffer): Promise<string> => all(bytes).then(() => 'read', (error: Error) => error.message);
    expect(await failure(Buffer.from('HTTP/1.1 500 Internal Server Error'))).to.contain('no stream');
    expect(await failure(frame(1, Buffer.alloc(2 * 1024 * 1024, 'x')))).to.contain('too long');
  });

  it('of frames are handed on before they are whole', () => {
    const reader = new FrameReader();
    const whole = frame(2, Buffer.from('abcdef'));
    expect(reader.push(whole.subarray(0, 5))).to.deep.equal([]);
    expect(reader.push(whole.subarray(5, 10))).to.deep.equal([{ stream: 'stderr', content: Buffer.from('ab'), last: false }]);
    expect(reader.push(whole.subarray(10))).to.deep.equal([{ stream: 'stderr', content: Buffer.from('cdef'), last: true }]);
    expect(reader.push(Buffer.concat([frame(1, Buffer.alloc(0)), frame(1, Buffer.from('z'))]))).to.deep.equal([{ stream: 'stdout', content: Buffer.from('z'), last: true }]);
  });
});
