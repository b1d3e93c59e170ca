import type { KindNames, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject, own } from '#core/api/value.ts';
import { ActionIndex } from '#core/apiserver/actions/action.ts';
import { showing, storageNames, type Api, type Caller, type Target, type WriteParameters } from '#core/apiserver/api.ts';
import type { Patch, WriteOptions } from '#core/client/client.ts';
import type { Verbs } from '#core/client/in-process.ts';
import { act } from './act.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { list, observed } from './list.ts';
import { patch } from './patch.ts';
import { update } from './update.ts';
import { viewOf } from './view.ts';
import { watch } from './watch.ts';

/** @throws {StatusError} NotFound */
export async function get(api: Api, target: Target): Promise<KubernetesObject> {
  if (api.objects.shared) await api.objects.catchUp();
  const stored = target.resource.isObserved ? observed(api, target).find(({ metadata }) => metadata.name === target.name) : api.objects.get(storageNames(target.resource), target.namespace, target.name);
  if (stored === undefined) throw StatusError.notFound(target.resource.kind, target.name);
  const object = await showing(target.resource, stored);
  return viewOf(target)?.read(object) ?? object;
}

/** The verbs as the controllers of this process call them, in the name of the control plane. */
export function localVerbs(api: Api, actions = new ActionIndex([])): Verbs {
  const caller: Caller = {
    user: { name: 'system:keelson', groups: ['system:masters', 'system:authenticated'] },
    warn: (text) => api.logger.debug('warning to a controller', { text }),
  };
  const target = (kind: KindNames, key: { namespace?: string | undefined; name?: string }, options: WriteOptions = {}): Target => ({
    resource: api.resources.of(kind), subresource: options.subresource ?? '', namespace: kind.namespaced ? key.namespace : undefined, name: key.name ?? '',
  });
  const parameters = (options: WriteOptions): WriteParameters =>
    ({ dryRun: options.dryRun ?? false, fieldValidation: 'Strict', fieldManager: options.fieldManager ?? 'keelson', force: false });
  const body = (value: unknown) => ({ value, duplicates: [] });
  const document = (change: Patch): unknown => (change.type === 'json' ? change.operations : change.document);
  return {
    get: (kind, key) => get(api, target(kind, key)),
    list: async (kind, options) => {
      const { metadata, items } = await list(api, target(kind, options), options);
      return { metadata, items: [...items] };
    },
    watch: (kind, options, deliver, failed) => watch(api, target(kind, options), options, deliver, failed),
    create: async (kind, object, key, options) => {
      const to = target(kind, { ...key, ...(options.subresource === undefined ? {} : { name: nameIn(object) }) }, options);
      if (!to.resource.isQuestion && actions.find(to.resource, to.subresource) === undefined) return create(api, to, body(object), parameters(options), caller);
      // A Binding is answered with a Status, as over HTTPS: that nothing was thrown is all there is to know of it.
      return (await act({ api, actions }, to, body(object), parameters(options), caller)) as KubernetesObject;
    },
    update: (kind, object, key, options) => update(api, target(kind, key, options), body(object), parameters(options), caller),
    patch: (kind, key, change, options) => patch(api, target(kind, key, options), change.type, body(document(change)), parameters(options), caller),
    delete: async (kind, key, options) => {
      const { gracePeriodSeconds, preconditions, propagationPolicy, dryRun = false } = options;
      await remove(api, target(kind, key), { gracePeriodSeconds, preconditions, propagationPolicy, dryRun }, caller);
    },
  };
}

/** What is created under a subresource, such as a token, is posted to the object whose name it has. */
function nameIn(object: unknown): string {
  const metadata = isObject(object) ? own(object, 'metadata') : undefined;
  const name = isObject(metadata) ? own(metadata, 'name') : undefined;
  return typeof name === 'string' ? name : '';
}
