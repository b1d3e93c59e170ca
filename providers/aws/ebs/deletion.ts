import { DeleteVolumeCommand } from '@aws-sdk/client-ec2';
import { ProviderError } from '#core/spi/errors.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import type { Ec2Volume, Ec2Volumes } from './ec2-volumes.ts';
import { invalid, isVolumeId, unavailable } from './names.ts';
import type { RecentNames } from './recent-names.ts';
import type { Settling } from './settling.ts';
import { isOwn } from './tags.ts';

const patienceMs = 60_000;

export interface DeletionParts {
  readonly context: AwsContext;
  readonly volumes: Ec2Volumes;
  readonly settling: Settling;
  /** Ids of what was made here: whether they are this cluster's need not be asked. */
  readonly own: RecentNames;
}

/** Deletes volumes of this cluster, and no others. What EC2 has begun to delete is gone: nothing stops that any more. */
export class VolumeDeletion {
  readonly #parts: DeletionParts;

  constructor(parts: DeletionParts) {
    this.#parts = parts;
  }

  async run(id: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!isVolumeId(id)) return;
    if (this.#parts.own.get(id) > 0 && (await this.#delete(id, signal)) === 'gone') return;
    const { volumes, settling } = this.#parts;
    const volume = await settling.find(id, () => volumes.byId(id, signal), signal);
    if (volume === undefined || isGoing(volume)) return;
    await this.#check(volume, signal);
    if (volume.state === 'creating' && !(await this.#isMade(id, signal))) return;
    if ((await this.#delete(id, signal)) === 'refused') throw unavailable(`volume ${id} is ${volume.state}, and cannot be deleted now`);
  }

  async #check({ id, tags, attachments: [user] }: Ec2Volume, signal: AbortSignal): Promise<void> {
    const clusterId = await this.#parts.context.clusterId(signal);
    if (!isOwn(tags, clusterId)) throw invalid(`volume ${id} is not deleted: without the tag kubernetes.io/cluster/${clusterId}=owned it is not one that this cluster made`);
    if (user !== undefined) throw unavailable(`volume ${id} is in use: it is ${user.state} at instance ${user.instanceId}`);
  }

  async #isMade(id: string, signal: AbortSignal): Promise<boolean> {
    return this.#parts.volumes.until(id, (volume, waitedMs) => {
      if (volume === undefined || isGoing(volume)) return false;
      if (volume.state !== 'creating') return true;
      if (waitedMs > patienceMs) throw unavailable(`volume ${id} is still being made, and cannot be deleted yet`);
      return undefined;
    }, 500, signal);
  }

  /** `refused`: its state does not allow it. `unseen`: it may be too young to be known everywhere. */
  async #delete(id: string, signal: AbortSignal): Promise<'gone' | 'refused' | 'unseen'> {
    const wasSettled = this.#parts.settling.isSettled(id);
    try {
      await this.#parts.context.api.ec2(new DeleteVolumeCommand({ VolumeId: id }), signal);
    } catch (error) {
      const code = awsCode(error);
      if (code === 'IncorrectState') return 'refused';
      if (code === 'VolumeInUse') throw unavailable(`volume ${id} is in use: ${(error as Error).message}`, error);
      if (!ProviderError.is(error, 'NotFound')) throw error;
      if (!wasSettled) return 'unseen';
    }
    this.#parts.volumes.deleted(id);
    return 'gone';
  }
}

const isGoing = ({ state }: Ec2Volume): boolean => state === 'deleting' || state === 'deleted';
