import { withDeadline } from '#core/controllers/storage/deadline.ts';
import type { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { canAttach, type AttachmentNode } from '#core/spi/volume-driver.ts';

const freshMs = 10_000;
const deadlineMs = 60_000;

interface Answer {
  readonly at: number;
  readonly isGone: Promise<boolean>;
}

/** Asks drivers whether a machine is no more; for all volumes of a machine once in ten seconds. */
export class MachineSurvey {
  readonly #drivers: DriverDirectory;
  readonly #clock: Clock;
  readonly #answers = new Map<string, Answer>();

  constructor(drivers: DriverDirectory, clock: Clock) {
    this.#drivers = drivers;
    this.#clock = clock;
  }

  /** Undefined when nobody here can tell. */
  async isGone(driver: string, node: AttachmentNode, signal: AbortSignal): Promise<boolean | undefined> {
    const found = this.#drivers.find(driver);
    if (found === undefined || !canAttach(found)) return undefined;
    const now = this.#clock.now();
    for (const [key, { at }] of this.#answers) if (now - at >= freshMs) this.#answers.delete(key);
    const key = `${driver} ${node.nodeId}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known.isGone;
    const isGone = withDeadline(this.#clock, signal, (bounded) => found.attachedVolumes([node], bounded), deadlineMs).then((attached) => !attached.has(node.name), () => {
      signal.throwIfAborted();
      // Whoever cannot be asked has not said that it is gone.
      return false;
    });
    this.#answers.set(key, { at: now, isGone });
    return isGone;
  }
}
