import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { RevisionError, type KeyListener } from '#core/spi/key-value-store.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { MemoryStore } from '#plugins/store/memory/memory-store.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import { ObjectStore } from './object-store.ts';
import type { Change } from './resource-cache.ts';
import { Turns } from './turns.ts';

const object = (name: string, data: Record<string, string> = {}): KubernetesObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', uid: name, resourceVersion: '', creationTimestamp: '' }, data }) as KubernetesObject;

describe('ObjectStore', () => {
  let kv: MemoryStore;
  let clock: FakeClock;
  let store: ObjectStore;
  const open = async (historySize = 1024): Promise<void> => {
    store = new ObjectStore(kv, { logger: silentLogger, clock, historySize, compactEveryMs: 60_000, packed: ['secrets'] });
    await store.start();
  };
  beforeEach(async () => {
    kv = new MemoryStore();
    clock = new FakeClock();
    await open();
  });
  afterEach(() => store.stop());

  const make = (name: string, data?: Record<string, string>) => store.create(ConfigMap, object(name, data));
  const follow = async (from: number): Promise<Change[]> => {
    const changes: Change[] = [];
    await store.follow(ConfigMap, from, (change) => changes.push(change));
    return changes;
  };
  const shown = (changes: readonly Change[]): string[] => changes.map(({ deleted, object: { metadata }, previous }) => `${deleted ? '-' : previous ? '~' : '+'}${metadata.name}`);

  it('gives each write a version that grows, and reads what was written', async () => {
    const a = await make('a');
    const b = await make('b');
    expect(Number(b.metadata.resourceVersion)).to.equal(Number(a.metadata.resourceVersion) + 1);
    expect(store.get(ConfigMap, 'default', 'a')).to.equal(a);
    expect(store.revision).to.equal(Number(b.metadata.resourceVersion));
  });

  it('hands out objects that nobody can change', async () => {
    const a = await make('a', { x: '1' });
    expect(() => Object.assign(a.metadata, { name: 'b' })).to.throw(TypeError);
  });

  it('refuses a second object of the same name, and a replacement of what is not the newest', async () => {
    const first = await make('a');
    const again: unknown = await make('a').catch((error: unknown) => error);
    expect(StatusError.is(again, 'AlreadyExists')).to.equal(true);
    expect(await store.replace(ConfigMap, object('a', { x: '1' }), first)).to.have.nested.property('metadata.name', 'a');
    expect(await store.replace(ConfigMap, object('a', { x: '2' }), first)).to.equal(undefined);
    expect(await store.remove(ConfigMap, first)).to.equal(undefined);
  });

  it('shows changes from any version that history reaches, from memory or from the store', async () => {
    await store.stop();
    kv = new MemoryStore();
    await open(2);
    const start = store.revision;
    const a = await make('a');
    for (let i = 0; i < 10; i++) await make(`m${i}`);
    await store.remove(ConfigMap, a);
    const live = await follow(start);
    expect(shown(live)).to.deep.equal(['+a', ...Array.from({ length: 10 }, (_, i) => `+m${i}`), '-a']);
    await make('later');
    expect(shown(live).at(-1)).to.equal('+later');
    expect(live.at(-2)?.object.metadata.resourceVersion, 'a deletion has a version of its own').to.equal(String(store.revision - 1));
  });

  it('says when history is compacted, or a version lies ahead', async () => {
    await store.stop();
    kv = new MemoryStore();
    await open(2);
    for (let i = 0; i < 10; i++) await make(`m${i}`);
    await kv.compact(store.revision);
    expect(RevisionError.is(await follow(2).catch((error: unknown) => error), 'compacted')).to.equal(true);
    expect(RevisionError.is(await follow(store.revision + 1).catch((error: unknown) => error), 'future')).to.equal(true);
  });

  it('compacts history after two rounds, and keeps what came since the last one', async () => {
    await make('a');
    const between = store.revision;
    await clock.advance(60_000);
    await make('b');
    await clock.advance(60_000);
    expect((await kv.revisions()).oldest).to.equal(between);
  });

  it('compacts early when very much is written', async () => {
    let current = await make('big');
    const megabytes = 'x'.repeat(8 * 1024 * 1024);
    for (let i = 0; i < 40; i++) current = (await store.replace(ConfigMap, object('big', { i: String(i), megabytes }), current)) ?? current;
    expect((await kv.revisions()).oldest).to.be.greaterThan(10);
  });

  it('keeps packed kinds as text, and shows them as any other', async () => {
    const secrets = { group: '', plural: 'secrets' };
    const made = await store.create(secrets, object('s', { a: '1' }));
    expect(store.get(secrets, 'default', 's')).to.deep.equal(made);
    expect([...store.cache(secrets).range('default/')].map(([key]) => key)).to.deep.equal(['default/s']);
  });

  it('tells of changes of packed kinds what it tells of others', async () => {
    const told: Record<string, unknown[]> = {};
    for (const names of [ConfigMap, { group: '', plural: 'secrets' }]) {
      const seen: unknown[] = (told[names.plural] = []);
      const close = await store.follow(names, store.revision, ({ deleted, object: now, previous, revision }) => {
        expect([now.metadata.resourceVersion, Object.isFrozen(now)]).to.deep.equal([String(revision), true]);
        const data = (one: unknown): unknown => (one as { data?: unknown } | undefined)?.data;
        seen.push([deleted, data(now), data(previous), previous?.metadata.resourceVersion === undefined ? undefined : revision - Number(previous.metadata.resourceVersion)]);
      });
      const made = await store.create(names, object('s', { a: '1' }));
      const changed = await store.replace(names, object('s', { a: '2' }), made);
      await store.remove(names, changed ?? made);
      close();
    }
    expect(told['secrets']).to.deep.equal([[false, { a: '1' }, undefined, undefined], [false, { a: '2' }, { a: '1' }, 1], [true, { a: '2' }, { a: '2' }, 1]]);
    expect(told['secrets']).to.deep.equal(told['configmaps']);
  });

  it('is of no use once the store is gone, and says why', async () => {
    let listener: KeyListener | undefined;
    const failing = new MemoryStore();
    failing.watch = async (_prefix, _from, attached) => {
      listener = attached;
    };
    const doomed = new ObjectStore(failing, { logger: silentLogger, clock });
    await doomed.start();
    listener?.closed(new Error('the disk is gone'));
    expect(doomed.trouble?.message).to.equal('the disk is gone');
    expect(() => doomed.get(ConfigMap, 'default', 'a')).to.throw('the store is not available: the disk is gone');
  });
});

describe('Turns', () => {
  it('runs tasks of one key one after the other, also after failures, and those of others at once', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const task = (name: string, fails = false) => async (): Promise<string> => {
      log.push(`+${name}`);
      await Promise.resolve();
      log.push(`-${name}`);
      if (fails) throw new Error(name);
      return name;
    };
    const results = await Promise.allSettled([turns.take('k', task('a', true)), turns.take('k', task('b')), turns.take('other', task('c'))]);
    expect(results.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled', 'fulfilled']);
    expect(log.indexOf('-a')).to.be.lessThan(log.indexOf('+b'));
    expect(log.indexOf('+c')).to.be.lessThan(log.indexOf('-a'));
  });
});

describe('continue tokens', () => {
  it('come back as they were, and nothing else is taken for one', () => {
    expect(decodeContinue(encodeContinue({ revision: 7, after: 'default/ü' }))).to.deep.equal({ revision: 7, after: 'default/ü' });
    for (const token of ['x', 'e30', Buffer.from('{"v":1,"rv":-1,"after":"a"}').toString('base64url')]) expect(() => decodeContinue(token), token).to.throw('continue key is not valid');
  });
});
