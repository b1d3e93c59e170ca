import { expect } from 'chai';
import { fuzz } from '#test/fuzz/fuzz.ts';

/** A slice of `npm run campaign fuzz`. */
describe('bad input', () => {
  it('of every kind, verb and encoding gets a clean answer, and what is accepted reads back the same', async function () {
    this.timeout(120_000);
    const { faults, codes, accepted } = await fuzz({ seed: 1, requests: 1500 });
    expect(faults, faults.join('\n\n')).to.deep.equal([]);
    // Not everything may be refused at the first check, or the rest would never be reached.
    expect(codes.get(201) ?? 0).to.be.greaterThan(100);
    expect(codes.get(200) ?? 0).to.be.greaterThan(100);
    expect(codes.get(422) ?? 0).to.be.greaterThan(100);
    expect(accepted.size, 'kinds').to.be.greaterThan(40);
  });
});
