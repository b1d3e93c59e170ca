import { expect } from 'chai';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { BadConfiguration, readConfiguration } from './configuration.ts';
import { Document } from './test-document.ts';

function problem(value: unknown): string {
  try {
    readConfiguration(Document, value);
  } catch (error) {
    if (error instanceof BadConfiguration) return error.message;
    throw error;
  }
  return '';
}

describe('a configuration', () => {
  it('says what it says: nothing is dropped or filled in', () => {
    const value = { a: '', b: 0, labels: {}, tags: [], items: [{ name: 'n' }], inner: null, free: { x: [null] } };
    expect(readConfiguration(Document, value)).to.deep.equal(value);
  });

  it('has quantities and times as they are stored', () => {
    expect(readConfiguration(Document, { inner: { amount: '1024Mi' } })).to.deep.equal({ inner: { amount: '1Gi' } });
    expect(readConfiguration(Document, { inner: { amount: 'much' } })).to.deep.equal({ inner: { amount: 'much' } });
    expect(readConfiguration(Pod.struct, { metadata: { creationTimestamp: '2024-01-01T01:00:00+01:00' } })).to.deep.equal({ metadata: { creationTimestamp: '2024-01-01T00:00:00Z' } });
  });

  for (const [value, expected] of [
    [{ wrong: 1 }, '.wrong: field not declared in schema'],
    [{ constructor: 1 }, '.constructor: field not declared in schema'],
    [JSON.parse('{"inner":{"__proto__":{}}}'), '.inner.__proto__: field not declared in schema'],
    [{ a: 1 }, '.a: expected string, got 1'],
    [{ b: 'x' }, '.b: expected numeric (int or float), got string'],
    [{ labels: { x: 1 } }, '.labels.x: expected string, got 1'],
    [{ labels: [] }, '.labels: expected map, got []'],
    [{ tags: {} }, '.tags: expected list, got {}'],
    [{ words: ['p', 1] }, '.words[1]: expected string, got 1'],
    [{ inner: { amount: {} } }, '.inner.amount: expected any scalar, got {}'],
    [{ tags: ['p', 'p'] }, '.tags: duplicate entries for key [="p"]'],
    [{ items: [{ name: 'n' }, { name: 'n', protocol: 'TCP' }] }, '.items: duplicate entries for key [name="n",protocol="TCP"]'],
    [{ items: [{ name: 'n', size: 'x' }] }, '.items[name="n",protocol="TCP"].size: expected numeric (int or float), got string'],
    [{ items: ['x'] }, '.items: element 0: associative list with keys may not have non-map elements'],
    [{ a: 1, wrong: 2 }, 'errors:\n  .a: expected string, got 1\n  .wrong: field not declared in schema'],
    ['text', 'expected map, got "text"'],
  ] as const) {
    it(`is refused: ${expected.replaceAll('\n', ' ')}`, () => {
      expect(problem(value)).to.equal(expected);
    });
  }

  it('needs the keys that a kind requires', () => {
    expect(() => readConfiguration(Pod.struct, { spec: { containers: [{ image: 'x' }] } }))
      .to.throw('.spec.containers: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)');
  });

  it('does not have a thousand problems told', () => {
    expect(problem(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`wrong${i}`, 1]))).split('\n')).to.have.length(21);
  });
});
