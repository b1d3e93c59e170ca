import { expect } from 'chai';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { rfc3339, rfc3339Micro } from '#core/kernel/clock.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { EventTtlController } from './controller.ts';

const hour = 60 * 60_000;

describe('event-ttl', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;

  beforeEach(async () => {
    world = await harnessAround((parts) => [new EventTtlController(parts)]);
  });
  afterEach(() => world.stop());

  const createEvent = (name: string, times: object) => world.client.create(Event, {
    metadata: { namespace: 'default', name }, involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' }, reason: 'R', message: 'm', type: 'Normal', ...times,
  });
  const names = async (): Promise<string[]> => (await world.client.list(Event)).items.map(({ metadata }) => metadata.name);

  it('deletes events an hour after they last happened, whichever way that is written', async () => {
    const then = world.clock.now();
    const series = { reportingComponent: 'example.com/c', reportingInstance: 'i', action: 'A', eventTime: rfc3339Micro(then) };
    await createEvent('old', { firstTimestamp: rfc3339(then), lastTimestamp: rfc3339(then) });
    await createEvent('counted', { firstTimestamp: rfc3339(then), lastTimestamp: rfc3339(then + hour / 2) });
    await createEvent('serial', { series: { count: 2, lastObservedTime: rfc3339Micro(then + hour / 2) }, ...series });
    await world.harness.start();
    await world.harness.settle(hour / 2);
    await createEvent('new', {});
    expect(await names()).to.have.members(['old', 'counted', 'serial', 'new']);
    await world.clock.advance(hour / 2);
    await world.harness.settle(10_000);
    expect(await names()).to.have.members(['counted', 'serial', 'new']);
    await world.harness.settle(hour);
    expect(await names()).to.deep.equal([]);
  });

  it('takes many in bounded rounds', async () => {
    for (let i = 0; i < 12_000; i++) await createEvent(`e${i}`, {});
    await world.clock.advance(2 * hour);
    await world.harness.start();
    await world.harness.settle(1);
    const left = (await names()).length;
    expect(left).to.be.within(1, 12_000 - 1);
    await world.harness.settle(60_000);
    expect(await names()).to.deep.equal([]);
  }).timeout(60_000);
});
