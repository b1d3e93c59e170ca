import { expect } from 'chai';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { SyncLoop } from './sync-loop.ts';

function start(options: { syncMs?: number } = {}) {
  const clock = new FakeClock();
  const began = clock.now();
  const end = new AbortController();
  const world = { failure: undefined as Error | undefined, intact: true, looks: 0, calls: [] as string[], failures: [] as unknown[] };
  const loop = new SyncLoop({
    clock, random: () => 1, minIntervalMs: 200, lookEveryMs: 10_000, fullEveryMs: 600_000,
    sync: async (full, signal) => {
      world.calls.push(`${full ? 'full' : 'part'} at ${clock.now() - began}`);
      if (options.syncMs !== undefined) await clock.sleep(options.syncMs, signal);
      if (world.failure !== undefined) throw world.failure;
    },
    intact: async () => {
      world.looks++;
      return world.intact;
    },
    failed: (error) => world.failures.push(error),
  });
  const done = loop.run(end.signal);
  return { clock, loop, world, stop: async () => {
    end.abort(new Error('the test is over'));
    await done;
    expect(clock.pending, 'timers that are left').to.equal(0);
  } };
}

describe('the sync loop', () => {
  it('begins in full, then takes what has changed together, and not too often', async () => {
    const { clock, loop, world, stop } = start();
    await clock.advance(1000);
    for (let i = 0; i < 5; i++) loop.wake();
    await clock.advance(1);
    loop.wake();
    await clock.advance(50);
    for (let i = 0; i < 100; i++) {
      loop.wake();
      await clock.advance(10);
    }
    await clock.advance(5000);
    expect(world.calls).to.eql(['full at 0', 'part at 1010', 'part at 1220', 'part at 1430', 'part at 1640', 'part at 1850', 'part at 2060']);
    await stop();
  });

  it('gives way when a sync takes long', async () => {
    const { clock, loop, world, stop } = start({ syncMs: 1000 });
    await settle();
    loop.wake();
    await clock.advance(10_000);
    expect(world.calls).to.eql(['full at 0', 'part at 3010']);
    await stop();
  });

  it('misses nothing that happens while it is at work', async () => {
    const { clock, loop, world, stop } = start({ syncMs: 50 });
    await clock.advance(20);
    loop.wake();
    await clock.advance(1000);
    expect(world.calls).to.have.length(2);
    await stop();
  });

  it('looks from time to time, and does it all again when something is missing, or after long', async () => {
    const { clock, world, stop } = start();
    await clock.advance(100_000);
    expect(world.calls).to.eql(['full at 0']);
    expect(world.looks).to.equal(9);
    world.intact = false;
    await clock.advance(10_200);
    world.intact = true;
    expect(world.calls).to.eql(['full at 0', 'full at 100200']);
    await clock.advance(620_000);
    expect(world.calls.slice(2)).to.eql(['full at 700400']);
    await stop();
  });

  it('does not believe in half a sync', async () => {
    const { clock, loop, world, stop } = start();
    await clock.advance(1000);
    world.failure = new Error('broken off');
    loop.wake();
    await clock.advance(100);
    world.failure = undefined;
    await clock.advance(2000);
    expect(world.calls).to.eql(['full at 0', 'part at 1010', 'full at 1510']);
    await stop();
  });

  it('tries again after a failure, later and later, and in full', async () => {
    const { clock, world, stop } = start();
    await clock.advance(1);
    world.failure = new Error('locked');
    world.intact = false;
    await clock.advance(10_200 + 8000);
    expect(world.calls.slice(1)).to.eql([10_200, 10_700, 11_700, 13_700, 17_700].map((at) => `full at ${at}`));
    expect(world.failures).to.have.length(5);
    world.failure = undefined;
    world.intact = true;
    await clock.advance(60_000);
    expect(world.calls.at(-1)).to.equal('full at 25700');
    await stop();
  });
});
