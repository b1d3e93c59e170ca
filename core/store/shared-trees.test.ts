import { expect } from 'chai';
import { freezeSharing } from './shared-strings.ts';
import { sharedTree } from './shared-trees.ts';

const parsed = (value: unknown): object => JSON.parse(JSON.stringify(value));

describe('shared trees', () => {
  it('are one object when they are equal, and share the branches that are', () => {
    const a = sharedTree(parsed({ 'f:a': { 'f:x': {}, 'f:y': {} }, 'f:b': {} })) as Record<string, object>;
    const b = sharedTree(parsed({ 'f:a': { 'f:x': {}, 'f:y': {} }, 'f:b': {} }));
    const c = sharedTree(parsed({ 'f:a': { 'f:x': {}, 'f:y': {} }, 'f:c': {} })) as Record<string, object>;
    expect(a).to.equal(b);
    expect(a).to.deep.equal({ 'f:a': { 'f:x': {}, 'f:y': {} }, 'f:b': {} });
    expect(c).to.not.equal(a);
    expect(c['f:a']).to.equal(a['f:a']);
    expect(Object.isFrozen(a) && Object.isFrozen(a['f:a']) && Object.isFrozen(c)).to.equal(true);
  });

  it('are what the managers of stored objects have', () => {
    const object = { metadata: { managedFields: [{ manager: 'one', fieldsV1: { 'f:data': { 'f:one': {} } } }] } };
    const [a, b] = [0, 1].map(() => freezeSharing(parsed(object) as typeof object));
    expect(a).to.deep.equal(object);
    expect(a?.metadata.managedFields[0]?.fieldsV1).to.equal(b?.metadata.managedFields[0]?.fieldsV1);
  });

  it('differ when a branch is missing, more or another', () => {
    const texts = ['{}', '{"a":{}}', '{"b":{}}', '{"a":{},"b":{}}', '{"a":{"b":{}}}', '{"a":{"c":{}}}', '{"a":{"b":{}},"b":{}}', '{"1a":{}}', '{"a1":{}}'];
    const trees = texts.map((text) => sharedTree(JSON.parse(text) as object));
    expect(trees.map((tree) => JSON.stringify(tree))).to.deep.equal(texts);
    expect(new Set(trees).size).to.equal(texts.length);
  });

  it('are nothing else than objects', () => {
    for (const text of ['{"a":1}', '{"a":{"b":"x"}}', '{"a":[]}', '{"a":null}', '[]', '{"__proto__":{}}']) {
      const value = JSON.parse(text) as object;
      expect(sharedTree(value), text).to.equal(undefined);
      expect(JSON.stringify(value)).to.equal(text);
    }
  });

  it('stay right when more of them come than are kept', () => {
    for (let i = 0; i < 40_000; i++) expect(JSON.stringify(sharedTree({ [`k${i % 20_000}`]: { x: {} } }))).to.equal(`{"k${i % 20_000}":{"x":{}}}`);
  });
});
