import { randomBytes } from 'node:crypto';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { endpointText } from './endpoints.ts';
import { askByUdp } from './exchange.ts';
import { encodeQuestion } from './question.ts';
import type { Upstream } from './upstreams.ts';
import { nameKey, rrType } from './wire.ts';

/** Probes of which the answer is awaited, or whose question may still come back. */
const mostProbes = 64;
const longestMs = 5000;

/** Finds out whether what is asked elsewhere comes back: asks each server for a name that nobody else can ask for. */
export class LoopProbe {
  readonly #logger: Logger;
  readonly #asked = new Map<string, Upstream>();
  #stop = (): void => undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Asks, and does not wait. */
  check(upstreams: readonly Upstream[], clock: Clock): void {
    this.stop();
    const over = new AbortController();
    const cancel = clock.after(longestMs, () => over.abort());
    this.#stop = () => {
      cancel();
      over.abort();
    };
    for (const upstream of upstreams) {
      const key = nameKey(`${randomBytes(8).toString('hex')}.${randomBytes(8).toString('hex')}`) ?? '';
      this.#asked.set(key, upstream);
      for (const oldest of this.#asked.keys()) if (this.#asked.size > mostProbes) this.#asked.delete(oldest);
      const packet = encodeQuestion({ key, type: rrType.HINFO, dnssecOk: false, checkingDisabled: false }, false);
      askByUdp(upstream.endpoint, packet, over.signal).catch(() => undefined);
    }
  }

  stop(): void {
    this.#stop();
  }

  /** Whether this is the name of a probe; then its server is not asked any more. */
  isOwn(key: string): boolean {
    const upstream = this.#asked.get(key);
    if (upstream === undefined) return false;
    if (!upstream.loops) this.#logger.error('questions to a name server come back to this one; it is not asked any more', { upstream: endpointText(upstream.endpoint) });
    upstream.loops = true;
    return true;
  }
}
