import { ModifyInstanceAttributeCommand, ModifyNetworkInterfaceAttributeCommand, type Instance, type InstanceNetworkInterface } from '@aws-sdk/client-ec2';
import { Coalescer } from '#core/platform-calls/coalescer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { AwsContext } from './context.ts';
import { instancesById, mostIds } from './instances-lookup.ts';

/** By what a route names its target. An instance with several interfaces cannot be named itself. */
export type RouteTargetName = { readonly InstanceId: string } | { readonly NetworkInterfaceId: string };

/** For so long EC2 may still show the check that was turned off. */
const lagMs = 30_000;
const gatherMs = 50;

type Opened = { readonly name: RouteTargetName } | { readonly failure: unknown };

/** Instances to which routes lead. They must take packets that are not for themselves. */
export class RouteTargets {
  readonly #context: AwsContext;
  readonly #instances: Coalescer<string, Opened>;
  readonly #opened = new Map<string, number>();

  constructor(context: AwsContext) {
    this.#context = context;
    this.#instances = new Coalescer({ clock: context.clock, most: mostIds, waitMs: gatherMs, keyOf: (id) => id, call: (ids, signal) => this.#openAll(ids, signal) });
  }

  /** It drops packets that are not for itself. */
  isClosed(instance: Instance): boolean {
    if ((this.#opened.get(instance.InstanceId ?? '') ?? Number.NEGATIVE_INFINITY) > this.#context.clock.now() - lagMs) return false;
    const { NetworkInterfaces: interfaces = [], SourceDestCheck } = instance;
    return interfaces.length > 1 ? primaryOf(interfaces)?.SourceDestCheck === true : SourceDestCheck === true;
  }

  /** Turns the check off, when it is on. @throws {ProviderError} NotFound */
  async open(instanceId: string, signal: AbortSignal): Promise<RouteTargetName> {
    const opened = await this.#instances.ask(instanceId, signal);
    if ('failure' in opened) throw opened.failure;
    return opened.name;
  }

  async #openAll(ids: readonly string[], signal: AbortSignal): Promise<readonly Opened[]> {
    const found = await instancesById(this.#context.api, ids, signal);
    return Promise.all(ids.map((id) => this.#openOne(id, found.get(id), signal).then((name) => ({ name }), (failure: unknown) => ({ failure }))));
  }

  async #openOne(instanceId: string, instance: Instance | undefined, signal: AbortSignal): Promise<RouteTargetName> {
    const { api, clock } = this.#context;
    if (instance === undefined || instance.State?.Name === 'terminated') throw new ProviderError('NotFound', `EC2 knows no instance ${instanceId} in ${await this.#context.region(signal)}, or not yet`);
    const interfaces = instance.NetworkInterfaces ?? [];
    const primary = interfaces.length > 1 ? primaryOf(interfaces)?.NetworkInterfaceId : undefined;
    if (this.isClosed(instance)) {
      const off = { SourceDestCheck: { Value: false } };
      if (primary === undefined) await api.ec2(new ModifyInstanceAttributeCommand({ InstanceId: instanceId, ...off }), signal);
      else await api.ec2(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: primary, ...off }), signal);
      this.#note(instanceId, clock.now());
    }
    return primary === undefined ? { InstanceId: instanceId } : { NetworkInterfaceId: primary };
  }

  #note(instanceId: string, now: number): void {
    for (const [id, since] of this.#opened) if (since <= now - lagMs) this.#opened.delete(id);
    this.#opened.set(instanceId, now);
  }
}

const primaryOf = (interfaces: readonly InstanceNetworkInterface[]): InstanceNetworkInterface | undefined =>
  interfaces.find(({ Attachment }) => Attachment?.DeviceIndex === 0 && (Attachment.NetworkCardIndex ?? 0) === 0);
