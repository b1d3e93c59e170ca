import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import { decode } from '#core/api/schema/decode.ts';
import { checkEnums } from '#core/api/schema/enums.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { deepCopy, deepFreeze, isObject } from '#core/api/value.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from './metadata.ts';
import type { AnyResource } from './resource.ts';
import { builtInResources } from './resources.ts';

/** Noon of some day: the time at which tests look at things. */
export const noon = Date.parse('2026-01-02T12:00:00Z');

/** A path such as `spec.containers[0].image`, what stands there, and the findings expected (`spec.x: Invalid`); none when it is fine. */
export type Case = readonly [path: string, value: unknown, ...expected: string[]];

const decoded = (resource: AnyResource, draft: object): KubernetesObject => decode(resource.kind.struct, draft, { kind: resource.kind }).value;

/** The object as it stands just before it is validated for the first time. */
export function created(resource: AnyResource, draft: object): KubernetesObject {
  const object = decoded(resource, draft);
  object.metadata.uid = '11111111-2222-3333-4444-555555555555';
  object.metadata.creationTimestamp = '2026-01-02T11:00:00Z';
  object.kind = resource.kind.kind;
  resource.defaults?.(object);
  resource.prepareForCreate?.(object);
  return object;
}

function findings(check: (errors: FieldErrors) => void): string[] {
  const errors = new FieldErrors();
  check(errors);
  return errors.causes.map(({ field = '', reason = '' }) => `${field}: ${reason.replace('FieldValue', '')}`);
}

const checkNew = (resource: AnyResource, draft: object) => (errors: FieldErrors): void => {
  const object = created(resource, draft);
  validateObjectMeta(resource, object, errors);
  checkEnums(resource.kind.struct, object, errors);
  resource.validate?.(object, errors);
  resource.validateCreate?.(object, errors);
};

export const creationFindings = (resource: AnyResource, draft: object): string[] => findings(checkNew(resource, draft));

/** What the author of a new object is told. */
export function creationText(resource: AnyResource, draft: object): string {
  const errors = new FieldErrors();
  checkNew(resource, draft)(errors);
  return errors.toString();
}

export const updateFindings = (resource: AnyResource, old: KubernetesObject, draft: object): string[] => findings((errors) => {
  const object = decoded(resource, draft);
  resource.defaults?.(object);
  resource.prepareForUpdate?.(object, deepFreeze(old));
  validateObjectMeta(resource, object, errors);
  validateObjectMetaUpdate(object, old, errors);
  checkEnums(resource.kind.struct, object, errors);
  resource.validate?.(object, errors);
  resource.validateUpdate?.(object, old, errors);
});

export const statusFindings = (resource: AnyResource, old: KubernetesObject, draft: object): string[] => findings((errors) => {
  const object = decoded(resource, draft);
  resource.prepareForStatus?.(object, deepFreeze(old));
  checkEnums(resource.kind.struct, object, errors);
  resource.validateStatus?.(object, deepFreeze(old), errors);
});

/** A copy of the draft with one value changed; `undefined` takes it out. */
export function changed(draft: object, path: string, value: unknown): object {
  const copy: unknown = deepCopy(draft);
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '').map((step) => step.replaceAll('~', '.'));
  const last = steps.pop() ?? '';
  let parent: unknown = copy;
  for (const [i, step] of steps.entries()) {
    if (!isObject(parent) && !Array.isArray(parent)) throw new TypeError(`${path} leads nowhere at ${step}`);
    const next: unknown = Reflect.get(parent, step) ?? (/^\d+$/.test(steps[i + 1] ?? last) ? [] : {});
    Reflect.set(parent, step, next);
    parent = next;
  }
  if (value === undefined) Reflect.deleteProperty(parent as object, last);
  else Reflect.set(parent as object, last, value);
  return copy as object;
}

const title = ([path, value, ...expected]: Case): string =>
  `${expected.length === 0 ? 'accepts' : 'refuses'} ${path} = ${(JSON.stringify(value) ?? 'absent').slice(0, 70)}`;

/** Tests each case on its own, against a draft that is fine without it. Dots inside a key are written `~`. */
export function judgesCreation(resource: AnyResource, draft: object, cases: readonly Case[]): void {
  it('accepts the plain object', () => expect(creationFindings(resource, draft)).to.deep.equal([]));
  for (const each of cases) {
    const [path, value, ...expected] = each;
    it(title(each), () => expect(creationFindings(resource, changed(draft, path, value))).to.deep.equal(expected));
  }
}

export function judgesUpdate(resource: AnyResource, draft: object, cases: readonly Case[], status: object = {}): void {
  const old = { ...created(resource, draft), ...(resource.hasStatus ? { status: { ...(created(resource, draft) as { status?: object }).status, ...status } } : {}) };
  it('accepts an update that changes nothing', () => expect(updateFindings(resource, old, old)).to.deep.equal([]));
  for (const each of cases) {
    const [path, value, ...expected] = each;
    it(`on update, ${title(each)}`, () => expect(updateFindings(resource, old, changed(old, path, value))).to.deep.equal(expected));
  }
}

export function judgesStatus(resource: AnyResource, draft: object, cases: readonly Case[]): void {
  const old = created(resource, draft);
  for (const each of cases) {
    const [path, value, ...expected] = each;
    it(`in the status, ${title(each)}`, () => expect(statusFindings(resource, old, changed(old, path, value))).to.deep.equal(expected));
  }
}

/** What `kubectl get` (or `-o wide`) prints of an object, its cells divided by bars. */
export const row = (resource: AnyResource, object: object, wide = false): string =>
  resource.columns.filter(({ priority = 0 }) => wide || priority === 0)
    .map((column) => column.cell(decoded(resource, object), noon)).join(' | ');

export const header = (resource: AnyResource): string =>
  resource.columns.map(({ name, priority = 0 }) => (priority === 0 ? name.toUpperCase() : `(${name.toUpperCase()})`)).join(' | ');

describe('every built-in resource', () => {
  for (const resource of builtInResources) {
    it(`${resource.kind.kind} of ${resource.kind.group || 'core'} copes with an object that has nothing but a name`, () => {
      const bare = { metadata: { name: 'a', ...(resource.kind.namespaced ? { namespace: 'ns' } : {}) } };
      const object = created(resource, bare);
      expect(() => creationFindings(resource, bare)).not.to.throw();
      expect(() => updateFindings(resource, object, object)).not.to.throw();
      expect(() => statusFindings(resource, object, object)).not.to.throw();
      for (const column of resource.columns) expect(['string', 'number', 'boolean']).to.include(typeof column.cell(object, noon), column.name);
      for (const [field, read] of Object.entries(resource.selectableFields ?? {})) expect(read(object), field).to.be.a('string');
    });
  }
});
