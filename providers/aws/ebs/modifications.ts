import { CreateTagsCommand, DeleteTagsCommand, ModifyVolumeCommand } from '@aws-sdk/client-ec2';
import { Coalescer } from '#core/platform-calls/coalescer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { CapacityRange } from '#core/spi/volume-driver.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import { Ec2Modifications } from './ec2-modifications.ts';
import type { Ec2Volume, Ec2Volumes } from './ec2-volumes.ts';
import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { modifyParameters, type ModifyParameters } from './modify-parameters.ts';
import { GIB, isVolumeId, quoted, unavailable } from './names.ts';
import { LATE_MS, type Settling } from './settling.ts';
import { sdkTags, specifiedTags } from './tags.ts';
import { expansion, isTargetOf, merged, modification, remaining, stillChanging, tooSoon, type VolumeChange } from './volume-change.ts';

/** So long an expansion waits for a modification of the same volume, and the other way round: EC2 takes few changes of a volume in a day. */
const gatherMs = 500;
const firstLookMs = 1000;
const patienceMs = 4 * 60_000;

export interface ModificationParts {
  readonly context: AwsContext;
  readonly volumes: Ec2Volumes;
  readonly settling: Settling;
}

type Outcome = { readonly error: unknown } | { readonly done: true };

interface Gathering {
  readonly coalescer: Coalescer<VolumeChange, Outcome>;
  asking: number;
}

/** Expands volumes and changes them otherwise, both in one call where they come together. */
export class Modifications {
  readonly #parts: ModificationParts;
  readonly #modifications: Ec2Modifications;
  readonly #gatherings = new Map<string, Gathering>();
  readonly #lock = new KeyedLock();

  constructor(parts: ModificationParts) {
    this.#parts = parts;
    this.#modifications = new Ec2Modifications(parts.context);
  }

  /** @returns bytes */
  async expand(volumeId: string, capacity: CapacityRange, signal: AbortSignal): Promise<bigint> {
    const volume = await this.#volume(volumeId, signal);
    const change = expansion(volume, capacity);
    if (change === undefined) return BigInt(volume.sizeGiB) * GIB;
    await this.#change(volumeId, change, signal);
    return BigInt(change.sizeGiB ?? volume.sizeGiB) * GIB;
  }

  async modify(volumeId: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const wanted = modifyParameters(parameters);
    const volume = await this.#volume(volumeId, signal);
    const { set, gone } = tagChanges(volume, wanted);
    const change = modification(volume, wanted);
    if (change !== undefined) await this.#change(volumeId, change, signal);
    const { api } = this.#parts.context;
    if (set.length > 0) await api.ec2(new CreateTagsCommand({ Resources: [volumeId], Tags: set }), signal);
    if (gone.length > 0) await api.ec2(new DeleteTagsCommand({ Resources: [volumeId], Tags: gone.map((Key) => ({ Key })) }), signal);
  }

  async #volume(id: string, signal: AbortSignal): Promise<Ec2Volume> {
    signal.throwIfAborted();
    const { volumes, settling } = this.#parts;
    const volume = isVolumeId(id) ? await settling.find(id, () => volumes.byId(id, signal), signal) : undefined;
    if (volume === undefined || volume.state === 'deleting') throw new ProviderError('NotFound', `there is no volume ${quoted(id)}`);
    return volume;
  }

  async #change(id: string, change: VolumeChange, signal: AbortSignal): Promise<void> {
    const gathering = this.#gatherings.get(id) ?? {
      asking: 0,
      coalescer: new Coalescer<VolumeChange, Outcome>({ clock: this.#parts.context.clock, most: 100, waitMs: gatherMs, keyOf: JSON.stringify, call: (changes, life) => this.#run(id, changes, life) }),
    };
    this.#gatherings.set(id, gathering);
    gathering.asking++;
    try {
      const outcome = await gathering.coalescer.ask(change, signal);
      if ('error' in outcome) throw outcome.error;
    } finally {
      gathering.asking--;
      if (gathering.asking === 0) this.#gatherings.delete(id);
    }
  }

  #run(id: string, changes: readonly VolumeChange[], signal: AbortSignal): Promise<readonly Outcome[]> {
    return this.#lock.run(id, signal, async () => {
      const all = merged(changes);
      const outcome = all === undefined ? undefined : await this.#outcome(id, all, signal);
      const isForAll = outcome !== undefined && (changes.length === 1 || !('error' in outcome && ProviderError.is(outcome.error, 'Invalid')));
      if (isForAll) return changes.map(() => outcome);
      // What is wrong with one of them is not the others' fault.
      const outcomes: Outcome[] = [];
      for (const change of changes) outcomes.push(await this.#outcome(id, change, signal));
      return outcomes;
    });
  }

  async #outcome(id: string, change: VolumeChange, signal: AbortSignal): Promise<Outcome> {
    try {
      await this.#apply(id, change, signal);
      return { done: true };
    } catch (error) {
      return { error };
    }
  }

  async #apply(id: string, change: VolumeChange, signal: AbortSignal): Promise<void> {
    const left = remaining(await this.#volume(id, signal), change);
    if (left === undefined) return;
    const startedAt = await this.#begin(id, left, signal);
    await this.#modifications.until(id, (seen, waitedMs) => {
      if (seen !== undefined && seen.startedAt >= startedAt) {
        if (seen.state === 'optimizing' || seen.state === 'completed') return true;
        if (seen.state === 'failed') throw unavailable(`EC2 could not change volume ${id}: ${seen.message ?? 'it does not say why'}`);
      }
      if (waitedMs > patienceMs) throw unavailable(`EC2 is changing volume ${id} since ${Math.round(waitedMs / 1000)} s`);
      return undefined;
    }, firstLookMs, signal);
    // So that whoever looks next sees it.
    await this.#parts.volumes.until(id, (volume, waitedMs) => (volume === undefined || remaining(volume, change) === undefined || waitedMs > LATE_MS ? true : undefined), 0, signal);
  }

  /** @returns when the change began that leads there */
  async #begin(id: string, change: VolumeChange, signal: AbortSignal): Promise<number> {
    const { api } = this.#parts.context;
    const { sizeGiB: Size, type: VolumeType, iops: Iops, throughput: Throughput } = change;
    try {
      const { VolumeModification } = await api.ec2(new ModifyVolumeCommand({ VolumeId: id, Size, VolumeType, Iops, Throughput }), signal);
      return VolumeModification?.StartTime?.getTime() ?? 0;
    } catch (error) {
      const code = awsCode(error);
      if (!ProviderError.is(error) || (code !== 'IncorrectModificationState' && code !== 'VolumeModificationRateExceeded')) throw error;
      return this.#goesOn(id, change, error, signal);
    }
  }

  /** The change that EC2 is still at may be this one, whose answer was lost. */
  async #goesOn(id: string, change: VolumeChange, refusal: ProviderError, signal: AbortSignal): Promise<number> {
    const last = await this.#modifications.last(id, signal);
    if (last !== undefined && last.state !== 'failed' && isTargetOf(change, last)) return last.startedAt;
    throw last === undefined || awsCode(refusal) === 'VolumeModificationRateExceeded' ? tooSoon(id, last, refusal) : stillChanging(id, last, refusal);
  }
}

function tagChanges({ tags }: Ec2Volume, { tagSpecifications, tagDeletions }: ModifyParameters): { readonly set: ReturnType<typeof sdkTags>; readonly gone: readonly string[] } {
  const known = { PVCName: 'kubernetes.io/created-for/pvc/name', PVCNamespace: 'kubernetes.io/created-for/pvc/namespace', PVName: 'kubernetes.io/created-for/pv/name' };
  const fields = Object.fromEntries(Object.entries(known).flatMap(([field, key]) => {
    const value = tags.get(key);
    return value === undefined ? [] : [[field, value]];
  }));
  return {
    set: sdkTags(specifiedTags(tagSpecifications, fields)).filter(({ Key, Value }) => tags.get(Key) !== Value),
    gone: tagDeletions.filter((key) => tags.has(key)),
  };
}
