import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { RotatingClient, type ClosableClient } from './rotating-client.ts';

describe('RotatingClient', () => {
  const made = (closed: string[], name: string): { readonly fake: FakeClient; readonly client: ClosableClient } => {
    const fake = new FakeClient();
    return { fake, client: Object.assign(fake, { close: () => void closed.push(name) }) };
  };

  it('goes on with the newest client, and lets the one before finish what is under way', async () => {
    const clock = new FakeClock();
    const closed: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => made(closed, name)) as [ReturnType<typeof made>, ReturnType<typeof made>, ReturnType<typeof made>];
    const client = new RotatingClient(a.client, clock);
    const slow = Promise.withResolvers<void>();
    a.fake.before = () => slow.promise;
    const underWay = client.create(ConfigMap, { metadata: { name: 'x' } });
    client.replace(b.client);
    await client.list(ConfigMap);
    expect([a.fake.calls, b.fake.calls]).to.deep.equal([['create configmaps x'], ['list configmaps']]);
    await clock.advance(59_000);
    expect(closed).to.deep.equal([]);
    slow.resolve();
    expect((await underWay).metadata.name).to.equal('x');
    await clock.advance(1000);
    expect(closed).to.deep.equal(['a']);
    client.replace(c.client);
    client.close();
    expect(closed).to.deep.equal(['a', 'b', 'c']);
    expect(clock.pending).to.equal(0);
  });
});
