import { AttachVolumeCommand, DetachVolumeCommand } from '@aws-sdk/client-ec2';
import { ProviderError } from '#core/spi/errors.ts';
import type { AttachmentNode, AttachOptions } from '#core/spi/volume-driver.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import { DeviceNames } from './device-names.ts';
import { isEnding, type Ec2Instances } from './ec2-instances.ts';
import type { Ec2Attachment, Ec2Volume, Ec2Volumes } from './ec2-volumes.ts';
import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { isInstanceId, isVolumeId, quoted, unavailable } from './names.ts';
import { LATE_MS, type Settling } from './settling.ts';

const firstLookMs = 1750;
const firstLookDetachedMs = 2500;
/** An attachment that takes longer never comes. */
const stuckMs = 90_000;
const vanishedMs = 15_000;
const detachPatienceMs = 120_000;
const mostTries = 8;

export interface AttachmentParts {
  readonly context: AwsContext;
  readonly volumes: Ec2Volumes;
  readonly instances: Ec2Instances;
  readonly settling: Settling;
}

type Outcome = { readonly kind: 'attached'; readonly device: string } | { readonly kind: 'stuck' | 'again' } | { readonly kind: 'elsewhere'; readonly other: string };

const notFound = (message: string, cause?: unknown): ProviderError => new ProviderError('NotFound', message, { cause });

/** Brings volumes to machines and takes them away. */
export class Attachments {
  readonly #parts: AttachmentParts;
  readonly #devices = new DeviceNames();
  readonly #lock = new KeyedLock();

  constructor(parts: AttachmentParts) {
    this.#parts = parts;
  }

  /** @returns the device's name, as EC2 calls it */
  async attach(volumeId: string, node: AttachmentNode, options: AttachOptions, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    if (!isVolumeId(volumeId)) throw notFound(`there is no volume ${quoted(volumeId)}`);
    if (!isInstanceId(node.nodeId)) throw notFound(`node ${node.name} has no instance: there is no ${quoted(node.nodeId)}`);
    return this.#lock.run(volumeId, signal, async () => {
      for (let tries = 0; tries < mostTries; tries++) {
        const outcome = await this.#try(volumeId, node, options, signal);
        if (outcome.kind === 'attached') return outcome.device;
        if (outcome.kind === 'elsewhere') throw unavailable(`volume ${volumeId} cannot be attached to node ${node.name} (${node.nodeId}): instance ${outcome.other} has it`);
        if (outcome.kind === 'stuck') await this.#takeBack(volumeId, node, signal);
      }
      throw unavailable(`volume ${volumeId} could not be attached to node ${node.name} (${node.nodeId}) in ${mostTries} tries`);
    });
  }

  async detach(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!isVolumeId(volumeId) || !isInstanceId(node.nodeId)) return;
    await this.#lock.run(volumeId, signal, () => this.#detach(volumeId, node, signal));
  }

  /** By the names of those nodes whose machines are not surely gone. */
  async attachedVolumes(nodes: readonly AttachmentNode[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    signal.throwIfAborted();
    const { instances, context, settling } = this.#parts;
    const ids = [...new Set(nodes.map(({ nodeId }) => nodeId).filter(isInstanceId))];
    const found = new Map(ids.length === 0 ? [] : await instances.many(ids, signal));
    const missing = ids.filter((id) => !found.has(id));
    if (missing.length > 0) {
      // A machine may be too young to be seen.
      await context.clock.sleep(LATE_MS, signal);
      for (const [id, instance] of await instances.many(missing, signal)) found.set(id, instance);
    }
    return new Map(nodes.flatMap(({ name, nodeId }) => {
      const instance = found.get(nodeId);
      if (instance === undefined || instance.state === 'terminated') return [];
      const onTheirWay = this.#devices.volumesOf(nodeId).filter((id) => !settling.isSettled(id));
      return [[name, [...new Set([...instance.devices.map(({ volumeId }) => volumeId), ...onTheirWay])]]];
    }));
  }

  async #try(volumeId: string, node: AttachmentNode, options: AttachOptions, signal: AbortSignal): Promise<Outcome> {
    const device = await this.#reserve(volumeId, node, signal);
    try {
      await this.#parts.context.api.ec2(new AttachVolumeCommand({ VolumeId: volumeId, InstanceId: node.nodeId, Device: device }), signal);
    } catch (error) {
      const holder = await this.#afterRefusal(error, volumeId, node, device, signal);
      if (holder !== 'itself') return holder;
    } finally {
      this.#parts.settling.touch(volumeId);
    }
    return this.#awaitAttached(volumeId, node, isForSeveral(options), signal);
  }

  async #reserve(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<string> {
    if (!this.#devices.knows(node.nodeId)) {
      const instance = await this.#instance(node, signal);
      this.#devices.learn(instance);
    }
    try {
      return this.#devices.reserve(node.nodeId, volumeId);
    } catch (error) {
      if (!ProviderError.is(error, 'Exhausted')) throw error;
    }
    // Names that others had may be free again.
    const instance = await this.#instance(node, signal);
    this.#devices.forget(node.nodeId);
    this.#devices.learn(instance);
    return this.#devices.reserve(node.nodeId, volumeId);
  }

  async #instance(node: AttachmentNode, signal: AbortSignal): Promise<Parameters<DeviceNames['learn']>[0]> {
    const { instances, context } = this.#parts;
    let instance = await instances.byId(node.nodeId, signal);
    if (instance === undefined) {
      await context.clock.sleep(LATE_MS, signal);
      instance = await instances.byId(node.nodeId, signal);
    }
    if (instance === undefined) throw notFound(`node ${node.name} has no instance: there is no ${node.nodeId}`);
    if (isEnding(instance)) throw notFound(`instance ${node.nodeId} of node ${node.name} is ${instance.state}`);
    return instance;
  }

  async #afterRefusal(error: unknown, volumeId: string, node: AttachmentNode, device: string, signal: AbortSignal): Promise<Outcome | 'itself'> {
    const code = awsCode(error);
    if (!ProviderError.is(error) || code === undefined || mayHaveWorked(error)) throw error;
    const { nodeId, name } = node;
    if (code === 'InvalidParameterValue' && error.message.includes(device)) {
      this.#devices.release(nodeId, volumeId);
      this.#devices.spoil(nodeId, device);
      return { kind: 'again' };
    }
    this.#devices.release(nodeId, volumeId);
    if (code === 'VolumeInUse') return this.#whoHasIt(volumeId, node, signal);
    if (code === 'IncorrectState' || code.endsWith('NotFound')) return this.#whatIsWrong(error, volumeId, node, signal);
    if (code === 'AttachmentLimitExceeded') throw new ProviderError('Exhausted', `instance ${nodeId} of node ${name} can take no further volume, ${volumeId}: ${error.message}`, { cause: error });
    if (code === 'InvalidVolume.ZoneMismatch') throw new ProviderError('Invalid', `volume ${volumeId} and node ${name} are not in the same zone: ${error.message}`, { cause: error });
    throw error;
  }

  /** Reads may be late: EC2 has just said that a machine has it. */
  async #whoHasIt(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<Outcome | 'itself'> {
    const holder = await this.#parts.volumes.until(volumeId, (volume, waitedMs): Ec2Attachment | 'nobody' | undefined => {
      const own = volume === undefined ? undefined : attachmentTo(volume, node);
      const [other] = volume?.attachments ?? [];
      if (own !== undefined && own.state === 'detaching') return waitedMs > detachPatienceMs ? own : undefined;
      return own ?? other ?? (waitedMs > LATE_MS ? 'nobody' : undefined);
    }, 0, signal);
    if (holder === 'nobody') return { kind: 'again' };
    if (holder.instanceId !== node.nodeId) return { kind: 'elsewhere', other: holder.instanceId };
    if (holder.state === 'detaching') throw unavailable(`volume ${volumeId} is still being detached from node ${node.name} (${node.nodeId})`);
    return 'itself';
  }

  /** @throws {ProviderError} */
  async #whatIsWrong(error: ProviderError, volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<Outcome> {
    const { volumes } = this.#parts;
    this.#devices.learn(await this.#instance(node, signal));
    const volume = await volumes.until(volumeId, (seen, waitedMs) => seen ?? (waitedMs > LATE_MS ? 'nothing' : undefined), 0, signal);
    if (volume === 'nothing' || volume.state === 'deleting') throw notFound(`there is no volume ${volumeId} to be attached to node ${node.name}`, error);
    // It was only too young to be known everywhere.
    if (error.reason === 'NotFound') return { kind: 'again' };
    throw unavailable(`volume ${volumeId} (${volume.state}) cannot be attached to node ${node.name} (${node.nodeId}) now: ${error.message}`, error);
  }

  async #awaitAttached(volumeId: string, node: AttachmentNode, isShared: boolean, signal: AbortSignal): Promise<Outcome> {
    const outcome = await this.#parts.volumes.until(volumeId, (volume, waitedMs): Outcome | undefined => {
      if (volume === undefined) {
        if (waitedMs > vanishedMs) throw notFound(`volume ${volumeId} went away while it was attached to node ${node.name}`);
        return undefined;
      }
      const own = attachmentTo(volume, node);
      if (own === undefined || own.state === 'detaching') {
        if (waitedMs > vanishedMs) throw unavailable(`volume ${volumeId} was detached from node ${node.name} (${node.nodeId}) while it was attached to it`);
        return undefined;
      }
      const other = volume.attachments.find(({ instanceId }) => instanceId !== node.nodeId);
      if (other !== undefined && volume.multiAttach && !isShared) return { kind: 'elsewhere', other: other.instanceId };
      if (own.state === 'attached') return { kind: 'attached', device: own.device };
      return waitedMs > stuckMs ? { kind: 'stuck' } : undefined;
    }, firstLookMs, signal);
    if (outcome.kind === 'attached') this.#devices.note(node.nodeId, outcome.device, volumeId);
    // EC2 lets several machines have such a volume, and its claim does not.
    if (outcome.kind === 'elsewhere') await this.#detach(volumeId, node, signal);
    return outcome;
  }

  /** A device name under which nothing appears is not used again. */
  async #takeBack(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<never> {
    const device = this.#devices.reserve(node.nodeId, volumeId);
    await this.#detach(volumeId, node, signal);
    this.#devices.spoil(node.nodeId, device);
    throw unavailable(`volume ${volumeId} did not come to node ${node.name} (${node.nodeId}) as ${device} within ${stuckMs / 1000} s, and was detached again`);
  }

  async #detach(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<void> {
    const { settling } = this.#parts;
    const wasSettled = settling.isSettled(volumeId);
    let isThere = await this.#beginDetach(volumeId, node, signal);
    if (!isThere && !wasSettled) {
      await settling.settled(volumeId, signal);
      isThere = await this.#beginDetach(volumeId, node, signal);
    }
    if (isThere) await this.#awaitDetached(volumeId, node, wasSettled, signal);
    this.#devices.release(node.nodeId, volumeId);
  }

  /** @returns false when EC2 knows of no attachment */
  async #beginDetach(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#parts.context.api.ec2(new DetachVolumeCommand({ VolumeId: volumeId, InstanceId: node.nodeId }), signal);
    } catch (error) {
      if (ProviderError.is(error, 'NotFound')) return false;
      const code = awsCode(error);
      if (code === 'OperationNotPermitted') throw new ProviderError('Invalid', `volume ${volumeId} cannot be detached from node ${node.name} (${node.nodeId}): ${(error as Error).message}`, { cause: error });
      // It is detached already, or on its way out.
      if (code !== 'IncorrectState') throw error;
    }
    return true;
  }

  async #awaitDetached(volumeId: string, node: AttachmentNode, wasSettled: boolean, signal: AbortSignal): Promise<void> {
    let isKnown = wasSettled;
    await this.#parts.volumes.until(volumeId, (volume, waitedMs) => {
      const own = volume === undefined ? undefined : attachmentTo(volume, node);
      // A late read may be of a time before it was attached.
      if (own === undefined) return isKnown || waitedMs > LATE_MS ? true : undefined;
      isKnown = true;
      if (waitedMs > detachPatienceMs) throw unavailable(`volume ${volumeId} is ${own.state} at node ${node.name} (${node.nodeId}) since ${Math.round(waitedMs / 1000)} s: mostly something on the machine still uses the device`);
      return undefined;
    }, firstLookDetachedMs, signal);
  }
}

const mayHaveWorked = ({ reason }: ProviderError): boolean => reason === 'Unknown' || reason === 'Throttled';
const isForSeveral = ({ use }: AttachOptions): boolean => use.volumeMode === 'Block' && use.accessModes.includes('ReadWriteMany');
const attachmentTo = ({ attachments }: Ec2Volume, { nodeId }: AttachmentNode): Ec2Attachment | undefined => attachments.find(({ instanceId }) => instanceId === nodeId);
