import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { customScale, validateScaleSpec, validateScaleStatus } from './custom-scale.ts';

const paths = { specReplicasPath: '.spec.size.wanted', statusReplicasPath: '.status.size', labelSelectorPath: '.status.selector' };
const object = (rest: object): KubernetesObject => ({ apiVersion: 'a/v1', kind: 'A', metadata: { name: 'x', namespace: 'n', uid: 'u', resourceVersion: '3', creationTimestamp: '2026-01-01T00:00:00Z', labels: { a: 'b' } }, ...rest });
const { view } = customScale(paths);

function lines(rest: object): string[] {
  const errors = new FieldErrors();
  validateScaleSpec(object(rest), paths, errors);
  validateScaleStatus(object(rest), paths, errors);
  return errors.causes.map(({ field, message }) => `${field}: ${message}`);
}

describe('customScale', () => {
  it('shows what the paths lead to', () => {
    expect(view?.read(object({ spec: { size: { wanted: 3 } }, status: { size: 2, selector: 'a=b' } }))).to.deep.equal({
      apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'x', namespace: 'n', uid: 'u', resourceVersion: '3', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { replicas: 3 }, status: { replicas: 2, selector: 'a=b' },
    });
    expect(view?.read(object({ spec: { size: { wanted: 0 } } }))).to.deep.include({ spec: { replicas: 0 }, status: { replicas: 0 } });
  });

  it('has nothing to show of an object that says nothing of its size', () => {
    expect(() => view?.read(object({ spec: {} }))).to.throw('the spec replicas field ".spec.size.wanted" does not exist').and.satisfy((error: unknown) => StatusError.is(error, 'InternalError'));
  });

  it('writes the wanted size, and what is missing around it', () => {
    for (const rest of [{}, { spec: { size: { wanted: 1 } } }, { spec: 'text' }]) {
      const target = object(rest);
      view?.write(target, { spec: { replicas: 5 } } as unknown as KubernetesObject);
      expect(target).to.deep.include({ spec: { size: { wanted: 5 } } });
    }
  });

  it('asks for numbers of replicas', () => {
    expect(lines({ spec: { size: { wanted: 1 } }, status: { size: 0, selector: '' } })).to.deep.equal([]);
    expect(lines({})).to.deep.equal([]);
    expect(lines({ spec: { size: { wanted: -1 } }, status: { size: 2 ** 31 } })).to.deep.equal([
      '.spec.size.wanted: Invalid value: -1: should be a non-negative integer', '.status.size: Invalid value: 2147483648: should be less than or equal to 2147483647',
    ]);
    expect(lines({ spec: { size: { wanted: '1' } }, status: { size: 1.5, selector: {} } })).to.deep.equal([
      '.spec.size.wanted: Invalid value: 0: .spec.size.wanted accessor error: "1" is of the type string, expected int64',
      '.status.size: Invalid value: 0: .status.size accessor error: 1.5 is of the type float64, expected int64',
      '.status.selector: Invalid value: "": .status.selector accessor error: {} is of the type map[string]interface {}, expected string',
    ]);
  });
});
