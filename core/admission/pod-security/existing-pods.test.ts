import { expect } from 'chai';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { decode } from '#core/api/schema/decode.ts';
import { existingPodWarnings } from './existing-pods.ts';

const pod = (name: string, owner: string | undefined, hostPID: boolean): Pod => decode(Pod.struct, {
  metadata: { name, ...owner === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'K', name: 'o', uid: owner, controller: true }] } },
  spec: { hostPID, containers: [{ name: 'c', image: 'i' }] },
}, { kind: Pod }).value;

describe('existingPodWarnings', () => {
  it('looks at no more than it has time for, at one of each kind first', () => {
    const many = Array.from({ length: 3001 }, (_, i) => pod(`a${i}`, 'same', false));
    const lines = existingPodWarnings('n', [...many, pod('odd', undefined, true), pod('odd2', 'other', true)], { level: 'baseline', version: 'latest' });
    expect(lines).to.deep.equal([
      'new PodSecurity enforce level only checked against the first 3000 of 3003 existing pods',
      'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
      'odd (and 1 other pod): host namespaces',
    ]);
    expect(existingPodWarnings('n', many.slice(1), { level: 'baseline', version: 'latest' })).to.deep.equal([]);
  });
});
