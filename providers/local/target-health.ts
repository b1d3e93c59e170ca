import { request } from 'node:http';
import { connect } from 'node:net';
import type { Clock } from '#core/kernel/clock.ts';

/** What a target is asked. */
export interface Check {
  readonly address: string;
  readonly port: number;
  /** By HTTP, where 200 is well; by a TCP connection alone when undefined. */
  readonly path?: string;
}

/** Resolves to whether the target is well; never rejects. */
export type Probe = (check: Check, timeoutMs: number) => Promise<boolean>;

const everyMs = 5_000;
const timeoutMs = 2_000;
/** One lost answer is no illness. */
const failuresToFall = 2;

interface Patient {
  readonly check: Check;
  failures: number;
  /** Undefined before the first answer. */
  isWell: boolean | undefined;
}

const keyOf = ({ address, port, path }: Check): string => `${address} ${port} ${path ?? ''}`;

/** Asks the targets of load balancers how they are, again and again, each once however many want to know. */
export class TargetHealth {
  readonly #clock: Clock;
  readonly #probe: Probe;
  readonly #changed: () => void;
  readonly #patients = new Map<string, Patient>();
  #wanted: ReadonlySet<string> = new Set();
  #cancel: (() => void) | undefined;

  /** `changed` is called when one falls ill, or is well again. */
  constructor(clock: Clock, changed: () => void, probe: Probe = ask) {
    this.#clock = clock;
    this.#changed = changed;
    this.#probe = probe;
  }

  /** From now on these, and no others. Resolves when those that are new have been asked once. */
  async follow(checks: readonly Check[]): Promise<void> {
    this.#wanted = new Set(checks.map(keyOf));
    for (const key of this.#patients.keys()) if (!this.#wanted.has(key)) this.#patients.delete(key);
    const fresh = checks.filter((check) => !this.#patients.has(keyOf(check))).map((check): Patient => ({ check, failures: 0, isWell: undefined }));
    for (const patient of fresh) this.#patients.set(keyOf(patient.check), patient);
    await Promise.all([...new Set(fresh)].map((patient) => this.#ask(patient)));
    if (this.#patients.size > 0) this.#cancel ??= this.#clock.after(everyMs, () => void this.#round());
    else this.stop();
  }

  isWell(check: Check): boolean {
    return this.#patients.get(keyOf(check))?.isWell === true;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #round(): Promise<void> {
    const before = this.#states();
    await Promise.all([...this.#patients.values()].map((patient) => this.#ask(patient)));
    if (this.#cancel === undefined) return;
    this.#cancel = this.#clock.after(everyMs, () => void this.#round());
    if (this.#states() !== before) this.#changed();
  }

  async #ask(patient: Patient): Promise<void> {
    const isWell = await this.#probe(patient.check, timeoutMs);
    patient.failures = isWell ? 0 : patient.failures + 1;
    if (isWell || patient.isWell === undefined || patient.failures >= failuresToFall) patient.isWell = isWell;
  }

  #states(): string {
    return [...this.#patients].map(([key, { isWell }]) => `${key} ${isWell}`).join('\n');
  }
}

export const ask: Probe = ({ address, port, path }, timeout) => (path === undefined ? connects(address, port, timeout) : answers(address, port, path, timeout));

function connects(host: string, port: number, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (isWell: boolean): void => {
      socket.destroy();
      resolve(isWell);
    };
    socket.setTimeout(timeout, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

function answers(host: string, port: number, path: string, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request({ host, port, path, timeout, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asking.once('timeout', () => asking.destroy());
    asking.once('error', () => resolve(false));
    asking.end();
  });
}
