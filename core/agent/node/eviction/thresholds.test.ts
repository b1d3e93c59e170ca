import { expect } from 'chai';
import type { Observations } from './observations.ts';
import { PressureTracker } from './pressure.ts';
import { parseThresholds, thresholdBytes, type Signal } from './thresholds.ts';

const mebi = 2n ** 20n;
const seen = (available: Partial<Record<Signal, bigint>>): Observations =>
  new Map(Object.entries(available).map(([signal, bytes]) => [signal as Signal, { available: bytes, capacity: 1000n * mebi }]));

describe('eviction thresholds', () => {
  it('are upstream\'s unless others are given', () => {
    expect(parseThresholds().map(({ signal, value, graceMs }) => [signal, thresholdBytes(value, 1000n * mebi) / mebi, graceMs])).to.deep.equal([
      ['memory.available', 100n, 0], ['nodefs.available', 100n, 0], ['nodefs.inodesFree', 50n, 0], ['imagefs.available', 150n, 0], ['imagefs.inodesFree', 50n, 0],
    ]);
  });

  it('are read as the kubelet reads them', () => {
    const [hard, soft] = parseThresholds({ hard: 'memory.available<0%, nodefs.available<1.5%', soft: 'memory.available<20%', softGracePeriod: 'memory.available=1m30s', minimumReclaim: 'memory.available=50Mi' });
    expect([hard?.signal, thresholdBytes(hard?.value ?? { percent: 0 }, 1000n)]).to.deep.equal(['nodefs.available', 15n]);
    expect([soft?.signal, soft?.graceMs]).to.deep.equal(['memory.available', 90_000]);
    expect(soft?.minReclaim && thresholdBytes(soft.minReclaim, 0n)).to.equal(50n * mebi);
  });

  for (const [texts, message] of [
    [{ hard: 'memory<1Gi' }, /"memory<1Gi" is no eviction threshold: it must be SIGNAL<VALUE with one of memory.available,/],
    [{ hard: 'memory.available<lots' }, /neither a quantity nor a percentage: lots/],
    [{ hard: 'memory.available<101%' }, /more than 100 %/],
    [{ hard: 'memory.available<1Gi,memory.available<2Gi' }, /given twice/],
    [{ soft: 'memory.available<1Gi' }, /needs a grace period/],
    [{ soft: 'memory.available<1Gi', softGracePeriod: 'memory.available=soon' }, /no duration such as 1m30s: soon/],
  ] as const) {
    it(`refuses ${JSON.stringify(texts)}`, () => {
      expect(() => parseThresholds(texts)).to.throw(RangeError, message);
    });
  }

  it('make a condition that outlasts them by five minutes', () => {
    const tracker = new PressureTracker(parseThresholds(), 300_000);
    expect(tracker.note(seen({ 'memory.available': 99n * mebi, 'nodefs.available': 500n * mebi }), 0).map(({ signal }) => signal)).to.deep.equal(['memory.available']);
    expect(tracker.pressures).to.deep.equal({ memory: true, disk: false, pid: false });
    expect(tracker.note(seen({ 'memory.available': 500n * mebi }), 10_000)).to.deep.equal([]);
    tracker.note(seen({ 'memory.available': 500n * mebi }), 299_000);
    expect(tracker.pressures.memory).to.equal(true);
    tracker.note(seen({ 'memory.available': 500n * mebi }), 300_000);
    expect(tracker.pressures.memory).to.equal(false);
  });

  it('act after their grace period only, and begin it anew', () => {
    const tracker = new PressureTracker(parseThresholds({ hard: '', soft: 'memory.available<100Mi', softGracePeriod: 'memory.available=30s' }), 300_000);
    const low = seen({ 'memory.available': 99n * mebi });
    expect([tracker.note(low, 0).length, tracker.pressures.memory]).to.deep.equal([0, true]);
    tracker.note(seen({ 'memory.available': 101n * mebi }), 20_000);
    expect(tracker.note(low, 30_000).length).to.equal(0);
    expect(tracker.note(low, 60_000).length).to.equal(1);
  });

  it('are met until the least reclaim is reached', () => {
    const tracker = new PressureTracker(parseThresholds({ hard: 'memory.available<100Mi', minimumReclaim: 'memory.available=50Mi' }), 300_000);
    expect(tracker.note(seen({ 'memory.available': 120n * mebi }), 0).length).to.equal(0);
    expect(tracker.note(seen({ 'memory.available': 99n * mebi }), 0).length).to.equal(1);
    expect(tracker.note(seen({ 'memory.available': 149n * mebi }), 10_000).length).to.equal(1);
    expect(tracker.note(seen({ 'memory.available': 150n * mebi }), 20_000).length).to.equal(0);
  });

  it('say nothing of what cannot be measured', () => {
    const tracker = new PressureTracker(parseThresholds(), 300_000);
    expect(tracker.note(new Map(), 0)).to.deep.equal([]);
    expect(tracker.pressures).to.deep.equal({ memory: false, disk: false, pid: false });
  });
});
