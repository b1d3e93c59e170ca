import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { SharedMemoryStore } from '#test/fixtures/shared-memory-store.ts';
import { ObjectStore } from './object-store.ts';
import type { Change } from './resource-cache.ts';

const object = (name: string): KubernetesObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', uid: name, resourceVersion: '', creationTimestamp: '' } });

describe('ObjectStore over a store that others write to', () => {
  let kv: SharedMemoryStore;
  let store: ObjectStore;
  beforeEach(async () => {
    kv = new SharedMemoryStore();
    store = new ObjectStore(kv, { logger: silentLogger, clock: new FakeClock() });
    await store.start();
    for (const name of ['stays', 'goes', 'changes']) await store.create(ConfigMap, object(name));
  });
  afterEach(() => store.stop());

  const foreignWrites = async (): Promise<void> => {
    await kv.write({ key: '/registry/configmaps/default/goes', value: undefined });
    await kv.write({ key: '/registry/configmaps/default/changes', value: JSON.stringify({ ...object('changes'), data: { a: '2' } }) });
    await kv.write({ key: '/registry/configmaps/default/new', value: JSON.stringify(object('new')) });
    await kv.compact((await kv.revisions()).newest);
  };
  const names = (): string[] => [...store.cache(ConfigMap).range('default/')].map(([, { metadata }]) => metadata.name);
  const refusal = (): Promise<unknown> => store.catchUp().then(() => undefined, (error: unknown) => error);
  const renewed = (): Promise<void> => eventually(async () => (await refusal()) === undefined, 'the store to be read anew');

  it('sees their writes after it has caught up', async () => {
    kv.late = true;
    await kv.write({ key: '/registry/configmaps/default/new', value: JSON.stringify(object('new')) });
    expect(names()).not.to.include('new');
    await store.catchUp();
    expect(names()).to.include('new');
  });

  it('tells a watcher of each change once, also when history is ahead of the memory', async () => {
    const from = store.revision;
    await store.create(ConfigMap, object('past'));
    const late = new ObjectStore(kv, { logger: silentLogger, clock: new FakeClock() });
    await late.start();
    kv.late = true;
    for (const name of ['x', 'y']) await kv.write({ key: `/registry/configmaps/default/${name}`, value: JSON.stringify(object(name)) });
    const seen: string[] = [];
    await late.follow(ConfigMap, from, (change) => seen.push(change.object.metadata.name));
    await late.catchUp();
    expect(seen).to.deep.equal(['past', 'x', 'y']);
  });

  it('shows the old state until the new one is complete, and nobody takes it for the newest', async () => {
    const changes: Change[] = [];
    let told = 0;
    const stays = store.get(ConfigMap, 'default', 'stays');
    await store.follow(ConfigMap, store.revision, (change) => changes.push(change));
    await store.follow(ConfigMap, store.revision, () => changes.push(...changes), () => told++);
    const before = store.revision;
    const lose = kv.cutWatches();
    await foreignWrites();
    const reading = Promise.withResolvers<void>();
    kv.beforeList = () => reading.promise;
    lose();
    expect(StatusError.is(await refusal(), 'ServiceUnavailable')).to.equal(true);
    expect([names(), store.revision, told]).to.deep.equal([['changes', 'goes', 'stays'], before, 0]);
    reading.resolve();
    await renewed();
    expect([names(), store.revision, told]).to.deep.equal([['changes', 'new', 'stays'], (await kv.revisions()).newest, 1]);
    expect(changes.map(({ deleted, object: { metadata } }) => `${deleted ? '-' : '+'}${metadata.name}`)).to.deep.equal(['-goes', '+changes', '+new']);
    expect(store.get(ConfigMap, 'default', 'stays')).to.equal(stays);
    await store.create(ConfigMap, object('later'));
    expect(changes.at(-1)?.object.metadata.name).to.equal('later');
  });

  it('begins again when history is compacted once more while it is read', async () => {
    const lose = kv.cutWatches();
    await foreignWrites();
    let pages = 0;
    kv.beforeList = async () => {
      if (pages++ > 0) return;
      await kv.write({ key: '/registry/configmaps/default/newer', value: JSON.stringify(object('newer')) });
      await kv.compact((await kv.revisions()).newest);
    };
    lose();
    await renewed();
    expect([names(), store.trouble, pages]).to.deep.equal([['changes', 'new', 'newer', 'stays'], undefined, 2]);
  });

  it('starts although history is compacted meanwhile', async () => {
    let compactions = 0;
    kv.beforeList = async () => {
      if (compactions++ > 0) return;
      await foreignWrites();
    };
    const late = new ObjectStore(kv, { logger: silentLogger, clock: new FakeClock() });
    await late.start();
    expect([...late.cache(ConfigMap).range('default/')].map(([key]) => key)).to.deep.equal(['default/changes', 'default/new', 'default/stays']);
    expect(late.revision).to.equal((await kv.revisions()).newest);
  });
});
