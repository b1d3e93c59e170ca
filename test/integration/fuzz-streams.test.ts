import { expect } from 'chai';
import { fuzzStreams } from '#test/fuzz/streams/fuzz-streams.ts';

const megabyte = 1024 * 1024;

/** A slice of `npm run campaign streams`. */
describe('clients that break the rules of WebSockets and SPDY', () => {
  it('disturb nobody, and leave nothing behind', async function () {
    this.timeout(120_000);
    const { faults, codes, opened, buffersMost } = await fuzzStreams({ seed: 1, sessions: 300 });
    expect(faults, faults.join('\n\n')).to.deep.equal([]);
    // Not everything may be refused at the first check, or the rest would never be reached.
    expect(codes.get('101') ?? 0).to.be.greaterThan(150);
    expect(opened, 'programs').to.be.greaterThan(100);
    expect(buffersMost / megabyte, 'MB of buffers').to.be.lessThan(300);
  });
});
