import type { Type } from '#core/api/schema/type.ts';
import { isObject, own, setOwn, type JsonObject } from '#core/api/value.ts';
import type { PathElement } from './path-element.ts';
import { shapeOf, typeOfField, type Shape } from './shape.ts';

type ListShape = Extract<Shape, { form: 'list' }>;

/**
 * Lays a configuration over a live value: what it sets counts, all else stays. Lists with keys and sets merge item by item;
 * the items that both have stand in the configuration's order, and the live ones before them that it lacks stay before them.
 *
 * Neither argument is changed; the result shares what it did not have to merge.
 * @throws {UnkeyedItem} for items that have no place in their list
 */
export function merge(type: Type, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (applied === null) return shapeOf(type, live).form === 'whole' || isBare(live) ? null : live;
  const shape = shapeOf(type, applied);
  if (shapeOf(type, live).form !== shape.form) return applied;
  switch (shape.form) {
    case 'whole': return applied;
    case 'list': return Array.isArray(live) && Array.isArray(applied) ? mergeItems(shape, live, applied) : applied;
    case 'map': return mergeMembers(live, applied, () => shape.of);
    case 'struct': return mergeMembers(live, applied, (name) => typeOfField(shape.type, name));
  }
}

const isBare = (value: unknown): boolean => typeof value !== 'object' || value === null || Object.keys(value).length === 0;

function mergeMembers(live: unknown, applied: unknown, typeOf: (name: string) => Type): unknown {
  if (!isObject(live) || !isObject(applied)) return applied;
  const merged: JsonObject = { ...live };
  for (const name of Object.keys(applied)) setOwn(merged, name, merge(typeOf(name), own(live, name), applied[name]));
  return merged;
}

/** A list whose items are known by their elements. */
interface Indexed {
  readonly elements: readonly PathElement[];
  readonly items: readonly unknown[];
  /** An element that occurs more than once has no value here: nothing can be merged into it. */
  readonly byElement: ReadonlyMap<PathElement, unknown>;
}

function index(items: readonly unknown[], { elementOf }: ListShape): Indexed {
  const elements = items.map((item) => elementOf(item));
  const byElement = new Map<PathElement, unknown>();
  elements.forEach((element, i) => byElement.set(element, byElement.has(element) ? undefined : items[i]));
  return { elements, items, byElement };
}

/**
 * As structured-merge-diff: both lists are walked side by side. A live item that the configuration lacks is taken where it stands;
 * one that both have is taken when its turn in the configuration comes.
 */
function mergeItems(shape: ListShape, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const old = index(live, shape);
  const now = index(applied, shape);
  const shared = now.elements.filter((element) => old.byElement.has(element));
  const merged: unknown[] = [];
  let turn = 0;
  let at = 0;
  for (const element of now.elements) {
    for (; at < old.elements.length; at++) {
      const next = old.elements[at] ?? '';
      if (!now.byElement.has(next)) merged.push(old.items[at]);
      else if (next === shared[turn]) break;
      else if (turn === shared.length) {
        at++;
        break;
      }
    }
    merged.push(merge(shape.of, old.byElement.get(element), now.byElement.get(element)));
    if (old.elements[at] === element) at++;
    if (shared[turn] === element) turn++;
  }
  for (; at < old.elements.length; at++) if (!now.byElement.has(old.elements[at] ?? '')) merged.push(old.items[at]);
  return merged;
}
