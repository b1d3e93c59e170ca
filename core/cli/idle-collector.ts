import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** Starting leaves the largest heap that most processes ever have. */
const firstMs = 2000;
const everyMs = 10_000;
/** Busier than this, a pause of a tenth of a second would be felt. */
const idleShare = 0.1;

/**
 * Gives memory back to the system after a burst. V8 collects only while a program allocates, so a server that falls idle would keep
 * what its busiest minute left behind for as long as it stays idle.
 */
export class IdleCollector implements Component {
  readonly name = 'idle-collector';
  private readonly clock: Clock;
  private readonly collect: Collect;
  private cancel: () => void = () => undefined;
  private before = performance.eventLoopUtilization();
  private kept = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    setFlagsFromString('--expose-gc');
    this.collect = runInNewContext('gc') as Collect;
  }

  async start(): Promise<void> {
    this.lookAfter(firstMs);
  }

  async stop(): Promise<void> {
    this.cancel();
  }

  private lookAfter(ms: number): void {
    this.cancel = this.clock.after(ms, () => {
      this.look();
      this.lookAfter(everyMs);
    });
  }

  private look(): void {
    const { utilization } = performance.eventLoopUtilization(this.before);
    this.before = performance.eventLoopUtilization();
    if (utilization > idleShare || process.memoryUsage().heapTotal < this.kept * 1.25) return;
    this.collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    this.kept = process.memoryUsage().heapTotal;
  }
}
