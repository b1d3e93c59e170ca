import { expect } from 'chai';
import { lines } from './lines.ts';

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function collect(bytes: Buffer, size: number, max = 1000): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines(chunked(bytes, size), max)) found.push(line);
  return found;
}

describe('lines', () => {
  const text = Buffer.from('first\n\nzweite: äöü€😀\nlast\nnot ended');

  for (const size of [1, 2, 3, 5, 7, 1000]) {
    it(`cuts lines from chunks of ${size} bytes, also through the middle of a character`, async () => {
      expect(await collect(text, size)).to.deep.equal(['first', '', 'zweite: äöü€😀', 'last']);
    });
  }

  it('refuses a line that is too long, whether or not its end has come', async () => {
    expect(await collect(Buffer.from('12345\n12345\n'), 4, 5)).to.deep.equal(['12345', '12345']);
    for (const bytes of ['123456\n', '123456789']) {
      const error = await collect(Buffer.from(bytes), 4, 5).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(RangeError).with.property('message', 'a line is longer than 5 bytes');
    }
  });
});
