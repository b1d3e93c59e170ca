import type { protos } from '@google-cloud/compute';
import type { GcpContext } from '#providers/gcp/context.ts';
import { unlessGone, type Kind } from './kinds.ts';

export type InstanceGroup = protos.google.cloud.compute.v1.IInstanceGroup;

/** The platform takes no more instances in one call. */
const mostAtOnce = 1_000;

/** The calls of instance groups of one name, one in each zone. */
export class GroupCalls {
  readonly #context: GcpContext;
  readonly #group: string;

  constructor(context: GcpContext, group: string) {
    this.#context = context;
    this.#group = group;
  }

  /** That of one zone. */
  in(zone: string): Kind<InstanceGroup> {
    const { api } = this.#context;
    const place = async (signal: AbortSignal): Promise<{ project: string; zone: string }> => ({ project: await this.#context.project(signal), zone });
    return {
      noun: `instance group of zone ${zone}`,
      get: async (name, signal) => {
        const at = await place(signal);
        return unlessGone(api.read('compute.instanceGroups.get', async (client, options) => (await client.get({ ...at, instanceGroup: name }, options))[0], signal));
      },
      insert: async (resource, signal) => {
        const at = await place(signal);
        await api.change('compute.instanceGroups.insert', { zone }, (client, options, requestId) => client.insert({ ...at, instanceGroupResource: resource, requestId }, options), signal);
      },
      delete: async (name, signal) => {
        const at = await place(signal);
        await unlessGone(api.change('compute.instanceGroups.delete', { zone }, (client, options, requestId) => client.delete({ ...at, instanceGroup: name, requestId }, options), signal));
      },
    };
  }

  /** Names of its instances; undefined when there is no such group. */
  async members(zone: string, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    const at = { project: await this.#context.project(signal), zone, instanceGroup: this.#group, maxResults: 500, instanceGroupsListInstancesRequestResource: { instanceState: 'ALL' } };
    const rows = await unlessGone(this.#context.api.read('compute.instanceGroups.listInstances', async (client, options) => (await client.listInstances(at, options))[0], signal));
    return rows === undefined ? undefined : new Set(rows.map(({ instance }) => lastOf(instance ?? '')));
  }

  async add(zone: string, names: readonly string[], signal: AbortSignal): Promise<void> {
    const at = { project: await this.#context.project(signal), zone, instanceGroup: this.#group };
    for (const instances of this.#batches(at.project, zone, names)) {
      await this.#context.api.change('compute.instanceGroups.addInstances', { zone }, (client, options, requestId) => client.addInstances({ ...at, instanceGroupsAddInstancesRequestResource: { instances }, requestId }, options), signal);
    }
  }

  async remove(zone: string, names: readonly string[], signal: AbortSignal): Promise<void> {
    const at = { project: await this.#context.project(signal), zone, instanceGroup: this.#group };
    for (const instances of this.#batches(at.project, zone, names)) {
      await this.#context.api.change('compute.instanceGroups.removeInstances', { zone }, (client, options, requestId) => client.removeInstances({ ...at, instanceGroupsRemoveInstancesRequestResource: { instances }, requestId }, options), signal);
    }
  }

  /** Names of all instances of a zone. */
  async instances(zone: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const at = { project: await this.#context.project(signal), zone };
    const found = await this.#context.api.read('compute.instances.list', async (client, options) => (await client.list(at, options))[0], signal);
    return new Set(found.map(({ name }) => name ?? ''));
  }

  #batches(project: string, zone: string, names: readonly string[]): readonly { instance: string }[][] {
    const all = names.map((name) => ({ instance: `projects/${project}/zones/${zone}/instances/${name}` }));
    return Array.from({ length: Math.ceil(all.length / mostAtOnce) }, (_, i) => all.slice(i * mostAtOnce, (i + 1) * mostAtOnce));
  }
}

const lastOf = (link: string): string => link.slice(link.lastIndexOf('/') + 1);
