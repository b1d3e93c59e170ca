import { applyConfiguration, type Applied } from '#core/api/managed-fields/field-manager.ts';
import { fieldSet, isEmpty, recursiveDifference } from '#core/api/managed-fields/field-set.ts';
import { fieldElement } from '#core/api/managed-fields/path-element.ts';
import { toFieldSet } from '#core/api/managed-fields/to-field-set.ts';
import { apiVersionOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject, own, type JsonObject } from '#core/api/value.ts';
import { storageNames, type Api, type Body, type Caller, type Target, type WriteParameters } from '#core/apiserver/api.ts';
import { createOnce } from './create.ts';
import { fresh } from './fresh.ts';
import { withSchema, writerOf } from './managed-fields.ts';
import { modifyKeepingBooks } from './modify.ts';
import { decodeBody, decodeView } from './pipeline.ts';
import { viewOf, type View } from './view.ts';

/** The media type of server-side apply's patches. */
export const applyType = 'application/apply-patch+yaml';

/** An object that comes and goes while it is being applied is tried again this often. */
const attempts = 5;

export interface Outcome {
  readonly object: KubernetesObject;
  readonly created: boolean;
}

/**
 * PATCH with a configuration (server-side apply, KEP-555): creates what is not there.
 * @throws {StatusError} Conflict when others own fields with other values, and what a creation or an update may throw
 */
export async function apply(api: Api, target: Target, body: Body, parameters: WriteParameters, caller: Caller): Promise<Outcome> {
  checkDuplicates(body, parameters, caller);
  if (!isObject(body.value)) throw StatusError.badRequest('error decoding YAML: a configuration is an object');
  const view = viewOf(target);
  const configuration = view ? throughView(target, view, body.value, parameters, caller) : body.value;
  // Fields that the kind lacks are refused by the merge.
  const merging: Merging = { api, target, configuration, parameters: { ...parameters, fieldValidation: 'Ignore' }, caller };
  const outcome = await repeatedly(merging);
  return view ? { ...outcome, object: view.read(outcome.object) } : outcome;
}

/** One configuration on its way into one object. */
interface Merging {
  readonly api: Api;
  readonly target: Target;
  readonly configuration: JsonObject;
  readonly parameters: WriteParameters;
  readonly caller: Caller;
}

async function repeatedly(merging: Merging): Promise<Outcome> {
  const { api, target } = merging;
  for (let attempt = 1; ; attempt++) {
    const exists = api.objects.get(storageNames(target.resource), target.namespace, target.name) !== undefined;
    try {
      if (exists) return { created: false, object: await change(merging) };
      if (target.subresource !== '') throw StatusError.notFound(target.resource.kind, target.name);
      return { created: true, object: await creation(merging) };
    } catch (error) {
      if (attempt === attempts || !StatusError.is(error, exists ? 'NotFound' : 'AlreadyExists')) throw error;
    }
  }
}

function applied({ api, target, configuration, parameters }: Merging, live: KubernetesObject | undefined): Applied | Promise<Applied> {
  const writer = { ...writerOf(api, target, parameters), force: parameters.force };
  return withSchema(api, target, (schema) => applyConfiguration(schema, target.resource.kind.kind, live, configuration, writer), { isLenient: false });
}

function change(merging: Merging): Promise<KubernetesObject> {
  const { api, target, parameters, caller } = merging;
  return modifyKeepingBooks(api, target, parameters, caller, async (old) => {
    const { object, managedFields } = await applied(merging, old);
    return { object: decodeBody(target, { value: object, duplicates: [] }, parameters, caller), books: () => managedFields };
  });
}

async function creation(merging: Merging): Promise<KubernetesObject> {
  const { api, target, configuration, parameters, caller } = merging;
  caller.mayCreate?.();
  const { object, managedFields } = await applied(merging, undefined);
  const uid = isObject(configuration['metadata']) ? own(configuration['metadata'], 'uid') : undefined;
  if (typeof uid === 'string' && uid !== '') {
    throw StatusError.conflict(target.resource.kind, target.name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  }
  return fresh(api, () => createOnce(api, target, { value: object, duplicates: [] }, parameters, caller, () => managedFields));
}

const unwritten = fieldSet([fieldElement('apiVersion')], [fieldElement('kind')], [fieldElement('status')]);

/** A configuration of a view, such as Scale, as one of the object behind it. */
function throughView(target: Target, view: View, configuration: JsonObject, parameters: WriteParameters, caller: Caller): JsonObject {
  const { kind } = target.resource;
  const viewed = decodeView(target, view.kind, { value: configuration, duplicates: [] }, parameters, caller);
  const { name, namespace, uid, resourceVersion } = viewed.metadata;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
  const behind = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
  const { metadata: _metadata, ...fields } = configuration;
  if (isEmpty(recursiveDifference(toFieldSet(view.kind.struct, fields), unwritten))) return behind;
  const written = { ...behind, spec: {}, status: {} };
  view.write(written as unknown as KubernetesObject, viewed);
  return Object.fromEntries(Object.entries(written).filter(([, value]) => !isObject(value) || Object.keys(value).length > 0));
}

/** The YAML reader speaks of them in this way. */
function checkDuplicates({ duplicates }: Body, { fieldValidation }: WriteParameters, caller: Caller): void {
  if (duplicates.length === 0 || fieldValidation === 'Ignore') return;
  if (fieldValidation === 'Strict') {
    throw StatusError.badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n${duplicates.map((line) => `  ${line}`).join('\n')}`);
  }
  for (const line of duplicates) caller.warn(line);
}
