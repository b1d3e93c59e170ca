import { expect } from 'chai';
import type { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { paceOf } from './pace.ts';

const deployment = (replicas: number, strategy: Deployment['spec']['strategy']) => ({ spec: { replicas, strategy } }) as Deployment;
const rolling = (replicas: number, maxSurge: number | string, maxUnavailable: number | string) => paceOf(deployment(replicas, { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } }));

describe('paceOf', () => {
  it('rounds a surge up, and what may be missing down', () => {
    expect(rolling(10, '25%', '25%')).to.deep.equal({ maxSurge: 3, maxUnavailable: 2 });
    expect(rolling(3, '25%', '25%')).to.deep.equal({ maxSurge: 1, maxUnavailable: 0 });
    expect(rolling(100, '7%', '29%'), 'exactly').to.deep.equal({ maxSurge: 7, maxUnavailable: 29 });
    expect(paceOf(deployment(8, { type: 'RollingUpdate' }))).to.deep.equal({ maxSurge: 2, maxUnavailable: 2 });
  });

  it('lets something change, and never more than all be missing', () => {
    expect(rolling(3, 0, '25%')).to.deep.equal({ maxSurge: 0, maxUnavailable: 1 });
    expect(rolling(2, 5, 7)).to.deep.equal({ maxSurge: 5, maxUnavailable: 2 });
    expect(rolling(0, 0, '25%')).to.deep.equal({ maxSurge: 0, maxUnavailable: 0 });
    expect(paceOf(deployment(5, { type: 'Recreate' }))).to.deep.equal({ maxSurge: 0, maxUnavailable: 0 });
  });
});
