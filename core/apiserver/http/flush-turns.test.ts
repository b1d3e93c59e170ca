import { expect } from 'chai';
import { FlushTurns } from './flush-turns.ts';

describe('turns of streams that flush', () => {
  let now = 0;
  let writingMs = 0;
  let asked: { readonly ms: number; readonly act: () => void }[] = [];
  let written: (() => void)[] = [];
  let turns: FlushTurns;
  beforeEach(() => {
    now = 1000;
    writingMs = 0;
    asked = [];
    written = [];
    turns = new FlushTurns(() => now, (ms, act) => asked.push({ ms, act }), (act) => written.push(act));
  });
  const take = (): number => {
    const next = asked.shift();
    if (next === undefined) throw new Error('nobody waits for a turn');
    now += next.ms;
    next.act();
    // The time that writing takes counts too.
    now += writingMs;
    for (const act of written.splice(0)) act();
    return next.ms;
  };

  it('come at once, with all that waits by then', () => {
    const flushed: string[] = [];
    turns.add(() => flushed.push('a'));
    turns.add(() => flushed.push('b'));
    expect(take()).to.equal(0);
    expect(flushed).to.deep.equal(['a', 'b']);
    expect(asked).to.deep.equal([]);
  });

  it('rest for as long as the last one took, 5 ms at least and 100 ms at most', () => {
    writingMs = 8;
    turns.add(() => undefined);
    take();
    now += 3;
    writingMs = 400;
    turns.add(() => undefined);
    expect(take()).to.equal(5);
    turns.add(() => undefined);
    writingMs = 0;
    expect(take()).to.equal(100);
    turns.add(() => undefined);
    expect(take()).to.equal(5);
    now += 5;
    turns.add(() => undefined);
    expect(take()).to.equal(0);
  });

  it('leave what comes meanwhile to the next', () => {
    const flushed: string[] = [];
    turns.add(() => {
      flushed.push('first');
      turns.add(() => flushed.push('second'));
    });
    take();
    expect(flushed).to.deep.equal(['first']);
    take();
    expect(flushed).to.deep.equal(['first', 'second']);
  });
});
