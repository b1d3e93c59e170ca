import { expect } from 'chai';
import { map, merged, mergedSet, string, struct } from '#core/api/schema/type.ts';
import { deepFreeze, type JsonObject } from '#core/api/value.ts';
import { below, pick, randomFrom } from './random-json.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

interface Item {
  name: string;
  value?: string;
  tags?: string[];
}

interface Doc {
  items?: Item[];
  tags?: string[];
  labels?: Record<string, string>;
}

const ItemStruct = struct('test.Item', '', { name: [1, string, ''], value: [2, string, ''], tags: [3, mergedSet(string), ''] });
const DocStruct = struct('test.Doc', '', { items: [1, merged(ItemStruct, ['name']), ''], tags: [2, mergedSet(string), ''], labels: [3, map(string), ''] });

const letters = ['a', 'b', 'c', 'd', 'e', '__proto__'] as const;

function someOf(random: () => number): string[] {
  return letters.filter(() => random() < 0.5).map((letter) => ({ letter, at: random() })).sort((a, b) => a.at - b.at).map(({ letter }) => letter);
}

function randomDoc(random: () => number): Doc {
  return {
    items: someOf(random).map((name) => ({
      name, ...(random() < 0.5 ? { value: pick(random, ['1', '2']) } : {}), ...(random() < 0.3 ? { tags: someOf(random) } : {}),
    })),
    tags: someOf(random),
    labels: Object.fromEntries(someOf(random).map((key) => [key, String(below(random, 2))])),
  };
}

/** As kubectl: what was added or changed, what went, and the order of all. */
function listPatch(field: string, from: readonly string[], to: readonly string[]): JsonObject {
  return {
    [field]: to.filter((item) => !from.includes(item)),
    [`$deleteFromPrimitiveList/${field}`]: from.filter((item) => !to.includes(item)),
    [`$setElementOrder/${field}`]: to,
  };
}

function itemPatch(from: Item | undefined, to: Item): JsonObject {
  if (!from) return { ...to };
  return {
    name: to.name,
    ...(to.value === from.value ? {} : { value: to.value ?? null }),
    ...(to.tags && from.tags ? listPatch('tags', from.tags, to.tags) : to.tags || from.tags ? { tags: to.tags ?? null } : {}),
  };
}

function difference(from: Doc, to: Doc): JsonObject {
  const old = from.items ?? [];
  const items = to.items ?? [];
  const gone = old.filter(({ name }) => !items.some((item) => item.name === name)).map(({ name }) => ({ $patch: 'delete', name }));
  const labels: [string, string | null][] = Object.entries(to.labels ?? {});
  for (const key of Object.keys(from.labels ?? {})) if (!Object.hasOwn(to.labels ?? {}, key)) labels.push([key, null]);
  return {
    items: [...items.map((item) => itemPatch(old.find(({ name }) => name === item.name), item)), ...gone],
    '$setElementOrder/items': items.map(({ name }) => ({ name })),
    ...listPatch('tags', from.tags ?? [], to.tags ?? []),
    labels: Object.fromEntries(labels),
  };
}

const apply = (doc: unknown, patch: unknown): Doc => applyStrategicMergePatch(DocStruct, deepFreeze(doc), deepFreeze(patch));

describe('strategic merge patch, at random', () => {
  it('turns any document into any other by the difference that kubectl computes', () => {
    const random = randomFrom(23);
    for (let i = 0; i < 2000; i++) {
      const from = randomDoc(random);
      const to = randomDoc(random);
      const patch = difference(from, to);
      const result = apply(from, patch);
      expect(result, JSON.stringify({ from, to, patch })).to.deep.equal(to);
      expect(apply(result, patch), JSON.stringify({ from, to, patch })).to.deep.equal(to);
    }
  });

  it('without an order keeps every unnamed item as it was, and has each named one once', () => {
    const random = randomFrom(29);
    for (let i = 0; i < 2000; i++) {
      const doc = randomDoc(random);
      const { items = [], tags = [] } = randomDoc(random);
      const result = apply(doc, { items, tags });
      const named = items.map(({ name }) => name);
      const resultNames = (result.items ?? []).map(({ name }) => name);
      const message = JSON.stringify({ doc, items, tags, result });
      expect((result.items ?? []).filter(({ name }) => !named.includes(name)), message).to.deep.equal(doc.items?.filter(({ name }) => !named.includes(name)));
      expect(resultNames.filter((name) => named.includes(name)), message).to.deep.equal(named);
      expect(result.tags?.filter((tag) => tags.includes(tag)), message).to.deep.equal(tags);
      expect(result.tags?.filter((tag) => !tags.includes(tag)), message).to.deep.equal(doc.tags?.filter((tag) => !tags.includes(tag)));
      expect(result.labels).to.equal(doc.labels);
    }
  });
});
