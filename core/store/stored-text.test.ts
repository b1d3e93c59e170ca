import { expect } from 'chai';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { objectText } from './object-text.ts';
import { unpack } from './resource-cache.ts';
import { storedText, versionedText } from './stored-text.ts';

const objectOf = (text: string): KubernetesObject => JSON.parse(text) as KubernetesObject;

describe('the text of a stored object', () => {
  const sent = objectOf('{"spec":{"metadata":{"resourceVersion":"no"}},"metadata":{"name":"a","resourceVersion":"3","annotations":{"quoted":"\\"metadata\\":{"}},"apiVersion":"example.org/v1","kind":"Thing","__proto__":{"x":1}}');

  it('begins with what it is, leaves out the version, and keeps all else', () => {
    const text = storedText(sent);
    expect(text).to.match(/^\{"kind":"Thing","apiVersion":"example\.org\/v1","metadata":\{"name":"a","annotations"/);
    const { metadata: { resourceVersion: _version, ...metadata }, ...rest } = sent;
    expect(objectOf(text)).to.deep.equal({ ...rest, metadata });
    expect(Object.hasOwn(objectOf(text), '__proto__')).to.equal(true);
    expect(sent.metadata.resourceVersion).to.equal('3');
  });

  it('gets its version without being read', () => {
    const text = versionedText(storedText(sent), 47) ?? '';
    expect(objectOf(text)).to.deep.equal({ ...sent, metadata: { ...sent.metadata, resourceVersion: '47' } });
    expect(versionedText('{"kind":"Thing","apiVersion":"v1","metadata":{}}', 5)).to.equal('{"kind":"Thing","apiVersion":"v1","metadata":{"resourceVersion":"5"}}');
  });

  it('is read all the same when an earlier release stored it in another order', () => {
    for (const value of ['{"apiVersion":"v1","kind":"Thing","metadata":{"name":"a"}}', '{"metadata":{"name":"a"},"kind":"Thing","apiVersion":"v1"}', '{"kind":"a\\"b","apiVersion":"v1","metadata":{"name":"a"}}']) {
      expect(versionedText(value, 5)).to.equal(undefined);
      const object = unpack({ value, modRevision: 5 }, true);
      expect(object.metadata).to.deep.equal({ name: 'a', resourceVersion: '5' });
      expect(objectOf(objectText.of(object))).to.deep.equal(object);
    }
  });

  it('is what readers of the object get', () => {
    const object = unpack({ value: storedText(sent), modRevision: 9 }, true);
    expect(objectOf(objectText.of(object))).to.deep.equal(object);
    expect(objectText.of(object)).to.equal(JSON.stringify(object));
  });
});
