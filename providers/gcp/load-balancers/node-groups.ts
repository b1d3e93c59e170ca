import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';
import type { LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import { gcpCode } from '#providers/gcp/errors.ts';
import type { GcpContext } from '#providers/gcp/context.ts';
import { allDone } from './all-done.ts';
import { GroupCalls } from './group-calls.ts';
import { descriptionOf, type Mark } from './mark.ts';
import { chosenOf, membersOf, type Members } from './members.ts';
import type { OwnResources } from './own-resources.ts';

export interface GroupsReport {
  /** Where there are groups, as paths from the zone on. */
  readonly groups: readonly string[];
  readonly warnings: readonly string[];
}

export interface NodeGroupsParts {
  readonly context: GcpContext;
  readonly resources: OwnResources;
  readonly name: string;
  readonly mark: Mark;
}

/** What is known of a zone's group. */
interface KnownGroup {
  /** Undefined: there is no group. */
  readonly members: ReadonlySet<string> | undefined;
  /** Nodes' instances that are gone: not asked for again at once. */
  readonly missing: ReadonlySet<string>;
  readonly at: number;
}

const nobody: ReadonlySet<string> = new Set();

/** What an instance group is known to hold is believed so long where everything is to be put right. */
const believedMs = 30_000;

/**
 * The nodes of the cluster as unmanaged instance groups, one for each zone that has nodes. An instance may be in one balanced group only, so all load
 * balancers share them: a node that comes or goes costs the calls of one group, however many services there are.
 */
export class NodeGroups {
  readonly #context: GcpContext;
  readonly #resources: OwnResources;
  readonly #name: string;
  readonly #mark: Mark;
  readonly #calls: GroupCalls;
  readonly #lock = new KeyedLock();
  readonly #known = new Map<string, KnownGroup>();
  #targets: readonly LoadBalancerTarget[] = [];
  #hasLooked = false;

  constructor({ context, resources, name, mark }: NodeGroupsParts) {
    this.#context = context;
    this.#resources = resources;
    this.#name = name;
    this.#mark = mark;
    this.#calls = new GroupCalls(context, name);
  }

  /** The newest request's targets are everybody's: nodes are left out for all services or none. */
  want(targets: readonly LoadBalancerTarget[]): void {
    this.#targets = targets;
  }

  /** Brings the groups to the targets last wanted. `isThorough` looks again at what was seen a while ago, whether it is to change or not. */
  sync(isThorough: boolean, signal: AbortSignal): Promise<GroupsReport> {
    return this.#lock.run(this.#name, signal, async () => {
      const wanted = membersOf(this.#targets, await this.#context.project(signal), await this.#context.region(signal));
      const zones = await this.#zones(wanted, signal);
      // Where that fails it is looked at again, wanted or not.
      this.#hasLooked = false;
      await allDone(zones.map((zone) => this.#syncZone(zone, wanted.byZone.get(zone) ?? nobody, isThorough, signal)));
      this.#hasLooked = true;
      return { groups: zones.filter((zone) => this.#known.get(zone)?.members !== undefined).map((zone) => this.#pathOf(zone)), warnings: wanted.warnings };
    });
  }

  /** Resolves to false when something uses one of them. */
  remove(signal: AbortSignal): Promise<boolean> {
    return this.#lock.run(this.#name, signal, async () => {
      this.#hasLooked = false;
      const removed = await allDone((await this.#context.zones(signal)).map((zone) => this.#removeFrom(zone, signal)));
      return removed.every(Boolean);
    });
  }

  #pathOf(zone: string): string {
    return `zones/${zone}/instanceGroups/${this.#name}`;
  }

  /** At first all of the region: a former process may have left groups where no nodes are any more. */
  async #zones({ byZone }: Members, signal: AbortSignal): Promise<readonly string[]> {
    const others = this.#hasLooked ? [...this.#known.keys()] : await this.#context.zones(signal);
    return [...new Set([...byZone.keys(), ...others])].toSorted();
  }

  async #syncZone(zone: string, targets: ReadonlySet<string>, isThorough: boolean, signal: AbortSignal): Promise<void> {
    const known = this.#known.get(zone);
    const now = this.#context.clock.now();
    const isFresh = known !== undefined && now - known.at < believedMs;
    const wanted = isFresh ? new Set([...targets].filter((name) => !known.missing.has(name))) : targets;
    if (known !== undefined && holds(known, wanted) && (isFresh || !isThorough || known.members === undefined)) return;
    this.#known.delete(zone);
    const current = await this.#look(zone, known?.members !== undefined, signal);
    this.#known.set(zone, { at: now, ...(await this.#fill(zone, wanted, current, signal)) });
  }

  async #fill(zone: string, wanted: ReadonlySet<string>, current: ReadonlySet<string> | undefined, signal: AbortSignal): Promise<Pick<KnownGroup, 'members' | 'missing'>> {
    if (current !== undefined) return this.#change(zone, wanted, current, signal);
    if (wanted.size === 0) return { members: undefined, missing: nobody };
    const there = await this.#resources.make(this.#calls.in(zone), { name: this.#name, description: descriptionOf(this.#mark) }, this.#mark, signal);
    // Its members are seen when it is looked at again.
    if (there !== undefined) throw new ProviderError('Unavailable', `the instance group ${this.#name} of zone ${zone} came into being at this moment`);
    return this.#change(zone, wanted, nobody, signal);
  }

  /** Its members; undefined when there is none. Whose it is was seen already where `isOurs`. */
  async #look(zone: string, isOurs: boolean, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    if (!isOurs) {
      const found = await this.#resources.get(this.#calls.in(zone), this.#name, this.#mark, signal);
      if (found === undefined) return undefined;
      if (found.size === 0) return new Set();
    }
    return this.#calls.members(zone, signal);
  }

  async #change(zone: string, wanted: ReadonlySet<string>, current: ReadonlySet<string>, signal: AbortSignal): Promise<Pick<KnownGroup, 'members' | 'missing'>> {
    const chosen = chosenOf(wanted, current);
    const [coming, going] = [[...chosen].filter((name) => !current.has(name)), [...current].filter((name) => !chosen.has(name))];
    const missing = coming.length === 0 ? nobody : await this.#add(zone, coming, signal);
    // One that is gone by now is no member any more.
    if (going.length > 0) await this.#leave(() => this.#calls.remove(zone, going, signal), 'NotFound');
    return { members: new Set([...chosen].filter((name) => !missing.has(name))), missing };
  }

  /** Resolves with those whose instance is gone. */
  async #add(zone: string, names: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    try {
      await this.#leave(() => this.#calls.add(zone, names, signal));
      return nobody;
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) throw error;
      const existing = await this.#calls.instances(zone, signal);
      const left = names.filter((name) => existing.has(name));
      if (left.length === names.length) throw new ProviderError('Unavailable', error.message, { cause: error });
      if (left.length > 0) await this.#leave(() => this.#calls.add(zone, left, signal));
      return new Set(names.filter((name) => !existing.has(name)));
    }
  }

  /** Nothing that is wrong with an instance or its group is the service's author's fault, and all of it may pass. */
  async #leave(change: () => Promise<void>, ...others: readonly ProviderErrorReason[]): Promise<void> {
    try {
      await change();
    } catch (error) {
      throw ProviderError.is(error, 'Invalid', 'AlreadyExists', ...others) ? new ProviderError('Unavailable', error.message, { cause: error }) : error;
    }
  }

  async #removeFrom(zone: string, signal: AbortSignal): Promise<boolean> {
    this.#known.delete(zone);
    try {
      await this.#resources.remove(this.#calls.in(zone), this.#name, this.#mark, signal);
      return true;
    } catch (error) {
      if (isInUse(error)) return false;
      throw error;
    }
  }
}

export const isInUse = (error: unknown): boolean => /^(resourceInUseByAnotherResource|RESOURCE_IN_USE_BY_ANOTHER_RESOURCE)$/.test(gcpCode(error) ?? '');

function holds({ members = nobody }: KnownGroup, wanted: ReadonlySet<string>): boolean {
  const chosen = chosenOf(wanted, members);
  return members.size === chosen.size && [...members].every((name) => chosen.has(name));
}
