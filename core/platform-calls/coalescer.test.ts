import { expect } from 'chai';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { Coalescer } from './coalescer.ts';

const never = new AbortController().signal;

describe('Coalescer', () => {
  let clock: FakeClock;
  let calls: (readonly string[])[];
  let answer: (questions: readonly string[], signal: AbortSignal) => Promise<readonly string[]>;
  let coalescer: Coalescer<string, string>;
  beforeEach(() => {
    clock = new FakeClock();
    calls = [];
    answer = async (questions) => questions.map((question) => question.toUpperCase());
    coalescer = new Coalescer({
      clock, most: 3, keyOf: (question) => question,
      call: (questions, signal) => {
        calls.push(questions);
        return answer(questions, signal);
      },
    });
  });

  it('gathers questions for a while, and asks each once', async () => {
    const first = [coalescer.ask('a', never), coalescer.ask('b', never)];
    await clock.advance(99);
    const last = coalescer.ask('a', never);
    expect(calls).to.deep.equal([]);
    await clock.advance(1);
    expect(await Promise.all([...first, last])).to.deep.equal(['A', 'B', 'A']);
    expect(calls).to.deep.equal([['a', 'b']]);
    expect(clock.pending).to.equal(0);
  });

  it('sends a full call at once, and the rest in the next', async () => {
    const all = ['a', 'b', 'c', 'd'].map((question) => coalescer.ask(question, never));
    expect(calls).to.deep.equal([['a', 'b', 'c']]);
    await clock.advance(100);
    expect(await Promise.all(all)).to.deep.equal(['A', 'B', 'C', 'D']);
    expect(calls).to.deep.equal([['a', 'b', 'c'], ['d']]);
  });

  it('gives a failure to all who asked, and asks again for those who come later', async () => {
    answer = async () => Promise.reject(new Error('no'));
    const asked = Promise.allSettled(['a', 'b'].map((question) => coalescer.ask(question, never)));
    await clock.advance(100);
    expect((await asked).map((result) => (result.status === 'rejected' ? String(result.reason) : ''))).to.deep.equal(['Error: no', 'Error: no']);
    answer = async () => ['A'];
    const later = coalescer.ask('a', never);
    await clock.advance(100);
    expect(await later).to.equal('A');
  });

  it('takes too few answers for none', async () => {
    answer = async () => ['A'];
    const asked = Promise.allSettled(['a', 'b'].map((question) => coalescer.ask(question, never)));
    await clock.advance(100);
    expect((await asked).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
  });

  it('ends a call when nobody waits for it any more, and not before', async () => {
    let ended: unknown;
    answer = (_questions, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => {
      ended = signal.reason;
      reject(signal.reason);
    }));
    const [one, two] = [new AbortController(), new AbortController()];
    const asked = Promise.allSettled([coalescer.ask('a', one.signal), coalescer.ask('b', two.signal)]);
    await clock.advance(100);
    one.abort(new Error('one'));
    await settle();
    expect(ended).to.equal(undefined);
    two.abort(new Error('two'));
    expect((await asked).map((result) => (result.status === 'rejected' ? String(result.reason) : ''))).to.deep.equal(['Error: one', 'Error: two']);
    expect(String(ended)).to.equal('Error: two');
  });

  it('does not ask for those who left before the call', async () => {
    const gone = new AbortController();
    const left = coalescer.ask('a', gone.signal).catch(String);
    const stays = coalescer.ask('b', never);
    gone.abort(new Error('gone'));
    await clock.advance(100);
    expect([await left, await stays, calls]).to.deep.equal(['Error: gone', 'B', [['b']]]);
    const alone = new AbortController();
    const last = coalescer.ask('c', alone.signal).catch(String);
    alone.abort(new Error('over'));
    await clock.advance(100);
    expect([await last, calls.length, clock.pending]).to.deep.equal(['Error: over', 1, 0]);
    expect(await coalescer.ask('d', AbortSignal.abort('never')).catch(String)).to.equal('never');
  });
});
