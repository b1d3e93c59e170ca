import { expect } from 'chai';
import { StatusError } from '#core/api/status-error.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { Widget } from '#test/fixtures/widget.ts';
import { SharedInformer } from './shared-informer.ts';

const at = (name: string) => ({ namespace: 'ns', name });
const key = (name: string): string => `ns/${name}`;

describe('SharedInformer', () => {
  let clock: FakeClock;
  let client: FakeClient;
  let logger: ReturnType<typeof recordingLogger>;
  let informer: SharedInformer<Widget>;
  let seen: string[];
  let stop: AbortController;
  let run: Promise<void>;

  const create = (name: string, colour = 'red') => client.create(Widget, { metadata: at(name), colour });
  const paint = (name: string, colour: string) => client.patch(Widget, at(name), { type: 'merge', document: { colour } });
  const remove = (name: string) => client.delete(Widget, at(name));
  const start = async (): Promise<void> => {
    run = informer.run(stop.signal);
    await settle();
  };
  const names = (): string[] => [...informer.values()].map((widget) => `${widget.metadata.name}:${widget.colour}`).toSorted();
  const note = (object: Widget | undefined, previous: Widget | undefined): void => {
    if (previous === undefined) seen.push(`+${object?.metadata.name}:${object?.colour}`);
    else if (object === undefined) seen.push(`-${previous.metadata.name}:${previous.colour}`);
    else seen.push(`${previous.metadata.name}:${previous.colour}>${object.colour}`);
  };

  beforeEach(() => {
    clock = new FakeClock();
    client = new FakeClient();
    logger = recordingLogger();
    informer = new SharedInformer(Widget, { reader: client, clock, logger, random: () => 0.5, pageSize: 2 });
    seen = [];
    informer.subscribe(note);
    stop = new AbortController();
    run = Promise.resolve();
  });

  afterEach(async () => {
    stop.abort();
    await run;
    expect(clock.pending).to.equal(0);
    expect(client.watchers).to.equal(0);
  });

  it('lists page by page, then follows what happens', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name);
    await start();
    expect(informer.synced).to.equal(true);
    expect(informer.size).to.equal(5);
    expect(client.calls.filter((call) => call.startsWith('list'))).to.have.length(3);
    await create('f');
    await paint('a', 'blue');
    await remove('b');
    await settle();
    expect(names()).to.deep.equal(['a:blue', 'c:red', 'd:red', 'e:red', 'f:red']);
    expect(seen.slice(5)).to.deep.equal(['+f:red', 'a:red>blue', '-b:red']);
    expect(informer.get(key('a'))).to.equal(await client.get(Widget, at('a')));
    expect(informer.get(key('b'))).to.equal(undefined);
  });

  it('says when the first list is in, and not before', async () => {
    let answer = (): void => undefined;
    client.before = (call) => (call === 'list' ? new Promise((resolve) => (answer = resolve)) : undefined);
    let synced = false;
    void informer.whenSynced(stop.signal).then(() => (synced = true));
    await start();
    expect([synced, informer.synced]).to.deep.equal([false, false]);
    answer();
    await settle();
    expect([synced, informer.synced]).to.deep.equal([true, true]);
  });

  it('stops waiting for the first list when the signal aborts', async () => {
    const impatient = new AbortController();
    const waiting = informer.whenSynced(impatient.signal).catch((reason: unknown) => reason);
    impatient.abort('enough');
    expect(await waiting).to.equal('enough');
  });

  it('tells a late subscriber of what exists, as new, and stops telling one who left', async () => {
    await create('a');
    await create('b');
    await start();
    const late: string[] = [];
    const leave = informer.subscribe((object, previous) => late.push(`${object?.metadata.name} ${previous === undefined ? 'new' : 'changed'}`));
    expect(late).to.deep.equal(['a new', 'b new']);
    await paint('a', 'blue');
    await settle();
    leave();
    await remove('a');
    await settle();
    expect(late).to.deep.equal(['a new', 'b new', 'a changed']);
  });

  it('resumes a watch that ends from the last version seen, bookmarks included, without listing', async () => {
    await create('a');
    await start();
    await clock.advance(5000);
    client.bookmark(Widget);
    await settle();
    client.compact();
    client.dropWatches();
    await create('b');
    await clock.advance(1000);
    expect(names()).to.deep.equal(['a:red', 'b:red']);
    expect(client.calls.filter((call) => call.startsWith('list'))).to.have.length(1);
    expect(seen).to.deep.equal(['+a:red', '+b:red']);
  });

  it('survives a watch that breaks, and serves the old state until it is back', async () => {
    await create('a');
    await start();
    let down = true;
    client.before = () => {
      if (down) throw new Error('connection refused');
    };
    client.dropWatches(new Error('connection reset'));
    await clock.advance(60_000);
    expect(names()).to.deep.equal(['a:red']);
    down = false;
    await create('b');
    await clock.advance(30_000);
    expect(names()).to.deep.equal(['a:red', 'b:red']);
    expect(seen).to.deep.equal(['+a:red', '+b:red']);
    expect(client.calls.filter((call) => call.startsWith('list'))).to.have.length(1);
  });

  it('lists again after 410 and reports the difference: missed creations, changes, deletions, and a new object under an old name', async () => {
    for (const name of ['same', 'changed', 'deleted', 'replaced']) await create(name);
    await start();
    const same = informer.get(key('same'));
    seen.length = 0;
    client.dropWatches(new Error('connection reset'));
    await settle();
    await paint('changed', 'blue');
    await remove('deleted');
    await remove('replaced');
    await create('replaced', 'green');
    await create('created');
    client.compact();
    expect(seen).to.deep.equal([]);
    await clock.advance(1000);
    expect(seen).to.deep.equal(['-deleted:red', 'changed:red>blue', '+created:red', '-replaced:red', '+replaced:green']);
    expect(names()).to.deep.equal(['changed:blue', 'created:red', 'replaced:green', 'same:red']);
    expect(informer.get(key('same'))).to.equal(same);
    await create('later');
    await settle();
    expect(seen.at(-1)).to.equal('+later:red');
  });

  it('lists again when the watch itself says 410', async () => {
    await create('a');
    await start();
    client.dropWatches(StatusError.expired('too old resource version'));
    await settle();
    await remove('a');
    await clock.advance(1000);
    expect(client.calls.filter((call) => call.startsWith('list'))).to.have.length(2);
    expect(seen).to.deep.equal(['+a:red', '-a:red']);
  });

  it('takes everything at once when a list expires between two pages', async () => {
    for (const name of ['a', 'b', 'c']) await create(name);
    let pages = 0;
    client.before = async (call) => {
      if (call !== 'list' || ++pages !== 2) return;
      await create('d');
      client.compact();
    };
    await start();
    expect(names()).to.deep.equal(['a:red', 'b:red', 'c:red', 'd:red']);
    expect(pages).to.equal(3);
  });

  it('backs off further with each failure, and starts afresh once it works', async () => {
    const times: number[] = [];
    const begin = clock.now();
    client.before = (call) => {
      if (call !== 'list') return;
      times.push(clock.now() - begin);
      if (times.length < 5) throw new StatusError('ServiceUnavailable', 'not now');
    };
    await start();
    await clock.advance(60_000);
    expect(times).to.deep.equal([0, 75, 225, 525, 1125]);
    expect(logger.at('warn')).to.have.length(4);
    client.dropWatches(StatusError.expired('too old resource version'));
    await clock.advance(60_000);
    expect(times.at(-1)).to.equal(60_075);
  });

  it('waits longer and longer when the server ends each watch at once', async () => {
    const times: number[] = [];
    const begin = clock.now();
    client.before = (call) => {
      if (call !== 'watch') return;
      times.push(clock.now() - begin);
      setImmediate(() => client.dropWatches());
    };
    await start();
    await clock.advance(1200);
    expect(times).to.deep.equal([0, 75, 225, 525, 1125]);
    client.before = undefined;
    await clock.advance(60_000);
  });

  it('goes on when a handler throws, and logs it', async () => {
    informer.subscribe(() => {
      throw new Error('a bug in a handler');
    });
    const after: string[] = [];
    informer.subscribe((object) => after.push(object?.metadata.name ?? 'gone'));
    await create('a');
    await start();
    await remove('a');
    await settle();
    expect(after).to.deep.equal(['a', 'gone']);
    expect(logger.at('error').map((line) => [line.message, line.fields.key])).to.deep.equal([['a change handler failed', 'ns/a'], ['a change handler failed', 'ns/a']]);
  });

  it('shows handlers a cache that has the whole list', async () => {
    for (const name of ['a', 'b', 'c']) await create(name);
    const sizes: number[] = [];
    informer.subscribe(() => sizes.push(informer.size));
    await start();
    expect(sizes).to.deep.equal([3, 3, 3]);
  });

  it('keeps indexes true through changes, deletions and relists', async () => {
    informer.addIndex('colour', (widget) => (widget.colour === undefined ? [] : [widget.colour, 'any']));
    for (const name of ['a', 'b', 'c']) await create(name);
    await start();
    const found = (value: string): string[] => informer.byIndex('colour', value).map((widget) => widget.metadata.name);
    expect(found('red')).to.deep.equal(['a', 'b', 'c']);
    await paint('a', 'blue');
    await remove('b');
    await settle();
    expect([found('red'), found('blue'), found('any').toSorted()]).to.deep.equal([['c'], ['a'], ['a', 'c']]);
    client.dropWatches(StatusError.expired('gone'));
    await settle();
    await remove('a');
    await paint('c', 'green');
    await clock.advance(1000);
    expect([found('red'), found('blue'), found('green'), found('any')]).to.deep.equal([[], [], ['c'], ['c']]);
  });

  it('names the indexes that exist when asked for another one, and refuses two under one name', () => {
    informer.addIndex('colour', () => []);
    expect(() => informer.byIndex('size', '1')).to.throw('there is no index "size"; known are: colour');
    expect(() => informer.addIndex('colour', () => ['x'])).to.throw('there is an index "colour" already');
  });

  it('fills an index that is added late, and leaves out objects for which its function throws', async () => {
    await create('a');
    await create('b', '');
    await start();
    informer.addIndex('initial', (widget) => {
      if (widget.colour === '') throw new Error('no colour');
      return [widget.colour?.[0] ?? ''];
    });
    expect(informer.byIndex('initial', 'r').map((widget) => widget.metadata.name)).to.deep.equal(['a']);
    expect(logger.at('error')).to.have.length(1);
  });
});
