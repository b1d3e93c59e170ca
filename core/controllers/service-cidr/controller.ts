import { IPAddress, ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { addressLabels, addressManager, isManagedAddress, isWithin, serviceCidrFinalizer } from '#core/api/service-addresses.ts';
import type { Client } from '#core/client/client.ts';
import { metadataPatch, withFinalizer, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface ServiceCidrOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
}

/** After so long every server knows of the deletion, and what was being given out has been stored. */
const graceMs = 10_000;
const inUse = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';

/** Says of ServiceCIDRs that they are ready, and keeps those that are deleted until no address is left that is in no other one. */
export class ServiceCidrController implements Controller {
  readonly name = 'service-cidr';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #cidrs: Informer<ServiceCIDR>;
  readonly #addresses: Informer<IPAddress>;

  constructor({ client, informers, clock }: ServiceCidrOptions) {
    this.#client = client;
    this.#clock = clock;
    const cidrs = (this.#cidrs = informers.for(ServiceCIDR));
    this.#addresses = informers.for(IPAddress);
    this.sources = [
      source(cidrs, (cidr, previous) => [cidr ?? previous, ...this.#ending()].flatMap((one) => one?.metadata.name ?? [])),
      source(this.#addresses, (address, previous) => this.#ending().filter((cidr) => isWithin(cidr, (address ?? previous)?.metadata.name ?? '')).map(({ metadata }) => metadata.name)),
    ];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cidr = this.#cidrs.get(name);
    if (cidr === undefined) return;
    const isHeld = cidr.metadata.finalizers?.includes(serviceCidrFinalizer) ?? false;
    if (isEnding(cidr)) return isHeld ? this.#end(cidr, signal) : undefined;
    if (!isHeld) {
      await this.#client.patch(ServiceCIDR, { name }, metadataPatch(cidr, { finalizers: withFinalizer(cidr, serviceCidrFinalizer) }), {}, signal);
      return;
    }
    await this.#say(cidr, 'True', '', 'Kubernetes Service CIDR is ready', signal);
  }

  async #end(cidr: ServiceCIDR, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (this.#isNeeded(cidr, this.#addresses.values())) return this.#say(cidr, 'False', 'Terminating', inUse, signal);
    const wait = Date.parse(cidr.metadata.deletionTimestamp ?? '') + graceMs - this.#clock.now();
    if (wait > 0) return { requeueAfterMs: wait };
    const { items } = await this.#client.list(IPAddress, { labelSelector: `${addressLabels.managedBy}=${addressManager}` }, signal);
    if (this.#isNeeded(cidr, items)) return { requeueAfterMs: graceMs };
    await this.#client.patch(ServiceCIDR, cidr.metadata, metadataPatch(cidr, { finalizers: withoutFinalizer(cidr, serviceCidrFinalizer) }), {}, signal);
  }

  /** Whether an address would belong to no range any more. */
  #isNeeded(cidr: ServiceCIDR, addresses: Iterable<IPAddress>): boolean {
    const others = [...this.#cidrs.values()].filter((other) => other.metadata.name !== cidr.metadata.name && !isEnding(other));
    for (const address of addresses) {
      const { name } = address.metadata;
      if (isManagedAddress(address) && isWithin(cidr, name) && !others.some((other) => isWithin(other, name))) return true;
    }
    return false;
  }

  /** What somebody else has said already, the server of the default one, stays in their words. */
  async #say(cidr: ServiceCIDR, status: 'True' | 'False', reason: string, message: string, signal: AbortSignal): Promise<void> {
    const { conditions = [] } = cidr.status;
    if (conditions.some(({ type, status: is }) => type === 'Ready' && is === status)) return;
    const ready = { type: 'Ready', status, reason, message, lastTransitionTime: rfc3339(this.#clock.now()) };
    const all = [...conditions.filter(({ type }) => type !== 'Ready'), ready];
    await this.#client.patchStatus(ServiceCIDR, cidr.metadata, metadataPatch(cidr, {}, { status: { conditions: all } }), {}, signal);
  }

  #ending(): readonly ServiceCIDR[] {
    return [...this.#cidrs.values()].filter(isEnding);
  }
}

const isEnding = ({ metadata }: ServiceCIDR): boolean => metadata.deletionTimestamp !== undefined;
