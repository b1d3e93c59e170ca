import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';
import type { GcpContext } from '#providers/gcp/context.ts';
import { gcpCode } from '#providers/gcp/errors.ts';
import type { Kinds } from './kinds.ts';
import { descriptionOf, type Mark } from './mark.ts';
import type { BalancerNames, OwnerNames } from './names.ts';
import type { OwnResources } from './own-resources.ts';
import type { BalancerPlan } from './plan.ts';
import {
  addressOf, backendServiceOf, firewallOf, forwardingRuleOf, groupsOf, healthCheckOf, isAddressOfKind, isRuleOfKind, isSameCheck, isSameFirewall, isSameService, isServiceOfKind, pathOf, probesFirewallOf,
  type Address, type BackendService, type Firewall, type ForwardingRule, type HealthCheck, type RulePlace, type Titled,
} from './resources.ts';

export interface BalancerParts {
  readonly context: GcpContext;
  readonly kinds: Kinds;
  readonly resources: OwnResources;
  readonly cluster: string;
  readonly names: BalancerNames;
}

/** What is there of a load balancer; absent what was not looked for. */
export interface Look {
  readonly rule?: ForwardingRule | undefined;
  readonly service?: BackendService | undefined;
  readonly firewall?: Firewall | undefined;
  readonly check?: HealthCheck | undefined;
  readonly probes?: Firewall | undefined;
  readonly address?: Address | undefined;
}

export interface Aim {
  readonly plan: BalancerPlan;
  /** Paths of the instance groups there are. */
  readonly groups: readonly string[];
  /** The address that was told last. */
  readonly formerAddress: string | undefined;
}

/** The parts of one owner's load balancer. */
export class Balancer {
  readonly #parts: BalancerParts;
  readonly #names: OwnerNames;
  readonly #mark: Mark;
  readonly #titled: Titled;

  constructor(parts: BalancerParts, owner: LoadBalancerOwner) {
    this.#parts = parts;
    this.#names = parts.names.of(owner);
    this.#mark = { cluster: parts.cluster, owner };
    this.#titled = { name: this.#names.balancer, description: descriptionOf(this.#mark) };
  }

  /** At what there is of one that is asked for the first time: nothing, unless a former process began it. */
  async lookAnew(plan: Pick<BalancerPlan, 'healthCheck'>, signal: AbortSignal): Promise<Look> {
    const service = await this.service(signal);
    return service === undefined ? {} : this.look(plan, true, signal);
  }

  /** `isWhole`: also at what there is only sometimes. */
  async look({ healthCheck }: Pick<BalancerPlan, 'healthCheck'>, isWhole: boolean, signal: AbortSignal): Promise<Look> {
    const { kinds, resources } = this.#parts;
    const { balancer, probes } = this.#names;
    const hasCheck = isWhole || healthCheck !== undefined;
    const [rule, service, firewall, check, ofProbes, address] = await Promise.all([
      resources.get(kinds.rules, balancer, this.#mark, signal), resources.get(kinds.services, balancer, this.#mark, signal), resources.get(kinds.firewalls, balancer, this.#mark, signal),
      hasCheck ? resources.get(kinds.checks, balancer, this.#mark, signal) : undefined, hasCheck ? resources.get(kinds.firewalls, probes, this.#mark, signal) : undefined,
      isWhole ? resources.get(kinds.addresses, balancer, this.#mark, signal) : undefined,
    ]);
    return { rule, service, firewall, check, probes: ofProbes, address };
  }

  /** Only its backend service; undefined when there is none. */
  service(signal: AbortSignal): Promise<BackendService | undefined> {
    return this.#parts.resources.get(this.#parts.kinds.services, this.#names.balancer, this.#mark, signal);
  }

  /** Brings everything to the plan, beginning with what there is, and resolves with the load balancer's address. */
  async ensure(aim: Aim, look: Look, signal: AbortSignal): Promise<string> {
    const { plan } = aim;
    await this.#ensureCheck(plan, look, signal);
    const place = await this.#place(signal);
    const standing = await this.#clear(plan, look, place, signal);
    await this.#ensureService(aim, standing.service, signal);
    const address = await this.#ensureRule(aim, { ...look, ...standing }, place, signal);
    const firewall = firewallOf(plan, address, this.#parts.context.settings, this.#titled);
    await this.#parts.resources.bring(this.#parts.kinds.firewalls, { wanted: firewall, mark: this.#mark, found: look.firewall, isSame: isSameFirewall }, signal);
    await this.#tidy(plan, look, address, signal);
    return address;
  }

  /** Adds groups that came since. */
  async addGroups(service: BackendService, groups: readonly string[], signal: AbortSignal): Promise<void> {
    const all = [...new Set([...groupsOf(service), ...groups])].toSorted();
    const backends = await this.#backendsOf(all, signal);
    await this.#parts.kinds.services.change(this.#names.balancer, { backends, ...(service.fingerprint == null ? {} : { fingerprint: service.fingerprint }) }, signal);
  }

  /** Removes everything that carries the owner, each before what it uses. */
  async remove(signal: AbortSignal): Promise<void> {
    const { kinds, resources } = this.#parts;
    const { balancer, probes } = this.#names;
    await Promise.all([
      resources.remove(kinds.firewalls, balancer, this.#mark, signal),
      resources.remove(kinds.firewalls, probes, this.#mark, signal),
      (async () => {
        await resources.remove(kinds.rules, balancer, this.#mark, signal);
        await Promise.all([
          resources.remove(kinds.addresses, balancer, this.#mark, signal),
          (async () => {
            await resources.remove(kinds.services, balancer, this.#mark, signal);
            await resources.remove(kinds.checks, balancer, this.#mark, signal);
          })(),
        ]);
      })(),
    ]);
  }

  async #place(signal: AbortSignal): Promise<RulePlace> {
    const { context } = this.#parts;
    const { network, subnetwork } = context.settings;
    return { project: await context.project(signal), region: await context.region(signal), network, subnetwork };
  }

  async #linkTo(collection: string, name: string, signal: AbortSignal): Promise<string> {
    const { context } = this.#parts;
    return `projects/${await context.project(signal)}/regions/${await context.region(signal)}/${collection}/${name}`;
  }

  async #backendsOf(groups: readonly string[], signal: AbortSignal): Promise<NonNullable<BackendService['backends']>> {
    const project = await this.#parts.context.project(signal);
    return groups.map((group) => ({ group: `projects/${project}/${group}`, balancingMode: 'CONNECTION' }));
  }

  /** Of its own where each node is to be asked for pods of the service. */
  async #ensureCheck({ healthCheck }: BalancerPlan, { check, probes }: Look, signal: AbortSignal): Promise<void> {
    if (healthCheck === undefined) return;
    const { kinds, resources, context } = this.#parts;
    await Promise.all([
      resources.bring(kinds.checks, { wanted: healthCheckOf(healthCheck, this.#titled), mark: this.#mark, found: check, isSame: isSameCheck }, signal),
      resources.bring(kinds.firewalls, {
        wanted: probesFirewallOf(healthCheck.port, context.settings, { ...this.#titled, name: this.#names.probes }), mark: this.#mark, found: probes, isSame: isSameFirewall,
      }, signal),
    ]);
  }

  /** Takes away what cannot be changed into what is wanted: a backend service of the other side cannot, and its rule goes before it. */
  async #clear(plan: BalancerPlan, { rule, service }: Look, place: RulePlace, signal: AbortSignal): Promise<Pick<Look, 'rule' | 'service' | 'address'>> {
    if (service === undefined || isServiceOfKind(service, plan)) return { rule, service };
    const { kinds } = this.#parts;
    if (rule !== undefined) await this.#release(plan, rule, place, signal);
    await kinds.services.delete(this.#names.balancer, signal);
    return { rule: undefined, service: undefined };
  }

  async #ensureService({ plan, groups }: Aim, found: BackendService | undefined, signal: AbortSignal): Promise<void> {
    const { kinds, resources, names } = this.#parts;
    const healthCheck = await this.#linkTo('healthChecks', plan.healthCheck === undefined ? names.shared : this.#names.balancer, signal);
    const project = await this.#parts.context.project(signal);
    // Groups that nodes have left stay: they are empty, and may fill again.
    const wantedFor = (current: BackendService | undefined): BackendService => {
      const paths = [...new Set([...groups, ...(current === undefined ? [] : groupsOf(current).filter((group) => group.endsWith(`/${names.shared}`)))])].toSorted();
      return backendServiceOf({ plan, healthCheck, groups: paths.map((path) => `projects/${project}/${path}`) }, this.#titled);
    };
    await resources.bring(kinds.services, {
      wanted: wantedFor(found), mark: this.#mark, found, isSame: (current) => isSameService(current, wantedFor(current)),
      changeOf: (current) => {
        const { sessionAffinity, connectionDraining, healthChecks, backends } = wantedFor(current);
        return { sessionAffinity, connectionDraining, healthChecks, backends, fingerprint: current.fingerprint };
      },
    }, signal);
  }

  async #ensureRule(aim: Aim, look: Look, place: RulePlace, signal: AbortSignal): Promise<string> {
    const { plan } = aim;
    const { kinds, resources } = this.#parts;
    const link = await this.#linkTo('backendServices', this.#names.balancer, signal);
    const wantedAt = (address: string | undefined): ForwardingRule => forwardingRuleOf(plan, link, address, place, this.#titled);
    let found = look.rule;
    if (found === undefined) {
      found = await this.#makeRule(aim, wantedAt, place, look.address, signal);
      if (found === undefined) return this.#addressNow(signal);
    }
    if (!isRuleOfKind(found, wantedAt(undefined), plan, place)) {
      await this.#release(plan, found, place, signal);
      const left = await this.#makeRule({ ...aim, formerAddress: found.IPAddress ?? aim.formerAddress }, wantedAt, place, undefined, signal);
      if (left !== undefined) throw new ProviderError('Unavailable', `the forwarding rule ${this.#names.balancer} came back while it was replaced`);
      if (plan.address !== undefined) await this.#forgetAddressBut(plan.address, signal);
      return this.#addressNow(signal);
    }
    if (plan.scheme === 'INTERNAL' && (found.allowGlobalAccess === true) !== plan.allowGlobalAccess) {
      await kinds.rules.change(this.#names.balancer, { allowGlobalAccess: plan.allowGlobalAccess, fingerprint: found.fingerprint }, signal);
    }
    return found.IPAddress ?? (await resources.get(kinds.rules, this.#names.balancer, this.#mark, signal))?.IPAddress ?? '';
  }

  /** What was there already; undefined when it was made. */
  async #makeRule({ plan, formerAddress }: Aim, wantedAt: (address: string | undefined) => ForwardingRule, place: RulePlace, seen: Address | undefined, signal: AbortSignal): Promise<ForwardingRule | undefined> {
    const { kinds, resources } = this.#parts;
    if (plan.address !== undefined) return this.#asked(plan.address, () => resources.make(kinds.rules, wantedAt(plan.address), this.#mark, signal));
    const kept = formerAddress === undefined && seen === undefined ? undefined : await this.#keptAddress(plan, place, seen, signal);
    // An address of the inside can be had again without having been kept, unless somebody else has it by now.
    const again = kept ?? (plan.scheme === 'INTERNAL' ? formerAddress : undefined);
    if (again === undefined) return resources.make(kinds.rules, wantedAt(undefined), this.#mark, signal);
    try {
      return await resources.make(kinds.rules, wantedAt(again), this.#mark, signal);
    } catch (error) {
      if (kept !== undefined || !ProviderError.is(error, 'Invalid', 'Exhausted')) throw error;
      return resources.make(kinds.rules, wantedAt(undefined), this.#mark, signal);
    }
  }

  async #asked<T>(address: string, make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } catch (error) {
      if (!ProviderError.is(error, 'Invalid')) throw error;
      const isTaken = /^IP_IN_USE/.test(gcpCode(error) ?? '');
      throw new ProviderError(isTaken ? 'Exhausted' : 'Invalid', `the load balancer cannot have spec.loadBalancerIP ${address}: ${error.message}`, { cause: error });
    }
  }

  async #addressNow(signal: AbortSignal): Promise<string> {
    const { kinds, resources } = this.#parts;
    const rule = await resources.get(kinds.rules, this.#names.balancer, this.#mark, signal);
    const address = rule?.IPAddress ?? '';
    if (address === '') throw new ProviderError('Unavailable', `the forwarding rule ${this.#names.balancer} has no address yet`);
    return address;
  }

  /** Deletes the rule; its address is kept where it fits what comes after it. */
  async #release(plan: BalancerPlan, rule: ForwardingRule, place: RulePlace, signal: AbortSignal): Promise<void> {
    const { kinds } = this.#parts;
    const { IPAddress, loadBalancingScheme: scheme, networkTier, subnetwork } = rule;
    if (plan.address === undefined && (IPAddress ?? '') !== '' && isAddressOfKind({ scheme, networkTier, subnetwork }, plan, place)) await this.#keepAddress(IPAddress ?? '', plan, rule, place, signal);
    await kinds.rules.delete(this.#names.balancer, signal);
  }

  /** Reserves an address that a rule has, so that it stays while the rule is replaced, and from then on. */
  async #keepAddress(ip: string, plan: BalancerPlan, rule: ForwardingRule, place: RulePlace, signal: AbortSignal): Promise<void> {
    const { kinds, resources } = this.#parts;
    if ((await this.#keptAddress(plan, place, undefined, signal)) === ip) return;
    await kinds.addresses.delete(this.#names.balancer, signal);
    try {
      await resources.make(kinds.addresses, addressOf(ip, plan, rule, this.#titled), this.#mark, signal);
    } catch (error) {
      // It is reserved already, by whoever asked for it.
      if (!ProviderError.is(error, 'Invalid', 'Exhausted')) throw error;
    }
  }

  async #forgetAddressBut(ip: string, signal: AbortSignal): Promise<void> {
    const { kinds, resources } = this.#parts;
    const found = await resources.get(kinds.addresses, this.#names.balancer, this.#mark, signal);
    if (found !== undefined && found.address !== ip) await kinds.addresses.delete(this.#names.balancer, signal);
  }

  /** The address that was reserved when a rule was replaced; what cannot serve any more is released. */
  async #keptAddress(plan: BalancerPlan, place: RulePlace, seen: Address | undefined, signal: AbortSignal): Promise<string | undefined> {
    const { kinds, resources } = this.#parts;
    const found = seen ?? (await resources.get(kinds.addresses, this.#names.balancer, this.#mark, signal));
    if (found === undefined) return undefined;
    const { addressType: scheme, networkTier, subnetwork, address } = found;
    if (isAddressOfKind({ scheme, networkTier, subnetwork }, plan, place)) return address ?? undefined;
    await kinds.addresses.delete(this.#names.balancer, signal);
    return undefined;
  }

  /** Takes away what the plan has no use for any more. */
  async #tidy(plan: BalancerPlan, { service, check, probes, address: kept }: Look, address: string, signal: AbortSignal): Promise<void> {
    const { kinds, resources } = this.#parts;
    const { balancer } = this.#names;
    const hadCheck = check !== undefined || probes !== undefined || (service?.healthChecks ?? []).some((link) => pathOf(link).endsWith(`/${balancer}`));
    await Promise.all([
      plan.healthCheck === undefined && hadCheck ? resources.remove(kinds.checks, balancer, this.#mark, signal) : undefined,
      plan.healthCheck === undefined && hadCheck ? resources.remove(kinds.firewalls, this.#names.probes, this.#mark, signal) : undefined,
      kept !== undefined && kept.address !== address ? resources.remove(kinds.addresses, balancer, this.#mark, signal) : undefined,
    ]);
  }
}
