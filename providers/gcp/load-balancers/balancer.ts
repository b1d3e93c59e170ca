import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';
import { clusterLabel, type GcpContext } from '#providers/gcp/context.ts';
import { gcpCode } from '#providers/gcp/errors.ts';
import { allDone } from './all-done.ts';
import type { Kinds, LabelledKind } from './kinds.ts';
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
    const [rule, service, firewall, check, ofProbes, address] = await allDone([
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
    const { kinds } = this.#parts;
    await this.#ensureCheck(plan, look, signal);
    const place = await this.#place(signal);
    const { rule, service, kept } = await this.#clear(plan, look, place, signal);
    await this.#ensureService(aim, service, signal);
    const standing = await this.#ensureRule(aim, { rule, address: look.address }, kept, place, signal);
    const address = standing.IPAddress ?? '';
    await this.#label(kinds.rules, standing, signal);
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
    await allDone([
      resources.remove(kinds.firewalls, balancer, this.#mark, signal),
      resources.remove(kinds.firewalls, probes, this.#mark, signal),
      (async () => {
        await resources.remove(kinds.rules, balancer, this.#mark, signal);
        await allDone([
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
    await allDone([
      resources.bring(kinds.checks, { wanted: healthCheckOf(healthCheck, this.#titled), mark: this.#mark, found: check, isSame: isSameCheck }, signal),
      resources.bring(kinds.firewalls, {
        wanted: probesFirewallOf(healthCheck.port, context.settings, { ...this.#titled, name: this.#names.probes }), mark: this.#mark, found: probes, isSame: isSameFirewall,
      }, signal),
    ]);
  }

  /** Takes away what cannot be changed into what is wanted: a backend service of the other side cannot, and its rule goes before it. */
  async #clear(plan: BalancerPlan, { rule, service }: Look, place: RulePlace, signal: AbortSignal): Promise<Pick<Look, 'rule' | 'service'> & { readonly kept: string | undefined }> {
    if (service === undefined || isServiceOfKind(service, plan)) return { rule, service, kept: undefined };
    const { kinds } = this.#parts;
    const kept = rule === undefined ? undefined : await this.#release(plan, rule, place, signal);
    await kinds.services.delete(this.#names.balancer, signal);
    return { rule: undefined, service: undefined, kept };
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

  /** @param kept the address of the rule that was there before */
  async #ensureRule(aim: Aim, { rule, address: seen }: Pick<Look, 'rule' | 'address'>, kept: string | undefined, place: RulePlace, signal: AbortSignal): Promise<ForwardingRule> {
    const { plan } = aim;
    const { kinds } = this.#parts;
    const link = await this.#linkTo('backendServices', this.#names.balancer, signal);
    const wantedAt = (address: string | undefined): ForwardingRule => forwardingRuleOf(plan, link, address, place, this.#titled);
    const found = rule ?? (await this.#makeRule(aim, wantedAt, kept ?? (await this.#addressOfOld(aim, seen, place, signal)), signal));
    if (found === undefined) return this.#ruleNow(signal);
    if (!isRuleOfKind(found, wantedAt(undefined), plan, place)) {
      const left = await this.#makeRule(aim, wantedAt, await this.#release(plan, found, place, signal), signal);
      if (left !== undefined) throw new ProviderError('Unavailable', `the forwarding rule ${this.#names.balancer} came back while it was replaced`);
      if (plan.address !== undefined) await this.#forgetAddressBut(plan.address, signal);
      return this.#ruleNow(signal);
    }
    if (plan.scheme === 'INTERNAL' && (found.allowGlobalAccess === true) !== plan.allowGlobalAccess) {
      await kinds.rules.change(this.#names.balancer, { allowGlobalAccess: plan.allowGlobalAccess, ...(found.fingerprint == null ? {} : { fingerprint: found.fingerprint }) }, signal);
    }
    return found;
  }

  /** Of a rule that is gone: where it was told, an address may have been kept. */
  async #addressOfOld({ plan, formerAddress }: Aim, seen: Address | undefined, place: RulePlace, signal: AbortSignal): Promise<string | undefined> {
    return plan.address !== undefined || (formerAddress === undefined && seen === undefined) ? undefined : this.#keptAddress(plan, place, seen, signal);
  }

  /** What was there already; undefined when it was made. */
  async #makeRule({ plan, formerAddress }: Aim, wantedAt: (address: string | undefined) => ForwardingRule, kept: string | undefined, signal: AbortSignal): Promise<ForwardingRule | undefined> {
    const make = (address: string | undefined): Promise<ForwardingRule | undefined> => this.#parts.resources.make(this.#parts.kinds.rules, wantedAt(address), this.#mark, signal);
    const wished = plan.address;
    if (wished !== undefined) return this.#asked(wished, () => make(wished));
    // An address of the inside can be had again without having been kept, unless it is none of the subnetwork's or somebody else has it by now.
    const again = kept ?? (plan.scheme === 'INTERNAL' ? formerAddress : undefined);
    if (again === undefined) return make(undefined);
    try {
      return await make(again);
    } catch (error) {
      if (!ProviderError.is(error, 'Invalid', 'Exhausted')) throw error;
      return make(undefined);
    }
  }

  async #asked<T>(address: string, make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } catch (error) {
      const isTaken = gcpCode(error) === 'IP_IN_USE_BY_ANOTHER_RESOURCE';
      if (!ProviderError.is(error) || (!isTaken && error.reason !== 'Invalid')) throw error;
      throw new ProviderError(error.reason, `the load balancer cannot have spec.loadBalancerIP ${address}: ${error.message}`, { cause: error });
    }
  }

  /** With its address. */
  async #ruleNow(signal: AbortSignal): Promise<ForwardingRule> {
    const { kinds, resources } = this.#parts;
    const rule = await resources.get(kinds.rules, this.#names.balancer, this.#mark, signal);
    if (rule === undefined || (rule.IPAddress ?? '') === '') throw new ProviderError('Unavailable', `the forwarding rule ${this.#names.balancer} has no address yet`);
    return rule;
  }

  /** Deletes the rule; resolves with its address where that fits what comes after it. */
  async #release(plan: BalancerPlan, rule: ForwardingRule, place: RulePlace, signal: AbortSignal): Promise<string | undefined> {
    const { IPAddress, loadBalancingScheme: scheme, networkTier, subnetwork } = rule;
    const stays = plan.address === undefined && (IPAddress ?? '') !== '' && isAddressOfKind({ scheme, networkTier, subnetwork }, plan, place);
    const kept = stays ? (IPAddress ?? undefined) : undefined;
    if (kept !== undefined) await this.#keepAddress(kept, plan, rule, place, signal);
    await this.#parts.kinds.rules.delete(this.#names.balancer, signal);
    return kept;
  }

  /** Reserves an address that a rule has, so that it stays while the rule is replaced, and from then on. */
  async #keepAddress(ip: string, plan: BalancerPlan, rule: ForwardingRule, place: RulePlace, signal: AbortSignal): Promise<void> {
    const { kinds, resources } = this.#parts;
    const former = await this.#keptAddress(plan, place, undefined, signal);
    if (former === ip) return;
    if (former !== undefined) await kinds.addresses.delete(this.#names.balancer, signal);
    try {
      await resources.make(kinds.addresses, addressOf(ip, plan, rule, this.#titled), this.#mark, signal);
      if (this.#hasLabels) await this.#label(kinds.addresses, (await resources.get(kinds.addresses, this.#names.balancer, this.#mark, signal)) ?? {}, signal);
    } catch (error) {
      // It is reserved already, by whoever asked for it. One of the inside can be had again without that; one of the outside would be lost.
      if (!ProviderError.is(error, 'Invalid') && !(plan.scheme === 'INTERNAL' && ProviderError.is(error, 'Exhausted'))) throw error;
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

  get #hasLabels(): boolean {
    return Object.keys(this.#parts.context.settings.extraLabels).length > 0;
  }

  /** For those who look at costs by labels; whose it is stands in the description, with which it is made. */
  async #label<T extends ForwardingRule | Address>(kind: LabelledKind<T>, { labels, labelFingerprint }: Pick<T, 'labels' | 'labelFingerprint'>, signal: AbortSignal): Promise<void> {
    if (!this.#hasLabels) return;
    const wanted: Record<string, string> = { ...this.#parts.context.settings.extraLabels, [clusterLabel]: this.#parts.cluster };
    if (Object.entries(wanted).every(([name, value]) => labels?.[name] === value)) return;
    await kind.setLabels(this.#names.balancer, { ...labels, ...wanted }, labelFingerprint ?? '', signal);
  }

  /** Takes away what the plan has no use for any more. */
  async #tidy(plan: BalancerPlan, { service, check, probes, address: kept }: Look, address: string, signal: AbortSignal): Promise<void> {
    const { kinds, resources } = this.#parts;
    const { balancer } = this.#names;
    const hadCheck = check !== undefined || probes !== undefined || (service?.healthChecks ?? []).some((link) => pathOf(link).endsWith(`/${balancer}`));
    await allDone([
      plan.healthCheck === undefined && hadCheck ? resources.remove(kinds.checks, balancer, this.#mark, signal) : undefined,
      plan.healthCheck === undefined && hadCheck ? resources.remove(kinds.firewalls, this.#names.probes, this.#mark, signal) : undefined,
      kept !== undefined && kept.address !== address ? resources.remove(kinds.addresses, balancer, this.#mark, signal) : undefined,
    ]);
  }
}
