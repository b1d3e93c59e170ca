import { expect } from 'chai';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { Widget } from '#test/fixtures/widget.ts';
import { SharedInformers } from './informers.ts';

const Gadget: typeof Widget = { ...Widget, kind: 'Gadget', plural: 'gadgets', singular: 'gadget' };

describe('SharedInformers', () => {
  const make = () => {
    const client = new FakeClient();
    return { client, informers: new SharedInformers({ reader: client, clock: new FakeClock(), logger: recordingLogger() }) };
  };

  it('gives everybody the same informer of a kind', () => {
    const { informers } = make();
    expect(informers.for(Widget)).to.equal(informers.for({ ...Widget }));
    expect(informers.for(Widget)).to.not.equal(informers.for(Gadget));
  });

  it('runs nothing before it is told to, and afterwards also what is asked for late', async () => {
    const { client, informers } = make();
    await client.create(Widget, { metadata: { name: 'a' } });
    const widgets = informers.for(Widget);
    await settle();
    expect([widgets.synced, informers.unsynced()]).to.deep.equal([false, ['widgets.test.keelson.dev']]);
    const stop = new AbortController();
    const run = informers.run(stop.signal);
    await informers.whenSynced(stop.signal);
    expect(widgets.size).to.equal(1);
    const gadgets = informers.for(Gadget);
    await gadgets.whenSynced(stop.signal);
    await settle();
    expect(informers.unsynced()).to.deep.equal([]);
    expect(client.watchers).to.equal(2);
    stop.abort();
    await run;
    expect(client.watchers).to.equal(0);
    expect(widgets.get('a')).to.not.equal(undefined);
  });
});
