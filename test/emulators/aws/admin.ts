import { terminateInstance } from './ec2/instance-changes.ts';
import { setTargetHealth } from './elbv2/targets.ts';
import { ApiError } from './errors.ts';
import type { Dispatcher, JournalEntry } from './dispatcher.ts';
import { checkedPlan, type FaultPlan } from './faults.ts';
import type { GateOptions } from './gate.ts';
import { isRegion } from './geography.ts';
import { usualQuotas, type Quotas } from './quotas.ts';
import type { Machine, MetadataService } from './metadata.ts';
import type { Change, Region } from './region.ts';
import type { TargetHealth } from './rows.ts';
import type { SideDoor } from './server.ts';
import type { World } from './world.ts';

/** Everything of one region, as it truly is. */
export type RegionView = Readonly<Record<(typeof kinds)[number], readonly unknown[]>>;

const kinds = ['vpcs', 'subnets', 'routeTables', 'securityGroups', 'instances', 'volumes', 'modifications', 'snapshots', 'addresses', 'balancers', 'targetGroups', 'listeners'] as const;

/** What a test or an operator of the emulator sees and does past the API. */
export class Admin {
  readonly #world: World;
  readonly #dispatcher: Dispatcher;
  readonly #metadata: MetadataService;

  constructor(world: World, dispatcher: Dispatcher, metadata: MetadataService) {
    this.#world = world;
    this.#dispatcher = dispatcher;
    this.#metadata = metadata;
  }

  /** The tables of a region, to look at and to change. Changes that are due have happened. */
  region(name: string): Region {
    this.#world.timeline.settle();
    return this.#world.region(name);
  }

  /** All that exists, of the regions that anybody has asked about. */
  view(): Readonly<Record<string, RegionView>> {
    this.#world.timeline.settle();
    return Object.fromEntries(this.#world.regions().map((region) => [region.name, viewOf(region)]));
  }

  /** Of the emulated time, milliseconds since the epoch. */
  get now(): number {
    return this.#world.timeline.now;
  }

  get journal(): readonly JournalEntry[] {
    return this.#dispatcher.journal;
  }

  /** How often each action was asked for, and how often that was too often. */
  counts(): Readonly<Record<string, { readonly calls: number; readonly throttled: number }>> {
    return Object.fromEntries([...Map.groupBy(this.journal, ({ service, action }) => `${service}:${action}`)].map(([action, entries]) => [
      action, { calls: entries.length, throttled: entries.filter(({ outcome }) => outcome === 'RequestLimitExceeded' || outcome === 'Throttling').length },
    ]));
  }

  /**
   * Tells of each change when it happens, which is when somebody looks or time is advanced. So a test can make a real machine of an
   * instance, and a real device of an attachment. @returns what ends it
   */
  onChange(listener: (change: Change) => void): () => void {
    return this.#world.listen(listener);
  }

  advance(ms: number): void {
    this.#world.timeline.advance(ms);
  }

  setQuotas(quotas: Partial<Quotas>): void {
    for (const [name, value] of Object.entries(quotas)) {
      if (!Object.hasOwn(usualQuotas, name) || typeof value !== 'number') throw new Error(`there is no quota "${name}" that could be ${String(value)}`);
    }
    this.#world.setQuotas(quotas);
  }

  /** @param place `zone/type`, `zone` or `type`; `zone/volumeType` with 0 for volumes @param count null: enough */
  setCapacity(region: string, place: string, count: number | null): void {
    const capacity = this.#world.region(region).capacity;
    if (count === null) capacity.delete(place);
    else capacity.set(place, count);
  }

  setFaults(plan: FaultPlan): void {
    this.#dispatcher.faults.set(plan);
  }

  setAccess(options: GateOptions): void {
    this.#dispatcher.gate.set(options);
  }

  /** Whose metadata service it is. */
  setMachine(machine: Machine): void {
    this.#metadata.machine = machine;
  }

  setThrottling(on: boolean): void {
    this.#dispatcher.throttling = on;
  }

  /** As when hardware fails or somebody uses the console: no call of the user's was made. */
  terminate(region: string, instanceId: string): void {
    this.#world.timeline.atOnce(() => terminateInstance(this.#world.region(region), instanceId, {
      transition: 'Server.InternalError', stateReason: { code: 'Server.InternalError', message: 'Server.InternalError: Internal error on launch' },
    }));
  }

  setTargetHealth(region: string, groupArn: string, targetId: string, state: TargetHealth['state']): void {
    this.#world.timeline.atOnce(() => setTargetHealth(this.#world.region(region), groupArn, targetId, state));
  }
}

function viewOf(region: Region): RegionView {
  return Object.fromEntries(kinds.map((kind) => [kind, [...region[kind].rows()].map(plain)])) as unknown as RegionView;
}

/** Maps become objects, for JSON. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry)]));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  return value;
}

type Orders = Readonly<Record<string, unknown>>;

const posts: Readonly<Record<string, (admin: Admin, order: Orders) => void>> = {
  clock: (admin, { advance }) => admin.advance(Number(advance)),
  quotas: (admin, quotas) => admin.setQuotas(quotas),
  capacity: (admin, { region, place, count }) => admin.setCapacity(checkedRegion(region), String(place), count === null ? null : Number(count)),
  faults: (admin, plan) => admin.setFaults(checkedPlan(plan)),
  access: (admin, options) => admin.setAccess(options),
  throttling: (admin, { on }) => admin.setThrottling(on === true),
  machine: (admin, { region, instanceId }) => admin.setMachine({ region: checkedRegion(region), instanceId: typeof instanceId === 'string' ? instanceId : undefined }),
  terminate: (admin, { region, instanceId }) => admin.terminate(checkedRegion(region), String(instanceId)),
  'target-health': (admin, { region, targetGroupArn, targetId, state }) => admin.setTargetHealth(checkedRegion(region), String(targetGroupArn), String(targetId), state as TargetHealth['state']),
};

const gets: Readonly<Record<string, (admin: Admin) => unknown>> = {
  state: (admin) => admin.view(),
  journal: (admin) => admin.journal,
  counts: (admin) => admin.counts(),
  clock: (admin) => ({ now: new Date(admin.now).toISOString() }),
};

function checkedRegion(name: unknown): string {
  if (typeof name !== 'string' || !isRegion(name)) throw new Error(`there is no region "${String(name)}"`);
  return name;
}

/** `GET` shows, `POST` with JSON changes. */
export function adminDoor(admin: Admin): SideDoor {
  return (method, path, body) => {
    const get = method === 'GET' && Object.hasOwn(gets, path) ? gets[path] : undefined;
    if (get !== undefined) return { status: 200, body: get(admin) };
    const post = method === 'POST' && Object.hasOwn(posts, path) ? posts[path] : undefined;
    if (post === undefined) return { status: 404, body: { error: `there is GET ${Object.keys(gets).join(', ')} and POST ${Object.keys(posts).join(', ')}` } };
    try {
      post(admin, JSON.parse(body) as Orders);
      return { status: 200, body: {} };
    } catch (error) {
      return { status: error instanceof ApiError ? error.status : 400, body: { error: (error as Error).message } };
    }
  };
}
