import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { guardedCalls } from '#core/platform-calls/guarded-calls.ts';
import type { PlatformCalls } from '#core/spi/platform-calls.ts';
import { awsBudgets } from '#providers/aws/budgets.ts';
import { attachOptions, EbsLab, GIB, never } from '#test/fixtures/ebs-lab.ts';

/** So many at a time: the client's connections are no more, and its patience with those that wait for one is short. */
function atMost(places: number): PlatformCalls {
  const queue: (() => void)[] = [];
  let free = places;
  return {
    run: async (_call, send, signal) => {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await send(signal);
      } finally {
        const next = queue.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}

/** Calls for creating, attaching, detaching and deleting so many volumes at once, at ten to a machine. */
async function lifeOf(count: number): Promise<Record<string, number>> {
  const ebs = await EbsLab.make({ quotas: { volumeStorageGiB: 100 * 1024 }, calls: atMost(30) });
  try {
    const nodes = await ebs.nodes(Math.max(1, count / 10));
    ebs.advance(10_000);
    ebs.takeCounts();
    const devices = new Set<string>();
    await Promise.all(Array.from({ length: count }, async (_each, index) => {
      const { driver } = ebs;
      const node = nodes[index % nodes.length]!;
      const { id } = await driver.create(ebs.request(), never);
      devices.add(`${node.nodeId} ${(await driver.attach(id, node, attachOptions, never))['devicePath']}`);
      await driver.detach(id, node, never);
      await driver.delete(id, never);
    }));
    expect(devices.size, 'devices').to.equal(count);
    expect(ebs.volumes).to.deep.equal([]);
    return ebs.takeCounts();
  } finally {
    await ebs.stop();
  }
}

describe('calls of the EBS driver', () => {
  // What is not counted here is what changes something: one call of each kind for each volume.
  const most: readonly (readonly [number, { readonly DescribeVolumes: number; readonly DescribeInstances: number }])[] = [
    [1, { DescribeVolumes: 14, DescribeInstances: 1 }],
    [100, { DescribeVolumes: 40, DescribeInstances: 3 }],
    [1000, { DescribeVolumes: 50, DescribeInstances: 4 }],
  ];
  for (const [count, reads] of most) {
    it(`are few for the whole life of ${count} volumes`, async () => {
      const { DescribeVolumes = 0, DescribeInstances = 0, ...changes } = await lifeOf(count);
      expect(changes).to.deep.equal({ CreateVolume: count, AttachVolume: count, DetachVolume: count, DeleteVolume: count });
      expect(DescribeVolumes).to.be.at.most(reads.DescribeVolumes);
      expect(DescribeInstances).to.be.at.most(reads.DescribeInstances);
    }).timeout(120_000);
  }

  it('are never too many for EC2', async () => {
    const ebs = await EbsLab.make({ throttling: true });
    try {
      const nodes = await ebs.nodes(13);
      ebs.restart(guardedCalls({ budgets: awsBudgets, clock: ebs.lab.clock, log: silentLogger }).calls);
      ebs.advance(100_000);
      await Promise.all(Array.from({ length: 130 }, async (_each, index) => {
        const { id } = await ebs.driver.create(ebs.request(), never);
        await ebs.driver.attach(id, nodes[index % nodes.length]!, attachOptions, never);
        await ebs.driver.detach(id, nodes[index % nodes.length]!, never);
        await ebs.driver.delete(id, never);
      }));
      for (const [action, { throttled }] of Object.entries(ebs.lab.emulator.state.counts())) expect(throttled, action).to.equal(0);
    } finally {
      await ebs.stop();
    }
  }).timeout(60_000);

  it('are none while nothing changes', async () => {
    const ebs = await EbsLab.make();
    try {
      const [node] = await ebs.nodes(1);
      const { id } = await ebs.driver.create(ebs.request({ capacity: { required: 10n * GIB } }), never);
      await ebs.driver.attach(id, node!, attachOptions, never);
      ebs.takeCounts();
      await ebs.lab.clock.sleep(24 * 3_600_000);
      expect(ebs.takeCounts()).to.deep.equal({});
    } finally {
      await ebs.stop();
    }
  });

  it('of many repetitions at once are shared', async () => {
    const ebs = await EbsLab.make();
    try {
      const requests = Array.from({ length: 150 }, () => ebs.request());
      await Promise.all(requests.map((request) => ebs.driver.create(request, never)));
      ebs.advance(10_000);
      ebs.takeCounts();
      await Promise.all(requests.map((request) => ebs.driver.create(request, never)));
      expect(ebs.takeCounts()).to.deep.equal({ DescribeVolumes: 1 });
      await Promise.all(requests.map((request) => ebs.driver.find(request.name, never)));
      expect(ebs.takeCounts()).to.deep.equal({ DescribeVolumes: 1 });
      ebs.restart();
      await Promise.all(ebs.volumes.map(({ id }) => ebs.driver.delete(id, never)));
      expect(ebs.takeCounts()).to.deep.equal({ DescribeVolumes: 1, DeleteVolume: 150 });
    } finally {
      await ebs.stop();
    }
  }).timeout(20_000);
});
