import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { StatusError } from '#core/api/status-error.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { never, rejection } from '#test/fixtures/node-volumes.ts';
import { ApiObjects } from './api-objects.ts';

describe('ApiObjects', () => {
  let client: FakeClient;
  let clock: FakeClock;
  const key = (name: string) => ({ namespace: 'default', name });
  const make = (name: string, text = '') => client.create(ConfigMap, { metadata: key(name), data: { text } });
  const gets = (): number => client.calls.filter((call) => call.startsWith('get')).length;

  beforeEach(() => {
    client = new FakeClient();
    clock = new FakeClock();
  });

  it('lets those who ask together share one reading, and remembers no failure', async () => {
    const objects = new ApiObjects(client, clock);
    const failures = await Promise.all([1, 2, 3].map(() => rejection(objects.fresh(ConfigMap, key('a'), never))));
    expect([failures.every((error) => StatusError.is(error, 'NotFound')), gets()]).to.deep.equal([true, 1]);
    await make('a', 'x');
    expect((await objects.recent(ConfigMap, key('a'), never)).data).to.deep.equal({ text: 'x' });
    expect(gets()).to.equal(2);
  });

  it('tells objects of one name apart by namespace', async () => {
    const objects = new ApiObjects(client, clock);
    await make('a', 'here');
    await client.create(ConfigMap, { metadata: { namespace: 'other', name: 'a' }, data: { text: 'there' } });
    const texts = await Promise.all(['default', 'other'].map(async (namespace) => (await objects.fresh(ConfigMap, { namespace, name: 'a' }, never)).data?.['text']));
    expect(texts).to.deep.equal(['here', 'there']);
  });

  it('keeps no more than it may', async () => {
    const objects = new ApiObjects(client, clock, { maxBytes: 10_000 });
    for (const name of ['a', 'b', 'c']) {
      await make(name, 'x'.repeat(1000));
      await objects.recent(ConfigMap, key(name), never);
    }
    await objects.recent(ConfigMap, key('c'), never);
    expect(gets()).to.equal(3);
    await objects.recent(ConfigMap, key('a'), never);
    expect(gets()).to.equal(4);
    await make('huge', 'x'.repeat(100_000));
    await objects.recent(ConfigMap, key('huge'), never);
    await objects.recent(ConfigMap, key('a'), never);
    expect(gets()).to.equal(5);
  });

  it('leaves a caller that gives up, and goes on for the others', async () => {
    const objects = new ApiObjects(client, clock);
    await make('a');
    const gate = Promise.withResolvers<void>();
    client.before = () => gate.promise;
    const leaving = new AbortController();
    const left = rejection(objects.fresh(ConfigMap, key('a'), leaving.signal));
    const staying = objects.fresh(ConfigMap, key('a'), never);
    leaving.abort(new Error('enough'));
    expect((await left).message).to.equal('enough');
    gate.resolve();
    expect((await staying).metadata.name).to.equal('a');
  });
});
