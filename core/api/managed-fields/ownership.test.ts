import { expect } from 'chai';
import { below, pick, randomFrom } from '#core/api/patch/random-json.ts';
import type { JsonObject } from '#core/api/value.ts';
import { FieldConflicts } from './conflict.ts';
import { pathsOf } from './field-set.ts';
import { noManagers, type Managers } from './managers.ts';
import { apply, update } from './ownership.ts';
import { pathText } from './path-element.ts';
import { Document, flat, randomDocument, schema } from './test-document.ts';
import type { Schema } from './versioned.ts';

/** An object with its managers, written to step by step. */
class World {
  value: JsonObject = {};
  managers: Managers = noManagers;
  private time = 0;
  private readonly schema: Schema;

  constructor(of = schema) {
    this.schema = of;
  }

  update(manager: string, value: JsonObject): this {
    this.managers = update(this.schema, this.managers, this.value, value, this.writer(manager));
    this.value = value;
    return this;
  }

  apply(manager: string, configuration: JsonObject, force = false): this {
    const result = apply(this.schema, this.managers, this.value, configuration, { ...this.writer(manager), force });
    this.value = decoded(result.value);
    this.managers = result.managers;
    return this;
  }

  /** The fields that a configuration may not change without force. */
  conflicts(manager: string, configuration: JsonObject): string[] {
    try {
      apply(this.schema, this.managers, this.value, configuration, { ...this.writer(manager), force: false });
    } catch (error) {
      if (!(error instanceof FieldConflicts)) throw error;
      return error.conflicts.map(({ manager: { name }, path }) => `${name} ${pathText(path)}`);
    }
    return [];
  }

  /** Who owns what; appliers have a capital. */
  get owners(): Record<string, string[]> {
    return Object.fromEntries([...this.managers.values()].map(({ name, operation, set }) =>
      [operation === 'Apply' ? name.toUpperCase() : name, pathsOf(set).map(pathText).sort()]).sort());
  }

  private writer(manager: string) {
    return { manager, subresource: '', now: `2024-01-01T00:00:${String(this.time++ % 60).padStart(2, '0')}Z` };
  }
}

/** As decoding does: `null` and lists without items are absent. */
function decoded(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value ?? {}, (key, member: unknown) => (member === null || (key !== 'words' && Array.isArray(member) && member.length === 0) ? undefined : member)));
}

describe('ownership after plain writes', () => {
  it('is the writer\'s for what it adds or changes, and nobody\'s for what goes', () => {
    const world = new World().update('one', { a: '1', labels: { x: '1' }, named: [{ name: 'n', value: '1' }] });
    expect(world.owners).to.deep.equal({ one: ['.a', '.labels', '.labels.x', '.named', '.named[name="n"]', '.named[name="n"].name', '.named[name="n"].value'] });
    world.update('two', { a: '2', labels: { x: '1', y: '1' }, named: [{ name: 'n' }] });
    expect(world.owners).to.deep.equal({ one: ['.labels', '.labels.x', '.named', '.named[name="n"]', '.named[name="n"].name'], two: ['.a', '.labels.y'] });
    world.update('three', { a: '2' });
    expect(world.owners).to.deep.equal({ two: ['.a'] });
  });

  it('changes nothing when nothing changes, and not the time of one who only takes away', () => {
    const world = new World().update('one', { a: '1', b: 1 });
    const { managers } = world;
    expect(world.update('one', { b: 1, a: '1' }).managers).to.equal(managers);
    const [before] = [...world.managers.values()];
    const [after] = [...world.update('one', { a: '1' }).managers.values()];
    expect(after?.time).to.equal(before?.time);
  });

  it('joins what one manager writes at different times, under the last time', () => {
    const world = new World().update('one', { a: '1' }).update('one', { a: '1', b: 1 });
    expect(world.owners).to.deep.equal({ one: ['.a', '.b'] });
    expect([...world.managers.values()][0]?.time).to.equal('2024-01-01T00:00:01Z');
  });

  it('of twins in a list is that of their key', () => {
    const world = new World().update('one', { tags: ['p', 'q'] }).update('two', { tags: ['p', 'p', 'q'] });
    expect(world.owners).to.deep.equal({ one: ['.tags', '.tags[="q"]'], two: ['.tags[="p"]'] });
    world.update('three', { tags: ['p', 'q'] });
    expect(world.owners).to.deep.equal({ one: ['.tags', '.tags[="q"]'], three: ['.tags[="p"]'] });
  });
});

describe('server-side apply', () => {
  it('sets, changes and takes back', () => {
    const world = new World().apply('one', { a: '1', labels: { x: '1' }, named: [{ name: 'n', value: '1' }, { name: 'm' }], tags: ['p', 'q'] });
    expect(world.owners['ONE']).to.deep.equal(['.a', '.labels.x', '.named[name="m"]', '.named[name="m"].name', '.named[name="n"]', '.named[name="n"].name', '.named[name="n"].value', '.tags[="p"]', '.tags[="q"]']);
    world.apply('one', { a: '2', named: [{ name: 'n' }], tags: ['q'] });
    expect(world.value).to.deep.equal({ a: '2', named: [{ name: 'n' }], tags: ['q'] });
    expect(world.owners).to.deep.equal({ ONE: ['.a', '.named[name="n"]', '.named[name="n"].name', '.tags[="q"]'] });
    world.apply('one', {});
    expect(world.value).to.deep.equal({});
    expect(world.owners).to.deep.equal({});
  });

  it('conflicts over a value of another, not over the same value', () => {
    const world = new World().update('ctl', { a: '1', b: 1, labels: { x: '1' } });
    expect(world.conflicts('one', { a: '1', labels: { x: '1' } })).to.deep.equal([]);
    expect(world.conflicts('one', { a: '2', b: 1, labels: { x: '2', y: '1' } })).to.deep.equal(['ctl .a', 'ctl .labels.x']);
    world.apply('one', { a: '1' });
    expect(world.owners).to.deep.equal({ ONE: ['.a'], ctl: ['.a', '.b', '.labels', '.labels.x'] });
    expect(world.conflicts('two', { a: '2' })).to.deep.equal(['ctl .a', 'one .a']);
    world.apply('two', { a: '2' }, true);
    expect(world.owners).to.deep.equal({ TWO: ['.a'], ctl: ['.b', '.labels', '.labels.x'] });
  });

  it('leaves what others own too, and what nobody is known to have set', () => {
    const world = new World().apply('one', { a: '1', inner: { a: '1' } }).update('ctl', { a: '1', inner: { a: '1', b: '2' } }).apply('one', { a: '1' });
    expect(world.value).to.deep.equal({ a: '1', inner: { b: '2' } });
    expect(world.owners).to.deep.equal({ ONE: ['.a'], ctl: ['.inner.b'] });
    world.apply('two', { a: '1' }).apply('one', {});
    expect(world.value).to.deep.equal({ a: '1', inner: { b: '2' } });
  });

  it('gives up what a plain write took over: leaving it out does not remove it', () => {
    const world = new World().apply('one', { inner: { a: '1' } }).update('ctl', { inner: { a: '2', b: '2' } });
    expect(world.owners).to.deep.equal({ ctl: ['.inner.a', '.inner.b'] });
    world.apply('one', { inner: {} });
    expect(world.value).to.deep.equal({ inner: { a: '2', b: '2' } });
  });

  it('keeps an item that another put fields into only with its owner', () => {
    const world = new World().apply('one', { named: [{ name: 'n', value: '1' }] }).apply('two', { named: [{ name: 'n', size: 3 }] }).apply('one', {});
    expect(world.value).to.deep.equal({ named: [{ name: 'n', size: 3 }] });
    expect(world.owners).to.deep.equal({ TWO: ['.named[name="n"]', '.named[name="n"].name', '.named[name="n"].size'] });
  });

  it('takes what is atomic whole', () => {
    const world = new World().apply('one', { words: ['p'], pair: { left: '1' } });
    expect(world.conflicts('two', { words: ['p', 'q'], pair: { right: '2' } })).to.deep.equal(['one .pair', 'one .words']);
    world.apply('two', { words: ['q'], pair: { right: '2' } }, true);
    expect(world.value).to.deep.equal({ words: ['q'], pair: { right: '2' } });
    expect(world.owners).to.deep.equal({ TWO: ['.pair', '.words'] });
  });

  it('handles twins that a plain write made', () => {
    const world = new World().update('ctl', { named: [{ name: 'n', value: '1' }, { name: 'n', value: '2' }, { name: 'm' }] });
    expect(world.conflicts('one', { a: '1' })).to.deep.equal([]);
    expect(world.conflicts('one', { named: [{ name: 'n', value: '3' }] })).to.deep.equal(['ctl .named[name="n"]']);
    world.apply('one', { named: [{ name: 'n', value: '3' }] }, true);
    expect(world.value).to.deep.equal({ named: [{ name: 'n', value: '3' }, { name: 'm' }] });
    const twins = new World().apply('one', { named: [{ name: 'n' }, { name: 'm' }] }).update('ctl', { named: [{ name: 'n' }, { name: 'n', value: '2' }, { name: 'm' }] });
    twins.apply('one', { named: [{ name: 'm' }] });
    expect(twins.value).to.deep.equal({ named: [{ name: 'n' }, { name: 'n', value: '2' }, { name: 'm' }] });
    expect(twins.owners).to.deep.equal({ ONE: ['.named[name="m"]', '.named[name="m"].name'], ctl: ['.named[name="n"]'] });
  });

  it('keeps empty what it wants empty', () => {
    const world = new World().apply('one', { inner: { a: '1' }, labels: { x: '1' } }).apply('one', { inner: {} });
    expect(world.value).to.deep.equal({ inner: {} });
    expect(world.owners).to.deep.equal({ ONE: ['.inner'] });
  });

  it('owns a field that it unsets with null', () => {
    const world = new World().update('ctl', { a: '1' }).apply('one', { a: null }, true);
    expect(world.value).to.deep.equal({});
    expect(world.owners).to.deep.equal({ ONE: ['.a'] });
  });

  it('owns all of what has become one value since', () => {
    const before = new World().apply('one', { inner: { a: '1', b: '2' } });
    const inner = Document.fields.get('inner');
    const fields = new Map(Document.fields).set('inner', { ...inner!, type: { ...inner!.type, atomic: true } as typeof Document });
    const world = new World({ ...schema, struct: { ...Document, fields } });
    world.value = before.value;
    world.managers = before.managers;
    world.apply('one', { inner: { a: '1' } });
    expect(world.value).to.deep.equal({ inner: { a: '1' } });
    expect(world.owners).to.deep.equal({ ONE: ['.inner'] });
  });
});

describe('managers that wrote in another version', () => {
  /** In v2 the field `a` is called `b`, and it is a number there. */
  const other = (version: string): Schema => ({
    ...schema, apiVersion: version,
    convert: ({ apiVersion, value }, to) => {
      if (!['test/v1', 'test/v2'].includes(to)) return undefined;
      const object = value as JsonObject;
      const { a, b, ...rest } = object;
      const renamed = apiVersion === 'test/v1' ? { ...rest, ...(a === undefined ? {} : { b: Number(a) }) } : { ...rest, ...(typeof b === 'number' ? { a: String(b) } : {}) };
      return { apiVersion: to, struct: Document, value: renamed };
    },
  });
  const v1 = other('test/v1');
  const v2 = other('test/v2');
  const writer = { manager: 'one', subresource: '', now: '2024-01-01T00:00:00Z', force: false };

  it('lose and keep their fields by what these are called there', () => {
    const managers = update(v1, noManagers, {}, { a: '1', words: ['p'] }, writer);
    const after = update(v2, managers, { b: 1, words: ['p'] }, { b: 2, words: ['p'] }, { ...writer, manager: 'two' });
    expect([...after.values()].map(({ name, apiVersion, set }) => [name, apiVersion, pathsOf(set).map(pathText)])).to.deep.equal([
      ['one', 'test/v1', ['.words']], ['two', 'test/v2', ['.b']],
    ]);
  });

  it('have fields removed that they applied in the other version', () => {
    const first = apply(v1, noManagers, {}, { a: '1', words: ['p'] }, writer);
    const second = apply(v2, first.managers, { b: 1, words: ['p'] }, { words: ['p'] }, writer);
    expect(decoded(second.value)).to.deep.equal({ words: ['p'] });
    expect([...second.managers.values()].map(({ apiVersion, set }) => [apiVersion, pathsOf(set).map(pathText)])).to.deep.equal([['test/v2', ['.words']]]);
  });

  it('are forgotten with their version', () => {
    const managers = new Map([...update(v1, noManagers, {}, { a: '1' }, writer)].map(([key, manager]) => [key, { ...manager, apiVersion: 'test/v0' }]));
    expect([...update(v1, managers, { a: '1' }, { a: '1', words: ['p'] }, { ...writer, manager: 'two' }).values()].map(({ name }) => name)).to.deep.equal(['two']);
  });
});

describe('server-side apply, at random', () => {
  /** Decoding drops lists without items. */
  const randomObject = (random: () => number, fields?: readonly string[]): JsonObject => decoded(randomDocument(random, fields));
  const leaves = (world: World): [string, string][] => [...flat(Document, world.value)].sort();
  const ownedBy = (world: World): Record<string, string[]> => world.owners;

  it('changes nothing the second time', () => {
    const random = randomFrom(59);
    for (let i = 0; i < 600; i++) {
      const world = new World().update('ctl', randomObject(random));
      const configuration = randomObject(random);
      world.apply('one', configuration, true);
      const { value, owners } = world;
      const times = [...world.managers.values()].map(({ time }) => time);
      world.apply('one', configuration);
      const message = JSON.stringify({ value, configuration });
      expect(world.value, message).to.deep.equal(value);
      expect(world.owners, message).to.deep.equal(owners);
      expect([...world.managers.values()].map(({ time }) => time), message).to.deep.equal(times);
    }
  });

  it('of disjoint fields by two managers can come in any order', () => {
    const random = randomFrom(61);
    for (let i = 0; i < 600; i++) {
      const fields = [...Document.fields.keys()];
      const first = fields.filter(() => random() < 0.5);
      const one = randomObject(random, first);
      const two = randomObject(random, fields.filter((name) => !first.includes(name)));
      const start = random() < 0.5 ? {} : randomObject(random);
      const ways = [['one', 'two'], ['two', 'one']].map((order) => {
        const world = new World().update('ctl', start);
        for (const manager of order) world.apply(manager, manager === 'one' ? one : two, true);
        return world;
      });
      const message = JSON.stringify({ start, one, two });
      expect(leaves(ways[0]!), message).to.deep.equal(leaves(ways[1]!));
      expect(ownedBy(ways[0]!), message).to.deep.equal(ownedBy(ways[1]!));
    }
  });

  it('leaves nothing behind when its only owner wants nothing any more', () => {
    const random = randomFrom(67);
    for (let i = 0; i < 600; i++) {
      const configurations = Array.from({ length: 1 + below(random, 3) }, () => randomObject(random));
      const world = new World();
      for (const configuration of configurations) world.apply('one', configuration);
      const message = JSON.stringify(configurations);
      expect(leaves(world), message).to.deep.equal([...flat(Document, configurations.at(-1))].sort());
      world.apply('one', {});
      expect(world.value, message).to.deep.equal({});
      expect(world.owners, message).to.deep.equal({});
    }
  });

  it('agrees with a model of leaves and their owners', () => {
    const random = randomFrom(71);
    const fields = ['a', 'b', 'labels', 'tags', 'words', 'pair'];
    for (let round = 0; round < 300; round++) {
      const world = new World();
      const model = new Model();
      for (let i = 0; i < 8; i++) {
        const manager = pick(random, ['one', 'two', 'three']);
        const document = randomObject(random, fields);
        // Who owns a map without members is told when others put some in: that is another model.
        if (flat(Document, { labels: document['labels'] }).size === 0) delete document['labels'];
        if (random() < 0.3) {
          world.update(manager, document);
          model.update(manager, flat(Document, document));
        } else {
          const message = JSON.stringify({ round, i, manager, document, value: world.value, owners: world.owners });
          expect(world.conflicts(manager, document).length, message).to.equal(model.conflicts(`${manager}!`, flat(Document, document)));
          world.apply(manager, document, true);
          model.apply(`${manager}!`, flat(Document, document));
        }
        expect(leaves(world), JSON.stringify({ round, i, manager, document })).to.deep.equal([...model.values].sort());
      }
    }
  });
});

/** Leaves and sets of names, and nothing else. */
class Model {
  readonly values = new Map<string, string>();
  private readonly owners = new Map<string, Set<string>>();

  update(manager: string, document: ReadonlyMap<string, string>): void {
    for (const path of [...this.values.keys()]) if (!document.has(path)) this.drop(path);
    for (const [path, text] of document) if (this.values.get(path) !== text) this.take(manager, path, text);
  }

  conflicts(manager: string, document: ReadonlyMap<string, string>): number {
    let count = 0;
    for (const [path, text] of document) if (this.values.get(path) !== text) count += [...this.ownersOf(path)].filter((name) => name !== manager).length;
    return count;
  }

  apply(manager: string, document: ReadonlyMap<string, string>): void {
    for (const path of [...this.values.keys()]) {
      const owners = this.ownersOf(path);
      if (!owners.has(manager) || document.has(path)) continue;
      owners.delete(manager);
      if (owners.size === 0) this.drop(path);
    }
    for (const [path, text] of document) {
      if (this.values.get(path) !== text) this.take(manager, path, text);
      else this.ownersOf(path).add(manager);
    }
  }

  private take(manager: string, path: string, text: string): void {
    this.values.set(path, text);
    this.owners.set(path, new Set([manager]));
  }

  private drop(path: string): void {
    this.values.delete(path);
    this.owners.delete(path);
  }

  private ownersOf(path: string): Set<string> {
    return this.owners.get(path) ?? new Set();
  }
}
