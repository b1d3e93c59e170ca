import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { generatedName } from '#core/api/names.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import { encoded, showing, storageNames, type Api, type Body, type Caller, type Target, type WriteParameters } from '#core/apiserver/api.ts';
import { fresh } from './fresh.ts';
import { keepBooks, writing, type Bookkeeping } from './managed-fields.ts';
import { decodeBody, fillMetadata, resetStatus, validateNew } from './pipeline.ts';

/** A generated name that is taken is drawn again this often (KEP-4420). */
const nameAttempts = 8;

/** @throws {StatusError} AlreadyExists, Invalid, BadRequest, Forbidden */
export function create(api: Api, target: Target, body: Body, parameters: WriteParameters, caller: Caller): Promise<KubernetesObject> {
  return fresh(api, () => createOnce(api, target, body, parameters, caller));
}

/** Does not try again, whoever else writes to the store. `books` is asked for the object's managedFields before admission changes it. */
export async function createOnce(
  api: Api, target: Target, body: Body, parameters: WriteParameters, caller: Caller, books: Bookkeeping = writing(api, target, parameters),
): Promise<KubernetesObject> {
  const { resource } = target;
  const object = decodeBody(target, body, parameters, caller);
  const drawsName = !object.metadata.name && Boolean(object.metadata.generateName);
  fillMetadata(object, resource, api.clock.now());
  resetStatus(resource, object);
  resource.defaults?.(object);
  keepBooks(object, books(object, undefined));
  const request: AdmissionRequest = {
    operation: 'CREATE', resource, subresource: target.subresource, namespace: target.namespace, name: object.metadata.name,
    object, old: undefined, user: caller.user, dryRun: parameters.dryRun, warn: caller.warn, annotate: caller.annotate,
  };
  await api.admission.mutate(request);
  resource.prepareForCreate?.(object);
  validateNew(resource, object);
  for (const text of resource.warnings?.(object, undefined) ?? []) caller.warn(text);
  const stored = await encoded(resource, object);
  return showing(resource, await api.admission.guard(request, () => store(api, target, stored, parameters, drawsName)));
}

async function store(api: Api, target: Target, object: KubernetesObject, parameters: WriteParameters, drawsName: boolean): Promise<KubernetesObject> {
  const names = storageNames(target.resource);
  for (let attempt = 1; ; attempt++) {
    const taken = api.objects.get(names, target.namespace, object.metadata.name) !== undefined;
    try {
      if (taken) throw StatusError.alreadyExists(target.resource.kind, object.metadata.name);
      return parameters.dryRun ? object : await api.objects.create(names, object);
    } catch (error) {
      if (!drawsName || attempt === nameAttempts || !StatusError.is(error, 'AlreadyExists')) throw error;
      object.metadata.name = generatedName(object.metadata.generateName ?? '');
    }
  }
}
