import { OperationError, unavailable } from './api-error.ts';
import type { EmulatorClock } from './clock.ts';
import type { Effect } from './effect.ts';
import type { OperationFault } from './faults.ts';
import type { Json, Resource } from './json.ts';
import { lastOf, linkOf, projectOf, scopeOf, type Path } from './links.ts';
import type { ResourceStore } from './resource-store.ts';
import type { Seeded } from './seeded.ts';

interface Operation extends Resource {
  readonly operationType: string;
  readonly targetLink: string;
  readonly status: 'PENDING' | 'RUNNING' | 'DONE';
  readonly progress: number;
}

/** What of a cloud operations work with. */
interface Ground {
  readonly clock: EmulatorClock;
  readonly random: Seeded;
  readonly resources: ResourceStore;
  readonly delays: number;
}

/** What of a call its operation says. */
interface Begun {
  readonly project: string;
  readonly user: string;
  readonly fault: OperationFault | undefined;
}

/** How long an operation is PENDING, and then RUNNING, in milliseconds, before `delays` scales it. */
const pending = [20, 120] as const;
const running = [100, 500] as const;

/** How long a request's id is remembered. */
const remembered = 60 * 60_000;

/** How long `wait` waits at most: as long as the vendor's. */
const longestWait = 120_000;

/** What was accepted and takes its time. */
export class Operations {
  readonly #cloud: Ground;
  readonly #requests = new Map<string, { readonly at: number; readonly path: Path }>();
  readonly #waiters = new Map<Path, Set<() => void>>();

  constructor(cloud: Ground) {
    this.#cloud = cloud;
  }

  /** The operation of an earlier request with this key, when it is remembered. */
  ofRequest(key: string): Resource | undefined {
    const known = this.#requests.get(key);
    if (known === undefined || known.at < this.#cloud.clock.now() - remembered) return undefined;
    return this.#cloud.resources.get(known.path);
  }

  /** Starts what a method does. */
  start(call: Begun, effect: Effect, requestKey: string | undefined): Resource {
    const { clock, random, resources, delays } = this.#cloud;
    const scope = effect.scope ?? scopeOf(effect.target);
    const accepted = clock.now();
    const started = accepted + random.between(pending) * delays;
    const length = random.between(running) * delays * (effect.slowness ?? 1);
    const name = this.#name(accepted);
    const path = `projects/${call.project}/${scope}/operations/${name}`;
    const operation: Operation = {
      kind: 'compute#operation',
      id: random.id(),
      name,
      ...placeOf(call.project, scope),
      operationType: effect.operationType,
      targetLink: linkOf(effect.target),
      targetId: effect.targetId,
      status: 'PENDING',
      user: call.user,
      progress: 0,
      insertTime: timestamp(accepted),
      ...(effect.warnings === undefined ? {} : { warnings: effect.warnings }),
      selfLink: linkOf(path),
    };
    resources.put(path, operation);
    if (requestKey !== undefined) this.#requests.set(requestKey, { at: accepted, path });
    if (call.fault !== 'operation-fails') effect.begin?.(started);
    clock.at(started, () => this.#change(path, { status: 'RUNNING', startTime: timestamp(started) }));
    clock.at(started + length / 2, () => {
      if (call.fault === undefined || call.fault === 'operation-hangs-after') effect.advance?.();
    });
    clock.at(started + length, () => this.#end(call, effect, path));
    return resources.get(path) ?? operation;
  }

  /** The operation when it is done, or as it is after two minutes. */
  async wait(path: Path): Promise<Resource | undefined> {
    const done = () => this.#cloud.resources.get(path)?.['status'] === 'DONE';
    if (this.#cloud.resources.get(path) === undefined || done()) return this.#cloud.resources.get(path);
    await new Promise<void>((resolve) => {
      const waiters = this.#waiters.get(path) ?? new Set();
      this.#waiters.set(path, waiters);
      waiters.add(resolve);
      this.#cloud.clock.after(longestWait, () => {
        waiters.delete(resolve);
        resolve();
      });
    });
    return this.#cloud.resources.get(path);
  }

  /** How many clients wait for the end of one. */
  get waiting(): number {
    return [...this.#waiters.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Ends all waits: the server stops. */
  release(): void {
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter();
    this.#waiters.clear();
  }

  #end(call: Begun, effect: Effect, path: Path): void {
    if (call.fault === 'operation-hangs') return;
    try {
      if (call.fault === 'operation-fails') throw new OperationError('INTERNAL_ERROR', `Internal error. Please try again or contact Google Support. (Code: '${lastOf(path)}')`, unavailable);
      effect.finish?.();
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      if (call.fault !== 'operation-fails') effect.undo?.();
      this.#finish(path, failure(error));
      return;
    }
    if (call.fault !== 'operation-hangs-after') this.#finish(path, {});
  }

  #finish(path: Path, result: Json): void {
    this.#change(path, { status: 'DONE', progress: 100, endTime: timestamp(this.#cloud.clock.now()), ...result });
    for (const waiter of this.#waiters.get(path) ?? []) waiter();
    this.#waiters.delete(path);
  }

  #change(path: Path, change: Json): void {
    const operation = this.#cloud.resources.get(path);
    if (operation !== undefined) this.#cloud.resources.put(path, { ...operation, ...change });
  }

  #name(now: number): string {
    const hex = (digits: number) => Math.floor(this.#cloud.random.next() * 16 ** digits).toString(16).padStart(digits, '0');
    return `operation-${Math.floor(now)}-${hex(13)}-${hex(8)}-${hex(8)}`;
  }
}

/** Of a resource that is of a place, the link to it. */
export function placeOf(project: string, scope: string): Json {
  if (scope === 'global') return {};
  return { [scope.startsWith('zones/') ? 'zone' : 'region']: linkOf(`projects/${project}/${scope}`) };
}

/** As the API writes a time. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '-00:00');
}

export function targetOf(target: Path, resource: Resource | undefined): Pick<Effect, 'target' | 'targetId'> {
  return { target, targetId: resource?.id ?? projectOf(target) };
}

function failure(error: OperationError): Json {
  const details = error.details.length === 0 ? {} : { errorDetails: error.details };
  return { error: { errors: [{ code: error.code, message: error.message, ...details }] }, httpErrorStatusCode: error.httpStatus, httpErrorMessage: error.httpMessage };
}
