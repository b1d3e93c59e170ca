import { expect } from 'chai';
import { BackwardWriter } from './backward-writer.ts';
import { fieldsOf } from './protobuf-reader.ts';

describe('BackwardWriter', () => {
  const read = (bytes: Buffer) => [...fieldsOf(bytes)].map(([number, wire]) => [number, wire.kind === 'bytes' ? wire.value.toString() : wire.kind === 'varint' ? BigInt.asIntN(64, wire.value) : wire.value.readDoubleLE()]);

  it('writes what is read the other way round', () => {
    const writer = new BackwardWriter();
    writer.double(200, -0.5);
    writer.string(4, 'ü☃');
    writer.bool(3, true);
    for (const number of [-1, 2 ** 53 - 1, 2 ** 31, 300, 0]) writer.int(2, number);
    writer.string(1, '');
    expect(read(writer.take())).to.deep.equal([[1, ''], [2, 0n], [2, 300n], [2, 2n ** 31n], [2, 2n ** 53n - 1n], [2, -1n], [3, 1n], [4, 'ü☃'], [200, -0.5]]);
    expect(writer.length).to.equal(0);
  });

  it('grows, and puts messages into messages', () => {
    const writer = new BackwardWriter();
    const long = 'x'.repeat(100_000);
    writer.string(9, 'after');
    const { length } = writer;
    writer.string(2, long);
    writer.int(1, 7);
    writer.message(5, length);
    const [[number, message] = [], after] = [...fieldsOf(writer.take())];
    expect([number, after?.[0]]).to.deep.equal([5, 9]);
    expect(message?.kind === 'bytes' && read(message.value)).to.deep.equal([[1, 7n], [2, long]]);
  });
});
