import { orAborted } from '#core/kernel/or-aborted.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancer, LoadBalancerOwner, LoadBalancerRequest, LoadBalancers, LoadBalancerSurvey, OwnTargetsOnly } from '#core/spi/load-balancers.ts';
import type { GcpContext } from '#providers/gcp/context.ts';
import { allDone } from './all-done.ts';
import { balancerClasses } from './annotations.ts';
import { Balancer, type BalancerParts } from './balancer.ts';
import { kindsOf } from './kinds.ts';
import { markOf } from './mark.ts';
import { BalancerNames } from './names.ts';
import { NodeGroups } from './node-groups.ts';
import { OwnResources } from './own-resources.ts';
import { planOf } from './plan.ts';
import { groupsOf, type BackendService } from './resources.ts';
import { SharedProbes } from './shared-probes.ts';

/** All that there is for the cluster, once its identity is known. */
interface Cluster extends BalancerParts {
  readonly groups: NodeGroups;
  readonly probes: SharedProbes;
}

interface Made {
  readonly owner: LoadBalancerOwner;
  /** Behind its backend service. */
  readonly groups: ReadonlySet<string>;
}

/** Lists show what was deleted no longer than this. */
const listLagMs = 60_000;

/**
 * External and internal passthrough network load balancers of one region: a forwarding rule over a backend service over the nodes' instance groups,
 * and a firewall rule that lets clients in.
 */
export class PassthroughLoadBalancers implements LoadBalancers, OwnTargetsOnly, LoadBalancerSurvey {
  readonly provider = 'gcp';
  readonly classes = balancerClasses;
  readonly targetPrefix = 'gce://';
  readonly #context: GcpContext;
  #cluster: Cluster | undefined;
  /** Owners who may use what is shared. */
  readonly #users = new Set<string>();
  /** By the owner's UID, what was made and has not been seen to differ since. */
  readonly #made = new Map<string, Made>();
  /** By the owner's UID, when nothing was left: lists are late. */
  readonly #gone = new Map<string, number>();
  #removal: Promise<void> | undefined;

  constructor(context: GcpContext) {
    this.#context = context;
  }

  async ensure(request: LoadBalancerRequest, signal: AbortSignal): Promise<LoadBalancer> {
    signal.throwIfAborted();
    const plan = planOf(request);
    const { owner: { uid } } = request;
    const isNew = !this.#users.has(uid) && request.ingress.length === 0;
    const isWhole = !this.#made.has(uid);
    this.#made.delete(uid);
    const cluster = await this.#use(uid, signal);
    const balancer = new Balancer(cluster, request.owner);
    cluster.groups.want(request.targets);
    const [look, { groups, warnings }] = await allDone([
      isNew ? balancer.lookAnew(plan, signal) : balancer.look(plan, isWhole, signal), cluster.groups.sync(true, signal), plan.healthCheck === undefined ? cluster.probes.ensure(signal) : undefined,
    ]);
    const ip = await balancer.ensure({ plan, groups, formerAddress: request.ingress[0]?.ip }, look, signal);
    this.#made.set(uid, { owner: request.owner, groups: new Set(groups) });
    return { ingress: [{ ip }], warnings: [...plan.warnings, ...warnings] };
  }

  async updateTargets(request: LoadBalancerRequest, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { owner } = request;
    const cluster = await this.#clusterOf(signal);
    const balancer = new Balancer(cluster, owner);
    const made = this.#made.get(owner.uid);
    const known = made?.groups ?? new Set(groupsOf(await this.#existing(balancer, owner, signal)));
    cluster.groups.want(request.targets);
    const { groups } = await cluster.groups.sync(false, signal);
    this.#users.add(owner.uid);
    if (groups.every((group) => known.has(group))) return;
    await balancer.addGroups(await this.#existing(balancer, owner, signal), groups, signal);
    if (made !== undefined) this.#made.set(owner.uid, { owner, groups: new Set([...known, ...groups]) });
  }

  async delete(owner: LoadBalancerOwner, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const cluster = await this.#use(owner.uid, signal);
    this.#made.delete(owner.uid);
    await new Balancer(cluster, owner).remove(signal);
    this.#users.delete(owner.uid);
    this.#gone.set(owner.uid, this.#context.clock.now());
    if (this.#users.size === 0) await this.#removeShared(cluster, signal);
  }

  async owners(signal: AbortSignal): Promise<readonly LoadBalancerOwner[]> {
    signal.throwIfAborted();
    const { kinds: { rules, services, firewalls, checks, addresses }, names, cluster } = await this.#clusterOf(signal);
    const found = (await allDone([rules, services, firewalls, checks, addresses].map((kind) => kind.list(names.prefix, signal)))).flat();
    const owners = new Map([...this.#made].map(([uid, { owner }]) => [uid, owner]));
    const now = this.#context.clock.now();
    for (const [uid, at] of this.#gone) if (now - at > listLagMs) this.#gone.delete(uid);
    for (const { description, name } of found) {
      const mark = markOf(description);
      if (mark?.cluster !== cluster || mark.owner === undefined || this.#gone.has(mark.owner.uid)) continue;
      const { balancer, probes } = names.of(mark.owner);
      // What somebody copied with its description is not ours.
      if (name === balancer || name === probes) owners.set(mark.owner.uid, mark.owner);
    }
    return [...owners.values()];
  }

  async #clusterOf(signal: AbortSignal): Promise<Cluster> {
    const cluster = await this.#context.clusterId(signal);
    return (this.#cluster ??= clusterOf(this.#context, cluster));
  }

  /** What is shared stays from here on. */
  async #use(uid: string, signal: AbortSignal): Promise<Cluster> {
    const cluster = await this.#clusterOf(signal);
    while (this.#removal !== undefined) await orAborted(this.#removal, signal);
    signal.throwIfAborted();
    this.#users.add(uid);
    this.#gone.delete(uid);
    return cluster;
  }

  async #existing(balancer: Balancer, { namespace, name }: LoadBalancerOwner, signal: AbortSignal): Promise<BackendService> {
    const service = await balancer.service(signal);
    if (service === undefined) throw new ProviderError('NotFound', `${namespace}/${name} has no load balancer here`);
    return service;
  }

  /** The platform refuses to delete what others use: those whom this process has not met yet. */
  async #removeShared({ probes, groups }: Cluster, signal: AbortSignal): Promise<void> {
    const removal = (async () => {
      if (await probes.remove(signal)) await groups.remove(signal);
    })();
    this.#removal = removal.catch(() => undefined).finally(() => {
      this.#removal = undefined;
    });
    await removal;
  }
}

function clusterOf(context: GcpContext, cluster: string): Cluster {
  const names = new BalancerNames(cluster);
  const kinds = kindsOf(context);
  const resources = new OwnResources();
  const mark = { cluster };
  return { context, kinds, resources, cluster, names, groups: new NodeGroups({ context, resources, name: names.shared, mark }), probes: new SharedProbes({ context, kinds, resources, name: names.shared, mark }) };
}
