import type { FieldErrors } from '#core/api/field-errors.ts';
import type { CustomResourceSubresourceScale } from '#core/api/schema/apiextensions-v1.ts';
import { Scale } from '#core/api/schema/autoscaling-v1.ts';
import { apiVersionOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject, own, setOwn, type JsonObject } from '#core/api/value.ts';
import type { Subresource } from '#core/registry/resource.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { scaleColumns } from '#core/registry/rules/scale.ts';
import { asJson } from './version-schema.ts';

const maxReplicas = 2 ** 31 - 1;
const stepsOf = (path: string): readonly string[] => path.split('.').slice(1);

/** The value at a simple path such as `.spec.replicas`. */
export function valueAt(object: KubernetesObject, path: string): unknown {
  let value: unknown = asJson(object);
  for (const step of stepsOf(path)) value = isObject(value) ? own(value, step) : undefined;
  return value;
}

/** The size of a custom resource as a subresource of its own. */
export const customScale = (paths: CustomResourceSubresourceScale): Subresource => ({
  name: 'scale',
  verbs: ['get', 'patch', 'update'],
  kind: Scale,
  view: {
    read: (object) => read(object, paths),
    write: (object, view) => write(asJson(object), stepsOf(paths.specReplicasPath), (view as Scale).spec.replicas ?? 0),
    validate: (view, errors) => FieldPath.root(errors).at('spec', 'replicas').notNegative((view as Scale).spec.replicas),
    columns: scaleColumns,
  },
});

/** @throws {StatusError} InternalError when it says nothing of its size */
function read(object: KubernetesObject, { specReplicasPath, statusReplicasPath, labelSelectorPath = '' }: CustomResourceSubresourceScale): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = valueAt(object, specReplicasPath);
  if (typeof replicas !== 'number') throw new StatusError('InternalError', `the spec replicas field "${specReplicasPath}" does not exist`);
  const selector = labelSelectorPath === '' ? undefined : valueAt(object, labelSelectorPath);
  const running = valueAt(object, statusReplicasPath);
  return {
    apiVersion: apiVersionOf(Scale), kind: Scale.kind,
    metadata: { name, uid, resourceVersion, creationTimestamp, ...(namespace === undefined ? {} : { namespace }) },
    spec: { replicas },
    status: { replicas: typeof running === 'number' ? running : 0, ...(typeof selector === 'string' && selector !== '' ? { selector } : {}) },
  };
}

function write(object: JsonObject, steps: readonly string[], replicas: number): void {
  let parent = object;
  for (const step of steps.slice(0, -1)) {
    const next = own(parent, step);
    if (isObject(next)) parent = next;
    else {
      const made: JsonObject = {};
      setOwn(parent, step, made);
      parent = made;
    }
  }
  setOwn(parent, steps.at(-1) ?? '', replicas);
}

/** What the paths lead to must be numbers of replicas, if it is there. */
export function validateScaleSpec(object: KubernetesObject, { specReplicasPath }: CustomResourceSubresourceScale, errors: FieldErrors): void {
  validateReplicas(object, specReplicasPath, errors);
}

export function validateScaleStatus(object: KubernetesObject, { statusReplicasPath, labelSelectorPath = '' }: CustomResourceSubresourceScale, errors: FieldErrors): void {
  validateReplicas(object, statusReplicasPath, errors);
  const selector = labelSelectorPath === '' ? undefined : valueAt(object, labelSelectorPath);
  if (selector !== undefined && typeof selector !== 'string') errors.invalid(labelSelectorPath, '', accessProblem(labelSelectorPath, selector, 'string'));
}

function validateReplicas(object: KubernetesObject, path: string, errors: FieldErrors): void {
  const replicas = valueAt(object, path);
  if (replicas === undefined) return;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) errors.invalid(path, 0, accessProblem(path, replicas, 'int64'));
  else if (replicas < 0) errors.invalid(path, replicas, 'should be a non-negative integer');
  else if (replicas > maxReplicas) errors.invalid(path, replicas, `should be less than or equal to ${maxReplicas}`);
}

/** As Go's accessors for unstructured objects say it. */
function accessProblem(path: string, value: unknown, expected: string): string {
  const type = Array.isArray(value) ? '[]interface {}' : typeof value === 'object' ? (value === null ? '<nil>' : 'map[string]interface {}')
    : typeof value === 'number' ? (Number.isInteger(value) ? 'int64' : 'float64') : typeof value === 'boolean' ? 'bool' : 'string';
  return `${path} accessor error: ${JSON.stringify(value)} is of the type ${type}, expected ${expected}`;
}
