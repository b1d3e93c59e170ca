import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { LeaderElection } from '#core/reconcile/leader-election.ts';
import { SchedulingWorld } from '#test/fixtures/scheduling-world.ts';
import { SchedulerComponent } from './scheduler-component.ts';

describe('SchedulerComponent', function () {
  this.timeout(20_000);

  let world: SchedulingWorld;
  let candidates: SchedulerComponent[];
  beforeEach(async () => {
    world = await SchedulingWorld.start({ scheduling: false });
    candidates = ['one', 'two'].map((identity) => {
      const { client, informers } = world;
      const leaderElection = new LeaderElection({
        client, clock: systemClock, logger: silentLogger, identity, lease: { namespace: 'kube-system', name: 'kube-scheduler' },
        leaseDurationMs: 600, renewDeadlineMs: 400, retryPeriodMs: 50,
      });
      const recorder = { normal: () => undefined, warning: () => undefined };
      return new SchedulerComponent({ client, informers, clock: systemClock, logger: silentLogger, recorder, leaderElection });
    });
    await world.createNode('n1');
  });
  afterEach(async () => {
    await Promise.all(candidates.map((candidate) => candidate.stop()));
    await world.stop();
  });

  const attempts = (): (number | undefined)[] => candidates.map((candidate) => candidate.report()?.attempts);

  it('of several lets one schedule, and another go on when that one stops', async () => {
    for (const candidate of candidates) await candidate.start();
    for (const name of ['a', 'b', 'c']) await world.createPod(name);
    for (const name of ['a', 'b', 'c']) await world.untilScheduled(name, 'n1');
    expect(attempts().toSorted()).to.deep.equal([0, 3]);
    const leader = candidates[attempts().indexOf(3)]!;
    await leader.stop();
    await world.createPod('d');
    await world.untilScheduled('d', 'n1');
    expect(attempts().toSorted(), 'who took over had followed all along').to.deep.equal([1, 3]);
  });

  it('schedules pods that were there before it', async () => {
    await world.createPod('early');
    await candidates[0]!.start();
    await world.untilScheduled('early', 'n1');
  });

  it('stops before it began, and while it begins', async () => {
    await candidates[0]!.start();
    await candidates[0]!.stop();
    await world.createPod('a');
    await candidates[1]!.start();
    await candidates[1]!.stop();
    expect([attempts()[0], (await world.getPod('a')).spec.nodeName]).to.deep.equal([undefined, undefined]);
  });
});
