import { expect } from 'chai';
import type { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import { isSameTemplate, templateHash } from './template.ts';

const template = (labels: Record<string, string>, spec: object = {}) => ({ metadata: { labels }, spec: { containers: [{ name: 'main', image: 'i' }], ...spec } }) as unknown as PodTemplateSpec;
const hostile = JSON.parse('{"__proto__": "x", "a": "b"}') as Record<string, string>;

describe('templates of deployments', () => {
  it('are the same but for the hash, and for what is empty', () => {
    expect(isSameTemplate(template({ a: 'b' }), template({ a: 'b', 'pod-template-hash': 'x' }))).to.equal(true);
    expect(isSameTemplate(template({ a: 'b' }), template({ a: 'b' }, { nodeSelector: {}, tolerations: [] }))).to.equal(true);
    expect(isSameTemplate(template({}, { restartPolicy: 'Always', hostNetwork: true }), template({}, { hostNetwork: true, restartPolicy: 'Always' })), 'in any order').to.equal(true);
  });

  it('differ in anything else', () => {
    expect(isSameTemplate(template({ a: 'b' }), template({ a: 'c' }))).to.equal(false);
    expect(isSameTemplate(template({ a: 'b' }), template(hostile))).to.equal(false);
    expect(isSameTemplate(template({}, { volumes: [{ name: 'v', emptyDir: {} }] }), template({}, { volumes: [{ name: 'v' }] }))).to.equal(false);
  });

  it('have a hash of their own, and another after a collision', () => {
    const hashes = [templateHash(template({ a: 'b' }), undefined), templateHash(template({ a: 'c' }), undefined), templateHash(template({ a: 'b' }), 1), templateHash(template({ a: 'b' }), 2)];
    expect(new Set(hashes).size).to.equal(4);
    expect(templateHash(template({ a: 'b' }), 2)).to.equal(hashes[3]);
    expect(hashes.every((hash) => /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/.test(hash))).to.equal(true);
  });
});
