import { expect } from 'chai';
import { configMaps } from '#core/registry/configmaps.ts';
import { pods } from '#core/registry/pods.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { select } from './selection.ts';

const selecting = (resource: AnyResource, fieldSelector: string) => select({ resource, subresource: '', namespace: 'default', name: '' }, { fieldSelector });

describe('select', () => {
  it('picks by fields of the kind', () => {
    const selection = selecting(pods, 'status.phase!=Running');
    const pod = (phase: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'default', uid: '', resourceVersion: '', creationTimestamp: '' }, spec: {}, status: { phase } });
    expect([selection.matches(pod('Running')), selection.matches(pod('Pending'))]).to.deep.equal([false, true]);
  });

  it('knows the one key that a name leaves', () => {
    expect(selecting(configMaps, 'metadata.name=a').only).to.equal('default/a');
    expect(selecting(configMaps, 'metadata.name!=a').only).to.equal(undefined);
  });

  it('refuses fields that cannot be selected by', () => {
    expect(() => selecting(configMaps, 'data.a=b')).to.throw('"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"');
    expect(() => selecting(pods, 'spec.color=b')).to.throw('field label not supported: spec.color');
    expect(() => selecting(pods, '__proto__=b')).to.throw('field label not supported: __proto__');
  });
});
