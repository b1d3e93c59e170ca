import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import { Scale } from '#core/api/schema/autoscaling-v1.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { deepFreeze } from '#core/api/value.ts';
import { deployments } from '#core/registry/deployments.ts';
import { replicaSets } from '#core/registry/replicasets.ts';
import { replicationControllers } from '#core/registry/replicationcontrollers.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { created } from '#core/registry/resource.test.ts';
import { statefulSets } from '#core/registry/statefulsets.ts';

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } };
const metadata = { name: 'web', namespace: 'ns', labels: { a: 'b' } };
const selector = { matchLabels: { app: 'web', tier: 'front' }, matchExpressions: [{ key: 'env', operator: 'In', values: ['b', 'a'] }, { key: 'old', operator: 'DoesNotExist' }] };

const viewOf = (resource: AnyResource) => {
  const found = resource.subresources?.find(({ name }) => name === 'scale');
  expect(found).to.include({ kind: Scale });
  expect(found?.verbs).to.deep.equal(['get', 'patch', 'update']);
  return found!.view!;
};

describe('the scale subresource', () => {
  for (const [resource, given, text] of [
    [deployments, selector, 'app=web,env in (a,b),!old,tier=front'],
    [replicaSets, selector, 'app=web,env in (a,b),!old,tier=front'],
    [statefulSets, selector, 'app=web,env in (a,b),!old,tier=front'],
    [replicationControllers, { tier: 'front', app: 'web' }, 'app=web,tier=front'],
  ] as const) {
    it(`shows the size of a ${resource.kind.kind}, and takes a new one`, () => {
      const { read, write } = viewOf(resource);
      const object = { ...created(resource, { metadata, spec: { replicas: 3, selector: given, template } }), status: { replicas: 2 } };
      const view = read(deepFreeze(object)) as Scale;
      expect(view).to.deep.equal({
        apiVersion: 'autoscaling/v1', kind: 'Scale',
        metadata: { name: 'web', namespace: 'ns', uid: object.metadata.uid, resourceVersion: undefined, creationTimestamp: object.metadata.creationTimestamp },
        spec: { replicas: 3 }, status: { replicas: 2, selector: text },
      });
      const copy: KubernetesObject = structuredClone(object);
      write(copy, { ...view, spec: { replicas: 0 } } as Scale);
      expect(copy).to.deep.equal({ ...object, spec: { ...(object as unknown as { spec: object }).spec, replicas: 0 } });
      expect((read(copy) as Scale).spec).to.deep.equal({ replicas: 0 });
    });
  }

  it('prints what kubectl users know', () => {
    const { read, columns } = viewOf(deployments);
    const view = read({ ...created(deployments, { metadata, spec: { replicas: 3, selector, template } }), status: { replicas: 2 } } as KubernetesObject);
    expect(columns.map(({ name }) => name)).to.deep.equal(['Name', 'Desired', 'Available', 'Age']);
    expect(columns.map(({ cell }) => cell(view, Date.parse(view.metadata.creationTimestamp) + 5000))).to.deep.equal(['web', 3, 2, '5s']);
  });

  it('refuses a size below zero', () => {
    const errors = new FieldErrors();
    viewOf(deployments).validate?.({ metadata: {}, spec: { replicas: -1 } } as never, errors);
    expect(errors.toString()).to.equal('spec.replicas: Invalid value: -1: must be greater than or equal to 0');
  });
});
