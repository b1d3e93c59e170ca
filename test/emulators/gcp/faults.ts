import { isObject, type Json } from './json.ts';
import type { Seeded } from './seeded.ts';

/** `fails`: it ends in an error and nothing was done; `hangs`: it stays RUNNING and nothing is finished; `hangs-after`: everything is done, it stays RUNNING. */
export type OperationFault = 'operation-fails' | 'operation-hangs' | 'operation-hangs-after';

/**
 * What can go wrong with a call. `before`: 503, nothing was done; `after`: 503, and it was done; `lose`: it was done and the connection is cut; `cut`: the
 * connection is cut, nothing was done; `throttle`: 403 rateLimitExceeded; and those of the operation.
 */
export type Fault = 'before' | 'after' | 'lose' | 'cut' | 'throttle' | OperationFault;

const faults: readonly string[] = ['before', 'after', 'lose', 'cut', 'throttle', 'operation-fails', 'operation-hangs', 'operation-hangs-after'] satisfies Fault[];

export interface PlannedFault {
  /** `compute.disks.insert`; a `*` at its end stands for any rest. */
  readonly method: string;
  /** Which of the calls of this pattern, from 1; every one when absent. */
  readonly call?: number;
  readonly fault: Fault;
}

export interface FaultPlan {
  readonly faults?: readonly PlannedFault[];
  /** A share of all calls, 0 to 1, by the seed and the number of the call of its method. */
  readonly random?: { readonly share: number; readonly faults: readonly Fault[]; readonly methods?: readonly string[] };
}

export interface MetFault {
  readonly method: string;
  /** Which call of the method it was. */
  readonly call: number;
  readonly fault: Fault;
}

/** Which call fails, and how. The same seed and plan give the same faults to the same calls of each method, in whatever order methods are called. */
export class Faults {
  /** What happened so far. */
  readonly met: MetFault[] = [];
  readonly #random: Seeded;
  readonly #calls = new Map<string, number>();
  #plan: FaultPlan;
  #planned: { readonly fault: PlannedFault; calls: number }[];

  constructor(random: Seeded, plan: FaultPlan = {}) {
    this.#random = random;
    this.#plan = plan;
    this.#planned = counted(plan);
  }

  /** Replaces the plan; calls are counted from here. */
  plan(plan: FaultPlan): void {
    this.#plan = plan;
    this.#planned = counted(plan);
    this.#calls.clear();
  }

  /** Counts a call and says what is to go wrong with it. */
  next(method: string): Fault | undefined {
    const call = (this.#calls.get(method) ?? 0) + 1;
    this.#calls.set(method, call);
    const fault = this.#plannedFor(method) ?? this.#randomFor(method, call);
    if (fault !== undefined) this.met.push({ method, call, fault });
    return fault;
  }

  #plannedFor(method: string): Fault | undefined {
    let found: Fault | undefined;
    for (const planned of this.#planned) {
      if (!matches(planned.fault.method, method)) continue;
      planned.calls++;
      if (planned.fault.call === undefined || planned.fault.call === planned.calls) found ??= planned.fault.fault;
    }
    return found;
  }

  #randomFor(method: string, call: number): Fault | undefined {
    const { random } = this.#plan;
    if (random === undefined || !(random.methods ?? ['*']).some((pattern) => matches(pattern, method))) return undefined;
    if (this.#random.of(method, call) >= random.share) return undefined;
    return random.faults[Math.floor(this.#random.of(method, call, 'which') * random.faults.length)];
  }
}

/** @throws {Error} a sentence that names what is no plan */
export function readFaultPlan(value: unknown): FaultPlan {
  if (!isObject(value)) throw new Error('a plan of faults is an object with "faults" and "random"');
  for (const key of Object.keys(value)) if (key !== 'faults' && key !== 'random') throw new Error(`a plan of faults has no "${key}": "faults" and "random"`);
  const { faults: planned, random } = value;
  return {
    ...(planned === undefined ? {} : { faults: listOf(planned, 'faults').map(readPlanned) }),
    ...(random === undefined ? {} : { random: readRandom(random) }),
  };
}

function readPlanned(value: unknown): PlannedFault {
  if (!isObject(value) || typeof value['method'] !== 'string') throw new Error(`a fault names its "method": ${JSON.stringify(value)}`);
  const { method, call, fault } = value;
  if (call !== undefined && (typeof call !== 'number' || !Number.isInteger(call) || call < 1)) throw new Error(`"call" counts from 1: ${JSON.stringify(call)}`);
  return { method, fault: readFault(fault), ...(call === undefined ? {} : { call }) };
}

function readRandom(value: unknown): NonNullable<FaultPlan['random']> {
  const { share, faults: kinds, methods } = isObject(value) ? value : ({} as Json);
  if (typeof share !== 'number' || share < 0 || share > 1) throw new Error(`"random.share" is a number from 0 to 1: ${JSON.stringify(share)}`);
  return { share, faults: listOf(kinds, 'random.faults').map(readFault), ...(methods === undefined ? {} : { methods: listOf(methods, 'random.methods').map(String) }) };
}

function readFault(value: unknown): Fault {
  if (typeof value !== 'string' || !faults.includes(value)) throw new Error(`there is no fault ${JSON.stringify(value)}: ${faults.join(', ')}`);
  return value as Fault;
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`"${name}" is a list`);
  return value;
}

function counted(plan: FaultPlan): { readonly fault: PlannedFault; calls: number }[] {
  return (plan.faults ?? []).map((fault) => ({ fault, calls: 0 }));
}

function matches(pattern: string, method: string): boolean {
  return pattern.endsWith('*') ? method.startsWith(pattern.slice(0, -1)) : method === pattern;
}
