import { expect } from 'chai';
import { PersistentVolumeClaimSpec } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PodSpec } from '#core/api/schema/core-v1/pod.ts';
import type { Struct } from '#core/api/schema/type.ts';
import { differenceText, same } from './differences.ts';

const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

describe('differences', () => {
  const cases: readonly (readonly [what: string, type: Struct, a: object, b: object, equal: boolean])[] = [
    ['one amount in two spellings', PersistentVolumeClaimSpec, claim, { ...claim, resources: { requests: { storage: '1024Mi' } } }, true],
    ['two amounts', PersistentVolumeClaimSpec, claim, { ...claim, resources: { requests: { storage: '1G' } } }, false],
    ['an absent list and an empty one', PersistentVolumeClaimSpec, { ...claim, accessModes: [] }, { ...claim, accessModes: undefined }, true],
    ['lists in another order', PodSpec, { imagePullSecrets: [{ name: 'a' }, { name: 'b' }] }, { imagePullSecrets: [{ name: 'b' }, { name: 'a' }] }, false],
    ['a struct that Go always writes', PersistentVolumeClaimSpec, { resources: {} }, {}, true],
    ['an empty struct that means something', PersistentVolumeClaimSpec, { selector: {} }, {}, false],
    ['false and absent', PodSpec, { hostNetwork: false }, {}, true],
    ['true and absent', PodSpec, { hostNetwork: true }, {}, false],
    ['maps with their keys in another order', PodSpec, { nodeSelector: { a: '1', b: '2' } }, { nodeSelector: { b: '2', a: '1' } }, true],
    ['a map with one key more', PodSpec, { nodeSelector: { a: '' } }, {}, false],
  ];
  for (const [what, type, a, b, equal] of cases) {
    it(`${what} ${equal ? 'are the same' : 'differ'}`, () => {
      expect([same(type, a, b), same(type, b, a)]).to.deep.equal([equal, equal]);
    });
  }

  it('says where and how, and not endlessly', () => {
    expect(differenceText(PersistentVolumeClaimSpec, claim, { ...claim, volumeName: 'pv', resources: { requests: { storage: '2Gi' } } }, 'spec'))
      .to.equal('\n  spec.resources.requests[storage]: "1Gi" → "2Gi"\n  spec.volumeName: <unset> → "pv"');
    const many = { nodeSelector: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'v'])) };
    expect(differenceText(PodSpec, {}, many, 'spec').trim().split('\n')).to.have.length(5);
  });
});
