import { ProviderError } from '#core/spi/errors.ts';
import type { GcpContext } from '#providers/gcp/context.ts';
import type { Address, BackendService, Firewall, ForwardingRule, HealthCheck } from './resources.ts';

interface Resource {
  readonly name?: string | null;
  readonly description?: string | null;
}

/** The calls of one kind of resource. Each resolves when what it began is done. */
export interface Kind<T extends Resource> {
  readonly noun: string;
  /** Undefined when there is none. */
  get(name: string, signal: AbortSignal): Promise<T | undefined>;
  insert(resource: T, signal: AbortSignal): Promise<void>;
  /** Nothing there is success. */
  delete(name: string, signal: AbortSignal): Promise<void>;
}

export interface ListedKind<T extends Resource> extends Kind<T> {
  /** Those whose names begin with a text that needs no escape in a regular expression. Late by moments. */
  list(prefix: string, signal: AbortSignal): Promise<readonly T[]>;
}

export interface ChangeableKind<T extends Resource> extends ListedKind<T> {
  change(name: string, resource: T, signal: AbortSignal): Promise<void>;
}

export interface LabelledKind<T extends Resource> extends ListedKind<T> {
  /** In place of all that it had. Making one with labels is not possible. */
  setLabels(name: string, labels: Record<string, string>, fingerprint: string, signal: AbortSignal): Promise<void>;
}

export interface Kinds {
  readonly rules: ChangeableKind<ForwardingRule> & LabelledKind<ForwardingRule>;
  readonly services: ChangeableKind<BackendService>;
  readonly firewalls: ChangeableKind<Firewall>;
  readonly checks: ChangeableKind<HealthCheck>;
  readonly addresses: LabelledKind<Address>;
}

const beginsWith = (prefix: string): string => `name eq "${prefix}.*"`;

/** Undefined, or success, in place of the answer that it is not there. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (ProviderError.is(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function gone(call: Promise<void>): Promise<void> {
  await unlessGone(call);
}

export function kindsOf(context: GcpContext): Kinds {
  const { api } = context;
  const place = async (signal: AbortSignal): Promise<{ project: string; region: string }> => ({ project: await context.project(signal), region: await context.region(signal) });
  return {
    rules: {
      noun: 'forwarding rule',
      get: async (name, signal) => {
        const at = await place(signal);
        return unlessGone(api.read('compute.forwardingRules.get', async (client, options) => (await client.get({ ...at, forwardingRule: name }, options))[0], signal));
      },
      list: async (prefix, signal) => {
        const at = await place(signal);
        return api.read('compute.forwardingRules.list', async (client, options) => (await client.list({ ...at, filter: beginsWith(prefix) }, options))[0], signal);
      },
      insert: async (resource, signal) => {
        const at = await place(signal);
        await api.change('compute.forwardingRules.insert', at, (client, options, requestId) => client.insert({ ...at, forwardingRuleResource: resource, requestId }, options), signal);
      },
      change: async (name, resource, signal) => {
        const at = await place(signal);
        await api.change('compute.forwardingRules.patch', at, (client, options, requestId) => client.patch({ ...at, forwardingRule: name, forwardingRuleResource: resource, requestId }, options), signal);
      },
      delete: async (name, signal) => {
        const at = await place(signal);
        await gone(api.change('compute.forwardingRules.delete', at, (client, options, requestId) => client.delete({ ...at, forwardingRule: name, requestId }, options), signal));
      },
      setLabels: async (name, labels, labelFingerprint, signal) => {
        const at = await place(signal);
        await api.change('compute.forwardingRules.setLabels', at, (client, options, requestId) => client.setLabels({ ...at, resource: name, regionSetLabelsRequestResource: { labels, labelFingerprint }, requestId }, options), signal);
      },
    },
    services: {
      noun: 'backend service',
      get: async (name, signal) => {
        const at = await place(signal);
        return unlessGone(api.read('compute.regionBackendServices.get', async (client, options) => (await client.get({ ...at, backendService: name }, options))[0], signal));
      },
      list: async (prefix, signal) => {
        const at = await place(signal);
        return api.read('compute.regionBackendServices.list', async (client, options) => (await client.list({ ...at, filter: beginsWith(prefix) }, options))[0], signal);
      },
      insert: async (resource, signal) => {
        const at = await place(signal);
        await api.change('compute.regionBackendServices.insert', at, (client, options, requestId) => client.insert({ ...at, backendServiceResource: resource, requestId }, options), signal);
      },
      change: async (name, resource, signal) => {
        const at = await place(signal);
        await api.change('compute.regionBackendServices.patch', at, (client, options, requestId) => client.patch({ ...at, backendService: name, backendServiceResource: resource, requestId }, options), signal);
      },
      delete: async (name, signal) => {
        const at = await place(signal);
        await gone(api.change('compute.regionBackendServices.delete', at, (client, options, requestId) => client.delete({ ...at, backendService: name, requestId }, options), signal));
      },
    },
    firewalls: {
      noun: 'firewall rule',
      get: async (name, signal) => {
        const project = await context.project(signal);
        return unlessGone(api.read('compute.firewalls.get', async (client, options) => (await client.get({ project, firewall: name }, options))[0], signal));
      },
      list: async (prefix, signal) => {
        const project = await context.project(signal);
        return api.read('compute.firewalls.list', async (client, options) => (await client.list({ project, filter: beginsWith(prefix) }, options))[0], signal);
      },
      insert: async (resource, signal) => {
        const project = await context.project(signal);
        await api.change('compute.firewalls.insert', 'global', (client, options, requestId) => client.insert({ project, firewallResource: resource, requestId }, options), signal);
      },
      change: async (name, resource, signal) => {
        const project = await context.project(signal);
        await api.change('compute.firewalls.update', 'global', (client, options, requestId) => client.update({ project, firewall: name, firewallResource: resource, requestId }, options), signal);
      },
      delete: async (name, signal) => {
        const project = await context.project(signal);
        await gone(api.change('compute.firewalls.delete', 'global', (client, options, requestId) => client.delete({ project, firewall: name, requestId }, options), signal));
      },
    },
    checks: {
      noun: 'health check',
      get: async (name, signal) => {
        const at = await place(signal);
        return unlessGone(api.read('compute.regionHealthChecks.get', async (client, options) => (await client.get({ ...at, healthCheck: name }, options))[0], signal));
      },
      list: async (prefix, signal) => {
        const at = await place(signal);
        return api.read('compute.regionHealthChecks.list', async (client, options) => (await client.list({ ...at, filter: beginsWith(prefix) }, options))[0], signal);
      },
      insert: async (resource, signal) => {
        const at = await place(signal);
        await api.change('compute.regionHealthChecks.insert', at, (client, options, requestId) => client.insert({ ...at, healthCheckResource: resource, requestId }, options), signal);
      },
      change: async (name, resource, signal) => {
        const at = await place(signal);
        await api.change('compute.regionHealthChecks.update', at, (client, options, requestId) => client.update({ ...at, healthCheck: name, healthCheckResource: resource, requestId }, options), signal);
      },
      delete: async (name, signal) => {
        const at = await place(signal);
        await gone(api.change('compute.regionHealthChecks.delete', at, (client, options, requestId) => client.delete({ ...at, healthCheck: name, requestId }, options), signal));
      },
    },
    addresses: {
      noun: 'address',
      get: async (name, signal) => {
        const at = await place(signal);
        return unlessGone(api.read('compute.addresses.get', async (client, options) => (await client.get({ ...at, address: name }, options))[0], signal));
      },
      list: async (prefix, signal) => {
        const at = await place(signal);
        return api.read('compute.addresses.list', async (client, options) => (await client.list({ ...at, filter: beginsWith(prefix) }, options))[0], signal);
      },
      insert: async (resource, signal) => {
        const at = await place(signal);
        await api.change('compute.addresses.insert', at, (client, options, requestId) => client.insert({ ...at, addressResource: resource, requestId }, options), signal);
      },
      delete: async (name, signal) => {
        const at = await place(signal);
        await gone(api.change('compute.addresses.delete', at, (client, options, requestId) => client.delete({ ...at, address: name, requestId }, options), signal));
      },
      setLabels: async (name, labels, labelFingerprint, signal) => {
        const at = await place(signal);
        await api.change('compute.addresses.setLabels', at, (client, options, requestId) => client.setLabels({ ...at, resource: name, regionSetLabelsRequestResource: { labels, labelFingerprint }, requestId }, options), signal);
      },
    },
  };
}
