import { expect } from 'chai';
import { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { blankOf } from './blank.ts';

describe('blankOf', () => {
  it('has the structs that Go writes of an object that says nothing', () => {
    expect(blankOf(Deployment.struct)).to.deep.equal({
      metadata: {}, spec: { strategy: {}, template: { metadata: {}, spec: { containers: null } } }, status: {},
    });
    expect(blankOf(ConfigMap.struct)).to.deep.equal({ metadata: {} });
  });

  it('is made once', () => expect(blankOf(Deployment.struct)).to.equal(blankOf(Deployment.struct)));
});
