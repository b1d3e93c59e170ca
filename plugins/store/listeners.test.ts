import { expect } from 'chai';
import type { KeyEvent, KeyListener } from '#core/spi/key-value-store.ts';
import { Listeners } from './listeners.ts';

const event = (modRevision: number, key = 'a'): KeyEvent => ({ key, value: 'v', modRevision, createRevision: 2 });

describe('Listeners', () => {
  const heard = (): KeyListener & { revisions: number[]; reasons: string[] } => {
    const revisions: number[] = [];
    const reasons: string[] = [];
    return { revisions, reasons, events: (events) => void revisions.push(...events.map((each) => each.modRevision)), closed: (reason) => void reasons.push(reason.message) };
  };

  it('does not repeat what a listener has seen', () => {
    const listeners = new Listeners();
    const listener = heard();
    listeners.attach('', 3, listener, new AbortController().signal);
    listeners.deliver([event(3), event(4)]);
    expect(listener.revisions).to.deep.equal([4]);
  });

  it('drops a listener that throws, and serves the others', () => {
    const listeners = new Listeners();
    const broken = { ...heard(), events: () => { throw new Error('bug'); } };
    const listener = heard();
    listeners.attach('x/', 1, broken, new AbortController().signal);
    listeners.attach('', 1, listener, new AbortController().signal);
    listeners.deliver([event(2, 'x/a')]);
    listeners.deliver([event(3, 'x/a')]);
    expect(listener.revisions).to.deep.equal([2, 3]);
    expect(broken.reasons).to.deep.equal(['the listener of "x/" threw']);
    expect(listeners.size).to.equal(1);
  });

  it('delivers what a listener causes after the round that caused it', () => {
    const listeners = new Listeners();
    const first: KeyListener = { events: ([one]) => { if (one?.modRevision === 2) listeners.deliver([event(3)]); }, closed: () => undefined };
    const second = heard();
    listeners.attach('', 1, first, new AbortController().signal);
    listeners.attach('', 1, second, new AbortController().signal);
    listeners.deliver([event(2)]);
    expect(second.revisions).to.deep.equal([2, 3]);
  });

  it('forgets those that are aborted, and takes none after the end', () => {
    const listeners = new Listeners();
    const abort = new AbortController();
    const [aborted, stayed] = [heard(), heard()];
    listeners.attach('', 1, aborted, abort.signal);
    listeners.attach('', 1, stayed, new AbortController().signal);
    abort.abort();
    expect(listeners.size).to.equal(1);
    listeners.end(new Error('over'));
    listeners.end(new Error('again'));
    expect(aborted.reasons).to.deep.equal([]);
    expect(stayed.reasons).to.deep.equal(['over']);
    expect(listeners.size).to.equal(0);
    expect(() => listeners.attach('', 1, heard(), new AbortController().signal)).to.throw('over');
  });
});
