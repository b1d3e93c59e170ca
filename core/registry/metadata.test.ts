import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { configMaps } from './configmaps.ts';
import { validateObjectMetaUpdate } from './metadata.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';
import { changed, created, creationFindings, judgesCreation } from './resource.test.ts';

const owner = { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'u', controller: true };
const entry = { manager: 'me', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': {} } };

describe('validateObjectMeta', () => {
  judgesCreation(configMaps, { metadata: { name: 'a', namespace: 'ns' } }, [
    ['metadata.name', '', 'metadata.name: Required'],
    ['metadata.name', 'A_b', 'metadata.name: Invalid'],
    ['metadata.name', 'a'.repeat(254), 'metadata.name: Invalid'],
    ['metadata.name', 'a.b-c.d'],
    ['metadata.generateName', 'prefix-'],
    ['metadata.generateName', 'prefix.-'],
    ['metadata.generateName', 'Prefix-', 'metadata.generateName: Invalid'],
    ['metadata.namespace', undefined, 'metadata.namespace: Required'],
    ['metadata.namespace', 'a.b', 'metadata.namespace: Invalid'],
    ['metadata.generation', -1, 'metadata.generation: Invalid'],
    ['metadata.labels', { 'a b': 'x' }, 'metadata.labels: Invalid'],
    ['metadata.labels', { a: 'x y', 'example.com/b': 'z' }, 'metadata.labels: Invalid'],
    ['metadata.annotations', { 'Example.COM/Key': 'any text' }],
    ['metadata.annotations', { 'a//b': '' }, 'metadata.annotations: Invalid'],
    ['metadata.annotations', { a: 'x'.repeat(262144) }, 'metadata.annotations: TooLong'],
    ['metadata.annotations', { a: 'x'.repeat(262143) }],
    ['metadata.ownerReferences', [owner]],
    ['metadata.ownerReferences', [{ ...owner, uid: '' }], 'metadata.ownerReferences.uid: Invalid'],
    ['metadata.ownerReferences', [owner, { ...owner, name: 'b', uid: 'v' }], 'metadata.ownerReferences: Invalid'],
    ['metadata.ownerReferences', [{ ...owner, kind: 'Event' }], 'metadata.ownerReferences: Invalid'],
    ['metadata.finalizers', ['example.com/hold', 'kubernetes', 'orphan']],
    ['metadata.finalizers', ['hold'], 'metadata.finalizers[0]: Invalid'],
    ['metadata.finalizers', ['orphan', 'foregroundDeletion'], 'metadata.finalizers: Invalid'],
    ['metadata.managedFields', [entry, { ...entry, manager: 'größer '.repeat(14), subresource: 'x'.repeat(256) }]],
    ['metadata.managedFields', [entry, { ...entry, operation: 'Delete' }], 'metadata.managedFields[1].operation: Invalid', 'metadata.managedFields[1].operation: NotSupported'],
    ['metadata.managedFields', [{ ...entry, fieldsType: 'FieldsV2' }], 'metadata.managedFields[0].fieldsType: Invalid'],
    ['metadata.managedFields', [{ ...entry, manager: 'ö'.repeat(65) }], 'metadata.managedFields[0].manager: TooLong'],
    ['metadata.managedFields', [{ ...entry, manager: 'a\tb' }], 'metadata.managedFields[0].manager: Invalid'],
    ['metadata.managedFields', [{ ...entry, subresource: 'x'.repeat(257) }], 'metadata.managedFields[0].subresource: TooLong'],
  ]);

  it('knows what is namespaced and what is not', () => {
    expect(creationFindings(nodes, { metadata: { name: 'n', namespace: 'x' } })).to.deep.equal(['metadata.namespace: Forbidden']);
  });

  it('follows the name syntax of the resource', () => {
    expect(creationFindings(namespaces, { metadata: { name: 'a.b' } })).to.deep.equal(['metadata.name: Invalid']);
  });
});

describe('validateObjectMetaUpdate', () => {
  const old = changed(created(configMaps, { metadata: { name: 'a', namespace: 'ns', finalizers: ['x/a'] } }), 'metadata.generation', 3);
  const causes = (from: object, to: object) => {
    const errors = new FieldErrors();
    validateObjectMetaUpdate(to as KubernetesObject, from as KubernetesObject, errors);
    return errors.causes;
  };

  for (const [path, value] of [
    ['metadata.name', 'b'], ['metadata.namespace', 'other'], ['metadata.uid', 'other'], ['metadata.creationTimestamp', '2020-01-01T00:00:00Z'],
    ['metadata.generation', 2], ['metadata.deletionTimestamp', '2026-01-02T12:00:00Z'], ['metadata.deletionGracePeriodSeconds', 3],
  ] as const) {
    it(`keeps ${path}`, () => expect(causes(old, changed(old, path, value)).map(({ field }) => field)).to.deep.equal([path]));
  }

  it('lets finalizers come and go while the object lives', () => {
    expect(causes(old, changed(old, 'metadata.finalizers', ['x/b']))).to.deep.equal([]);
  });

  it('lets finalizers only go once it is being deleted', () => {
    const deleting = changed(old, 'metadata.deletionTimestamp', '2026-01-02T12:00:00Z');
    expect(causes(deleting, changed(deleting, 'metadata.finalizers', undefined))).to.deep.equal([]);
    expect(causes(deleting, changed(deleting, 'metadata.finalizers', ['x/c', 'x/a', 'x/b']))).to.deep.equal([{
      reason: 'FieldValueForbidden', field: 'metadata.finalizers',
      message: 'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x/b", "x/c"}',
    }]);
  });
});
