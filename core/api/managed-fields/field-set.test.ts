import { expect } from 'chai';
import { below, pick, randomFrom } from '#core/api/patch/random-json.ts';
import { difference, emptySet, fieldSet, has, intersection, isEmpty, leaves, only, pathsOf, recursiveDifference, sameSet, union, type FieldSet } from './field-set.ts';
import { compareElements, type Path } from './path-element.ts';

const elements = ['f:a', 'f:b', 'f:__proto__', 'k:{"name":"x"}', 'k:{"name":"y"}', 'v:1', 'v:"z"', 'i:0'] as const;

const randomPath = (random: () => number): Path => Array.from({ length: 1 + below(random, 3) }, () => pick(random, elements));

/** The same set as a tree and, naively, as the texts of its paths. */
function randomSet(random: () => number): { set: FieldSet; model: Set<string> } {
  const paths = Array.from({ length: below(random, 8) }, () => randomPath(random));
  return { set: fieldSet(...paths), model: new Set(paths.map((path) => JSON.stringify(path))) };
}

const textsOf = (set: FieldSet): string[] => pathsOf(set).map((path) => JSON.stringify(path)).sort();
const sorted = (texts: Iterable<string>): string[] => [...texts].sort();

const isPrefix = (short: string, long: string): boolean => long.startsWith(`${short.slice(0, -1)},`);

function expectCanonical(set: FieldSet, root = true): void {
  const keys = Object.keys(set);
  if (root) expect(keys).not.to.include('.');
  else expect(keys).not.to.deep.equal(['.']);
  expect(keys.slice(keys[0] === '.' ? 1 : 0)).to.deep.equal(keys.filter((key) => key !== '.').sort(compareElements));
  for (const key of keys) if (key !== '.') expectCanonical(set[key] ?? emptySet, false);
}

describe('field sets', () => {
  it('tell members from what leads to them', () => {
    const set = fieldSet(['f:a', 'f:b'], ['f:a', 'f:b', 'f:c']);
    expect(set).to.deep.equal({ 'f:a': { 'f:b': { '.': {}, 'f:c': {} } } });
    expect(has(set, ['f:a'])).to.equal(false);
    expect(has(set, ['f:a', 'f:b'])).to.equal(true);
    expect(has(set, ['f:a', 'f:b', 'f:c'])).to.equal(true);
    expect(has(set, ['f:a', 'f:b', 'f:c', 'f:d'])).to.equal(false);
    expect(has(set, [])).to.equal(false);
  });

  it('list the members of a node before those below it', () => {
    expect(pathsOf(fieldSet(['f:spec', 'f:a'], ['f:x'], ['f:spec', 'f:b', 'f:c'], ['f:spec', 'f:d']))).to.deep.equal([
      ['f:x'], ['f:spec', 'f:a'], ['f:spec', 'f:d'], ['f:spec', 'f:b', 'f:c'],
    ]);
  });

  it('takes away below a member only when asked to', () => {
    const set = fieldSet(['f:status', 'f:phase'], ['f:status'], ['f:spec']);
    expect(difference(set, fieldSet(['f:status']))).to.deep.equal(fieldSet(['f:status', 'f:phase'], ['f:spec']));
    expect(recursiveDifference(set, fieldSet(['f:status']))).to.deep.equal(fieldSet(['f:spec']));
    expect(recursiveDifference(set, fieldSet(['f:status', 'f:phase']))).to.deep.equal(fieldSet(['f:status'], ['f:spec']));
  });

  it('finds the leaves', () => {
    expect(leaves(fieldSet(['f:a'], ['f:a', 'f:b'], ['f:c']))).to.deep.equal({ 'f:a': { 'f:b': {} }, 'f:c': {} });
  });

  it('keep what lies below some paths', () => {
    const set = fieldSet(['f:metadata', 'f:labels', 'f:a'], ['f:spec'], ['f:spec', 'f:list', 'k:{"name":"x"}'], ['f:spec', 'f:list', 'k:{"name":"x"}', 'f:a', 'f:b'], ['f:spec', 'f:list', 'k:{"name":"y"}', 'f:c']);
    expect(only(set, [['metadata'], ['status']])).to.deep.equal(fieldSet(['f:metadata', 'f:labels', 'f:a']));
    const below = only(set, [['spec', 'list', '*', 'a']]);
    expect(pathsOf(below).at(-1)).to.deep.equal(['f:spec', 'f:list', 'k:{"name":"x"}', 'f:a', 'f:b']);
    expect(has(below, ['f:spec', 'f:list', 'k:{"name":"y"}', 'f:c'])).to.equal(false);
    expectCanonical(below);
    expect(only(set, [])).to.deep.equal(emptySet);
  });

  it('agree with sets of texts, at random', () => {
    const random = randomFrom(31);
    for (let i = 0; i < 3000; i++) {
      const a = randomSet(random);
      const b = randomSet(random);
      const message = JSON.stringify([a.set, b.set]);
      const results: [FieldSet, string[]][] = [
        [union(a.set, b.set), sorted(new Set([...a.model, ...b.model]))],
        [intersection(a.set, b.set), sorted([...a.model].filter((path) => b.model.has(path)))],
        [difference(a.set, b.set), sorted([...a.model].filter((path) => !b.model.has(path)))],
        [recursiveDifference(a.set, b.set), sorted([...a.model].filter((path) => ![...b.model].some((other) => other === path || isPrefix(other, path))))],
        [leaves(a.set), sorted([...a.model].filter((path) => ![...a.model].some((other) => isPrefix(path, other))))],
      ];
      for (const [set, expected] of results) {
        expect(textsOf(set), message).to.deep.equal(expected);
        expect(isEmpty(set), message).to.equal(expected.length === 0);
        expectCanonical(set);
      }
      expect(sameSet(a.set, b.set), message).to.equal(JSON.stringify(sorted(a.model)) === JSON.stringify(sorted(b.model)));
    }
  });

  it('come back as themselves when nothing changes', () => {
    const set = fieldSet(['f:a', 'f:b'], ['f:a', 'f:c', 'k:{"name":"x"}']);
    expect(union(set, fieldSet(['f:a', 'f:b']))).to.equal(set);
    expect(difference(set, fieldSet(['f:a'], ['f:z']))).to.equal(set);
    expect(recursiveDifference(set, fieldSet(['f:z']))).to.equal(set);
  });

  it('are built in time that grows with their size', () => {
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`f:key${i}`, {}]));
    const started = performance.now();
    const both = union(fieldSet(['f:a']), wide);
    expect(Object.keys(difference(both, wide))).to.deep.equal(['f:a']);
    expect(performance.now() - started).to.be.below(2000);
  });
});
