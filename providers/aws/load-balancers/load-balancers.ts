import { ProviderError } from '#core/spi/errors.ts';
import type {
  LoadBalancer, LoadBalancerDetails, LoadBalancerOwner, LoadBalancerRequest, LoadBalancers, LoadBalancerSurvey, OwnTargetsOnly, WantsDetails,
} from '#core/spi/load-balancers.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { Balancers } from './balancers.ts';
import { Doors, type OpenDoors } from './doors.ts';
import { Inventory, type Owned } from './inventory.ts';
import { Listeners } from './listeners.ts';
import { Network } from './network.ts';
import { controllerClass, optionsOf, type Options } from './options.ts';
import { ownerTags, type Tags } from './ownership.ts';
import { someAtATime } from './patience.ts';
import { planOf, type Plan, type Target } from './plan.ts';
import { Removal } from './removal.ts';
import { SecurityGroups } from './security-groups.ts';
import { placesOf, type Place } from './subnets.ts';
import { TargetGroups } from './target-groups.ts';
import { Targets } from './targets.ts';

/** What was made may not show in lists so long. */
const settleMs = 5_000;
const atOnce = 5;

/** What `ensure` made of one service, so that changes of targets cost no reads. */
interface Made {
  readonly groupArns: ReadonlyMap<string, string>;
  readonly doors: OpenDoors;
}

interface Wanted {
  readonly request: LoadBalancerRequest;
  readonly options: Options;
  readonly plan: Plan;
  readonly tags: Tags;
  readonly clusterId: string;
}

/**
 * Network load balancers of Elastic Load Balancing version 2. All that is made for a service carries its tags, from the call on that makes it; names follow
 * from the service. See README.md for annotations and calls.
 */
export class NetworkLoadBalancers implements LoadBalancers, OwnTargetsOnly, LoadBalancerSurvey, WantsDetails {
  readonly provider = 'aws';
  readonly classes: readonly string[] = [controllerClass, 'keelson.dev/aws-nlb'];
  readonly targetPrefix = 'aws://';
  readonly #context: AwsContext;
  readonly #inventory: Inventory;
  readonly #network: Network;
  readonly #doors: Doors;
  readonly #balancers: Balancers;
  readonly #listeners: Listeners;
  readonly #targetGroups: TargetGroups;
  readonly #targets: Targets;
  readonly #removal: Removal;
  readonly #made = new Map<string, Made>();
  /** By the owner's UID, when something may have been made for it. */
  readonly #touched = new Map<string, number>();
  /** By the owner's UID, when all of it was deleted. */
  readonly #gone = new Map<string, number>();
  readonly #startedAt: number;

  constructor(context: AwsContext) {
    this.#context = context;
    this.#startedAt = context.clock.now();
    this.#inventory = new Inventory(context);
    this.#network = new Network(context);
    const securityGroups = new SecurityGroups(context, this.#network);
    this.#doors = new Doors(context, this.#network, securityGroups);
    this.#balancers = new Balancers(context);
    this.#listeners = new Listeners(context);
    this.#targetGroups = new TargetGroups(context);
    this.#targets = new Targets(context, this.#network);
    this.#removal = new Removal({ context, inventory: this.#inventory, network: this.#network, balancers: this.#balancers, targetGroups: this.#targetGroups, securityGroups });
  }

  /** The hostname is told as soon as there is one; traffic comes through some minutes later. */
  async ensure(request: LoadBalancerRequest, signal: AbortSignal): Promise<LoadBalancer> {
    signal.throwIfAborted();
    const { uid } = request.owner;
    const wanted = await this.#wanted(request, signal);
    this.#forget(uid);
    this.#gone.delete(uid);
    try {
      return await this.#ensure(wanted, await this.#inventory.of(request.owner, signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!ProviderError.is(error, 'NotFound')) throw error;
      throw new ProviderError('Unavailable', `something went away, or does not show yet: ${error.message}`, { cause: error });
    } finally {
      this.#touched.set(uid, this.#context.clock.now());
    }
  }

  /** By memory, which `ensure` puts right. */
  async updateTargets(request: LoadBalancerRequest, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { owner } = request;
    const made = this.#made.get(owner.uid);
    if (made === undefined) {
      const owned = await this.#inventory.of(owner, signal);
      if (owned.balancers.length === 0) throw new ProviderError('NotFound', `${owner.namespace}/${owner.name} has no load balancer`);
      await this.ensure(request, signal);
      return;
    }
    const wanted = await this.#wanted(request, signal);
    const { groups } = wanted.plan;
    if (groups.some(({ name }) => !made.groupArns.has(name))) throw new ProviderError('NotFound', `${owner.namespace}/${owner.name} has no target group for one of its ports`);
    try {
      this.#made.set(owner.uid, { ...made, doors: await this.#doors.widen(wanted, made.doors, signal) });
      await someAtATime(groups, atOnce, (group) => this.#targets.update(made.groupArns.get(group.name) ?? '', group, signal));
    } catch (error) {
      this.#forget(owner.uid);
      throw error;
    }
  }

  async delete(owner: LoadBalancerOwner, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#forget(owner.uid);
    await this.#removal.run(owner, Math.max(this.#startedAt, this.#touched.get(owner.uid) ?? 0) + settleMs, signal);
    this.#touched.delete(owner.uid);
    this.#gone.set(owner.uid, this.#context.clock.now());
  }

  async owners(signal: AbortSignal): Promise<readonly LoadBalancerOwner[]> {
    // What was deleted may show for as long as what was made may not.
    for (const [uid, at] of this.#gone) if (at + settleMs < this.#context.clock.now()) this.#gone.delete(uid);
    const found = (await Promise.all([this.#inventory.owners(signal), this.#network.marked(signal)])).flat();
    return [...new Map(found.flatMap((owner) => (owner === undefined || this.#gone.has(owner.uid) ? [] : [[owner.uid, owner] as const]))).values()];
  }

  details(service: Pick<LoadBalancerRequest, 'annotations' | 'class'>): LoadBalancerDetails {
    try {
      const { targetType, nodeLabels } = optionsOf({ ...service, families: ['IPv4'] });
      return { endpoints: targetType === 'ip', nodeLabels: [...nodeLabels.keys()].toSorted() };
    } catch {
      return { endpoints: false, nodeLabels: [] };
    }
  }

  async #wanted(request: LoadBalancerRequest, signal: AbortSignal): Promise<Wanted> {
    const clusterId = await this.#context.clusterId(signal);
    const options = optionsOf(request);
    const tags = new Map([...Object.entries(this.#context.settings.extraTags), ...options.tags, ...ownerTags(clusterId, request.owner)]);
    return { request, options, plan: planOf(clusterId, request, options), tags, clusterId };
  }

  async #ensure(wanted: Wanted, owned: Owned, signal: AbortSignal): Promise<LoadBalancer> {
    const { request: { owner }, options, plan, tags } = wanted;
    const places = await this.#places(wanted, owned, signal);
    const doors = await this.#doors.ensure(wanted, places, signal);
    const { name } = plan;
    const balancer = await this.#balancers.ensure({ ...options, name, places, tags, groupIds: doors.groupIds }, owned, signal);
    const listeners = balancer.isNew ? [] : await this.#listeners.of(balancer.arn, signal);
    const groups = await someAtATime(plan.groups, atOnce, async (group) => {
      const { arn, isNew } = await this.#targetGroups.ensure(group, owned.groups.find((one) => one.name === group.name), tags, signal);
      return { name: group.name, arn, refused: await this.#targets.ensure(arn, isNew, group, signal) };
    });
    const groupArns = new Map(groups.map((group) => [group.name, group.arn]));
    await this.#listeners.ensure(balancer.arn, listeners, plan.listeners, groupArns, tags, signal);
    for (const { arn, name: former } of owned.groups) if (!groupArns.has(former)) await this.#targetGroups.remove(arn, signal);
    if (options.frontend.kind !== 'own') await this.#doors.removeOwn(owner.uid, signal);
    this.#made.set(owner.uid, { groupArns, doors });
    return { ingress: [{ hostname: balancer.hostname }], warnings: [...plan.warnings, ...doors.warnings, ...refusals(groups.flatMap(({ refused }) => refused))] };
  }

  async #places({ options, plan, clusterId }: Wanted, owned: Owned, signal: AbortSignal): Promise<readonly Place[]> {
    const standing = owned.balancers.find(({ name }) => name === plan.name)?.balancer.AvailabilityZones ?? [];
    const choice = { options, clusterId, configured: this.#context.settings.subnetIds, current: standing.map(({ SubnetId = '' }) => SubnetId) };
    try {
      return placesOf(await this.#network.subnets(signal), choice);
    } catch (error) {
      signal.throwIfAborted();
      if (!ProviderError.is(error, 'Invalid', 'Exhausted')) throw error;
      // They may have been made, or tagged, since they were read.
      return placesOf(await this.#network.subnets(signal, true), choice);
    }
  }

  #forget(uid: string): void {
    for (const arn of this.#made.get(uid)?.groupArns.values() ?? []) this.#targets.forget(arn);
    this.#made.delete(uid);
  }
}

const refusals = (targets: readonly Target[]): readonly string[] => {
  const ids = [...new Set(targets.map(({ Id }) => Id))];
  return ids.length === 0 ? [] : [`it does not send to ${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ` and ${ids.length - 10} more` : ''}, which AWS does not take as targets now: they do not run, or are not in its VPC`];
};
