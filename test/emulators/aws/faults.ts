import { readFile } from 'node:fs/promises';
import { hashText } from './random.ts';

/** `before`: refused without effect; `after`: done, but answered with an error; `lost`: done, and the connection is cut instead of an answer. */
export type FaultKind = 'before' | 'after' | 'lost';

export interface Fault {
  readonly kind: FaultKind;
  /** `InternalError` when absent. */
  readonly code?: string;
  readonly message?: string;
  /** Of HTTP; 500 when absent. */
  readonly status?: number;
}

/** A fault at a call that is known beforehand. */
export interface PlannedFault extends Fault {
  readonly action: string;
  /** The calls of the action are counted from 1. */
  readonly nth: number;
  /** How many calls in a row; 1 when absent. */
  readonly times?: number;
}

export interface FaultPlan {
  readonly faults?: readonly PlannedFault[];
  /** The share of all calls that get a fault by the seed, from 0 to 1. */
  readonly rate?: number;
  /** Of those; all three when absent. */
  readonly kinds?: readonly FaultKind[];
  /** Which actions can get them; all when absent. */
  readonly actions?: readonly string[];
}

const kinds: readonly FaultKind[] = ['before', 'after', 'lost'];

/** Whether the n-th call of an action fails depends on the seed, the action and n alone: it replays whatever else happens in between. */
export class Faults {
  readonly #seed: number;
  readonly #calls = new Map<string, number>();
  #plan: FaultPlan = {};

  constructor(seed: number, plan: FaultPlan = {}) {
    this.#seed = seed;
    this.set(plan);
  }

  /** Calls go on being counted. @throws {Error} when the plan makes no sense */
  set(plan: FaultPlan): void {
    this.#plan = checkedPlan(plan);
  }

  /** Counts a call. */
  next(action: string): Fault | undefined {
    const nth = (this.#calls.get(action) ?? 0) + 1;
    this.#calls.set(action, nth);
    const planned = this.#plan.faults?.find((fault) => fault.action === action && nth >= fault.nth && nth < fault.nth + (fault.times ?? 1));
    return planned ?? this.#byChance(action, nth);
  }

  #byChance(action: string, nth: number): Fault | undefined {
    const { rate = 0, actions, kinds: chosen = kinds } = this.#plan;
    if (actions !== undefined && !actions.includes(action)) return undefined;
    const draw = (what: string): number => hashText(`${this.#seed}/${action}/${nth}/${what}`) / 2 ** 32;
    if (draw('whether') >= rate) return undefined;
    const kind = chosen[Math.floor(draw('which') * chosen.length)];
    return kind === undefined ? undefined : { kind };
  }
}

export async function readFaultPlan(path: string): Promise<FaultPlan> {
  try {
    return checkedPlan(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new Error(`${path} is no plan of faults: ${(error as Error).message}`, { cause: error });
  }
}

const parts = ['faults', 'rate', 'kinds', 'actions'];

export function checkedPlan(value: unknown): FaultPlan {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`it must be an object with ${parts.join(', ')}`);
  const unknown = Object.keys(value).find((key) => !parts.includes(key));
  if (unknown !== undefined) throw new Error(`"${unknown}" is no part of it`);
  const plan = value as FaultPlan;
  if (plan.rate !== undefined && !(plan.rate >= 0 && plan.rate <= 1)) throw new Error(`rate is from 0 to 1, not ${String(plan.rate)}`);
  for (const kind of plan.kinds ?? []) checkKind(kind);
  for (const fault of plan.faults ?? []) checkFault(fault);
  return plan;
}

function checkKind(kind: FaultKind): void {
  if (!kinds.includes(kind)) throw new Error(`a kind of fault is one of ${kinds.join(', ')}, not "${String(kind)}"`);
}

function checkFault(fault: PlannedFault): void {
  checkKind(fault.kind);
  if (typeof fault.action !== 'string' || !Number.isInteger(fault.nth) || fault.nth < 1) throw new Error(`a fault needs an action and the number of its call, not ${JSON.stringify(fault)}`);
}
