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
  keepBooks(object, await books(object, undefined));
  const request: AdmissionRequest = {
    operation: 'CREATE', resource, subresource: target.subresource, namespace: target.namespace, name: object.metadata.name,
    object, old: undefined, user: caller.user, dryRun: parameters.dryRun, warn: caller.warn, annotate: caller.annotate,
  };
  await api.admission.mutate(request);
  resource.checkCreation?.();
  resource.prepareForCreate?.(object);
  validateNew(resource, object);
  for (const text of resource.warnings?.(object, undefined) ?? []) caller.warn(text);
  const stored = await encoded(resource, object);
  return showing(resource, await api.admission.guard(request, () => store(api, target, request, stored, drawsName)));
}

async function store(api: Api, target: Target, request: AdmissionRequest, object: KubernetesObject, drawsName: boolean): Promise<KubernetesObject> {
  const names = storageNames(target.resource);
  for (let attempt = 1; ; attempt++) {
    const taken = api.objects.get(names, target.namespace, object.metadata.name) !== undefined;
    try {
      if (taken) throw StatusError.alreadyExists(target.resource.kind, object.metadata.name);
      return request.dryRun ? object : await confirmed(api, request, await api.objects.create(names, object));
    } catch (error) {
      if (!drawsName || attempt === nameAttempts || !StatusError.is(error, 'AlreadyExists')) throw error;
      object.metadata.name = generatedName(object.metadata.generateName ?? '');
    }
  }
}

/**
 * What the object is part of may have come to its end while it was on its way, and whoever empties that may have passed by. Of what was
 * stored before it, everything is known here now; what ends afterwards takes it along.
 */
async function confirmed(api: Api, request: AdmissionRequest, stored: KubernetesObject): Promise<KubernetesObject> {
  try {
    request.resource.checkCreation?.();
    api.admission.confirm(request);
    return stored;
  } catch (error) {
    await takeBack(api, request, stored);
    throw error;
  }
}

async function takeBack(api: Api, { resource, namespace }: AdmissionRequest, { metadata: { name, uid } }: KubernetesObject): Promise<void> {
  const names = storageNames(resource);
  for (;;) {
    const current = api.objects.get(names, namespace, name);
    // Somebody may have changed it meanwhile, or been faster.
    if (current?.metadata.uid !== uid || (await api.objects.remove(names, current)) !== undefined) return;
    await api.objects.catchUp();
  }
}
