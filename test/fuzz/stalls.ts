/** A turn of the event loop that took long. */
export interface Stall {
  /** Of this thread's processor time: neighbours on the machine do not count. */
  readonly ms: number;
  /** What was under way. */
  readonly during: readonly string[];
}

const lookEveryMs = 20;

/** Watches for turns of the event loop that keep everybody waiting. */
export class Stalls {
  /** The longest ones, longest first. */
  readonly longest: Stall[] = [];
  readonly #underWay: () => readonly string[];
  readonly #timer: NodeJS.Timeout;
  #before = process.threadCpuUsage();
  #names: readonly string[] = [];

  constructor(underWay: () => readonly string[]) {
    this.#underWay = underWay;
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { user, system } = process.threadCpuUsage(this.#before);
    const ms = (user + system) / 1000;
    const during = [...new Set([...this.#names, ...this.#underWay()])];
    this.#before = process.threadCpuUsage();
    this.#names = this.#underWay();
    if (ms < 100 || ms < (this.longest[19]?.ms ?? 0)) return;
    this.longest.push({ ms, during });
    this.longest.sort((a, b) => b.ms - a.ms);
    this.longest.length = Math.min(this.longest.length, 20);
  }
}
