import { expect } from 'chai';
import { Timeline } from './timeline.ts';

describe('the emulated time', () => {
  it('runs what is due in its order, each at its own time', () => {
    const timeline = new Timeline({ scale: 0, start: 1000 });
    const seen: string[] = [];
    timeline.after(20, () => seen.push(`b${timeline.now}`));
    timeline.after(10, () => {
      seen.push(`a${timeline.now}`);
      timeline.after(5, () => seen.push(`c${timeline.now}`));
    });
    timeline.after(20, () => seen.push(`d${timeline.now}`));
    timeline.advance(9);
    expect(seen).to.deep.equal([]);
    timeline.advance(100);
    expect(seen).to.deep.equal(['a1010', 'c1015', 'b1020', 'd1020']);
    expect(timeline.now).to.equal(1109);
  });

  it('goes as many times faster as it is told', () => {
    let real = 500;
    const timeline = new Timeline({ scale: 100, real: () => real });
    real += 3;
    expect(timeline.now).to.equal(800);
    expect(timeline.atOnce(() => {
      real += 10;
      return timeline.now;
    })).to.equal(800);
  });
});
