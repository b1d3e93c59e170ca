import { expect } from 'chai';
import type { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { annotations } from './names.ts';
import { annotationsOfNewSet } from './revisions.ts';

const deployment = { metadata: { name: 'web', annotations: { note: 'x', [annotations.revision]: '7', 'kubectl.kubernetes.io/last-applied-configuration': '{}' } }, spec: {} } as unknown as Deployment;
const { revision, history } = annotations;

describe('annotationsOfNewSet', () => {
  it('numbers a set, and keeps the numbers that it had', () => {
    expect(annotationsOfNewSet(deployment, {}, 3)).to.deep.equal({ note: 'x', [revision]: '3' });
    expect(annotationsOfNewSet(deployment, { [revision]: '3' }, 5)).to.deep.equal({ note: 'x', [revision]: '5', [history]: '3' });
    expect(annotationsOfNewSet(deployment, { [revision]: '5', [history]: '3' }, 9)).to.deep.equal({ note: 'x', [revision]: '9', [history]: '3,5' });
  });

  it('takes no number back, and leaves alone what is none', () => {
    expect(annotationsOfNewSet(deployment, { [revision]: '10' }, 9)).to.deep.equal({ note: 'x', [revision]: '10' });
    expect(annotationsOfNewSet(deployment, { [revision]: 'ten' }, 9)).to.deep.equal({ note: 'x', [revision]: 'ten' });
  });

  it('forgets the oldest numbers when there are very many', () => {
    const many = Array.from({ length: 600 }, (_, i) => String(i)).join(',');
    const after = annotationsOfNewSet(deployment, { [revision]: '600', [history]: many }, 601)[history] ?? '';
    expect(after.length).to.be.within(1990, 2000);
    expect(after.endsWith(',599,600')).to.equal(true);
  });
});
