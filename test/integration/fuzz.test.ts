import { expect } from 'chai';
import { fuzz } from '#test/fuzz/fuzz.ts';

describe('bad input', () => {
  it('of every kind, verb and encoding gets a clean answer', async function () {
    this.timeout(120_000);
    const { faults, codes } = await fuzz({ seed: 1, requests: 3000 });
    expect(faults, faults.join('\n\n')).to.deep.equal([]);
    // Not everything may be refused at the first check, or the rest would never be reached.
    expect(codes.get(201) ?? 0).to.be.greaterThan(200);
    expect(codes.get(422) ?? 0).to.be.greaterThan(100);
  });
});
