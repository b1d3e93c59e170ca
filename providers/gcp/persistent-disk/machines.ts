import type { protos } from '@google-cloud/compute';
import type { GcpContext } from '#providers/gcp/context.ts';
import { only } from '#providers/gcp/instances-lookup.ts';
import { instanceId, pathOf, type InstancePlace } from './handles.ts';
import { isMissing } from './refusal.ts';

/** A disk that an instance has. */
export interface AttachedDisk {
  /** Path of the disk. */
  readonly source: string;
  readonly deviceName: string;
  readonly isReadOnly: boolean;
}

/** An operation that goes on for longer than this does nothing any more. */
const longestMs = 10 * 60_000;
/** All that is needed of an instance, which has much more. */
const instanceFields = 'selfLink,disks(source,deviceName,mode)';
const listFields = `items/*/instances(${instanceFields}),nextPageToken`;
/** Names in one filter. */
const mostNames = 50;

type Instance = protos.google.cloud.compute.v1.IInstance;

/** What instances have, as seen past volumes. */
export class Machines {
  readonly #context: GcpContext;

  constructor(context: GcpContext) {
    this.#context = context;
  }

  /** At this moment; undefined when there is no such instance. */
  async disksOf(instance: InstancePlace, signal: AbortSignal): Promise<readonly AttachedDisk[] | undefined> {
    const { project, zone, name } = instance;
    try {
      const [found] = await this.#context.api.read('compute.instances.get', (client, options) => client.get({ project, zone, instance: name }, { ...options, ...only(instanceFields) }), signal);
      return attachedTo(found);
    } catch (error) {
      if (isMissing(error, `instances/${name}`)) return undefined;
      throw error;
    }
  }

  /** By their ids, of all these instances that a list shows; a moment late, and without those in zones that do not answer. */
  async list(project: string, instances: readonly InstancePlace[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly AttachedDisk[]>> {
    const names = [...new Set(instances.map(({ name }) => name))];
    const filter = names.length > mostNames ? {} : { filter: names.map((name) => `(name = "${name}")`).join(' OR ') };
    const wanted = new Set(instances.map(instanceId));
    return this.#context.api.read('compute.instances.aggregatedList', async (client, options) => {
      const found = new Map<string, readonly AttachedDisk[]>();
      for await (const [, { instances: listed }] of client.aggregatedListAsync({ project, ...filter, maxResults: 500, returnPartialSuccess: true }, { ...options, ...only(listFields), autoPaginate: false })) {
        for (const instance of listed ?? []) {
          const id = pathOf(instance.selfLink ?? '');
          if (wanted.has(id)) found.set(id, attachedTo(instance));
        }
      }
      return found;
    }, signal);
  }

  /** Somebody's call to attach a disk to the instance was taken, and is not done. */
  async isAttaching(instance: InstancePlace, signal: AbortSignal): Promise<boolean> {
    const { project, zone } = instance;
    const filter = '(operationType = "attachDisk") AND (status != "DONE")';
    const [operations] = await this.#context.api.read('compute.zoneOperations.list', (client, options) => client.list({ project, zone, filter }, options), signal);
    const now = this.#context.clock.now();
    return operations.some(({ targetLink, insertTime }) => pathOf(targetLink ?? '') === instanceId(instance) && now - (Date.parse(insertTime ?? '') || now) < longestMs);
  }

  attach({ project, zone, name: instance }: InstancePlace, disk: AttachedDisk, forceAttach: boolean, signal: AbortSignal): Promise<void> {
    const attachedDiskResource = { source: disk.source, deviceName: disk.deviceName, mode: disk.isReadOnly ? 'READ_ONLY' : 'READ_WRITE', type: 'PERSISTENT' };
    const force = forceAttach ? { forceAttach } : {};
    return this.#context.api.change('compute.instances.attachDisk', { zone }, (client, options, requestId) => client.attachDisk({ project, zone, instance, attachedDiskResource, ...force, requestId }, options), signal);
  }

  detach({ project, zone, name: instance }: InstancePlace, deviceName: string, signal: AbortSignal): Promise<void> {
    return this.#context.api.change('compute.instances.detachDisk', { zone }, (client, options, requestId) => client.detachDisk({ project, zone, instance, deviceName, requestId }, options), signal);
  }
}

function attachedTo({ disks }: Instance): readonly AttachedDisk[] {
  return (disks ?? []).flatMap(({ source, deviceName, mode }) => (source === null || source === undefined || source === '' ? [] : [{ source: pathOf(source), deviceName: deviceName ?? '', isReadOnly: mode === 'READ_ONLY' }]));
}
