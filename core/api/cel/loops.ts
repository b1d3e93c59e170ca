import type { Loop } from './ast.ts';
import { EntryMap } from './containers.ts';
import type { Frame } from './frame.ts';
import { bothBool, type Eval } from './operators.ts';
import { eachItem, Failure, isList, isMap, mapGet, mapKeys, noSuchOverload, typeNameOf } from './values.ts';

/** A loop with its parts planned. */
export interface PlannedLoop {
  readonly range: Eval;
  /** The slots of its variables. */
  readonly slots: readonly number[];
  readonly filter: Eval | undefined;
  readonly body: Eval;
  /** What making the empty result costs; constants cost nothing. */
  readonly initialCost: number;
  /** What wrapping one item in a list costs. */
  readonly itemCost: number;
}

/**
 * Plans a macro. Upstream expands macros to folds over an accumulator and charges for each step of those; the sums here are
 * the same, without the accumulator.
 */
export function planLoop(macro: Loop['macro'], loop: PlannedLoop): Eval {
  switch (macro) {
    case 'all': return quantifier(loop, false, 2);
    case 'exists': return quantifier(loop, true, 3);
    case 'existsOne': return existsOne(loop);
    case 'list': return listLoop(loop);
    case 'map': case 'entries': return mapLoop(loop, macro === 'map');
  }
}

/** Sets the variables for each item in turn, until `visit` says false. Returns what is wrong with the range. */
function iterate({ slots: [first = 0, second] }: PlannedLoop, range: unknown, frame: Frame, visit: () => boolean): Failure | undefined {
  const { slots } = frame;
  if (isList(range)) {
    eachItem(range, (item, index) => {
      slots[first] = second === undefined ? item : index;
      if (second !== undefined) slots[second] = item;
      return visit();
    });
    return undefined;
  }
  if (range instanceof Failure) return range;
  if (!isMap(range)) return new Failure(`got '${typeNameOf(range)}', expected iterable type`);
  for (const key of mapKeys(range)) {
    slots[first] = key;
    if (second !== undefined) slots[second] = mapGet(range, key);
    if (!visit()) break;
  }
  return undefined;
}

/** Ends at the first item that decides; errors of others do not matter then. */
function quantifier(loop: PlannedLoop, decisive: boolean, conditionCost: number): Eval {
  const { range, body } = loop;
  return (frame) => {
    let result: unknown = !decisive;
    const problem = iterate(loop, range(frame), frame, () => {
      frame.charge(conditionCost);
      if (result === decisive) return false;
      frame.charge(1);
      const verdict = body(frame);
      result = verdict === decisive ? decisive : bothBool(result, verdict) ?? result;
      return true;
    });
    if (problem !== undefined) return problem;
    frame.charge(1);
    return result;
  };
}

function existsOne(loop: PlannedLoop): Eval {
  const { range, body } = loop;
  return (frame) => {
    let count = 0;
    let failure: Failure | undefined;
    const problem = iterate(loop, range(frame), frame, () => {
      const verdict = body(frame);
      if (verdict === true) {
        frame.charge(2);
        count++;
      } else if (verdict !== false) {
        failure = verdict instanceof Failure ? verdict : noSuchOverload;
      }
      return failure === undefined;
    });
    frame.charge(2);
    return problem ?? failure ?? count === 1;
  };
}

/** Whether the item is wanted; a failure when that cannot be told. */
function wanted(filter: Eval | undefined, frame: Frame): boolean | Failure {
  const verdict = filter === undefined ? true : filter(frame);
  if (typeof verdict === 'boolean') return verdict;
  return verdict instanceof Failure ? verdict : noSuchOverload;
}

function listLoop(loop: PlannedLoop): Eval {
  const { range, filter, body, initialCost, itemCost } = loop;
  return (frame) => {
    const items: unknown[] = [];
    let failure: Failure | undefined;
    frame.charge(initialCost);
    const problem = iterate(loop, range(frame), frame, () => {
      const take = wanted(filter, frame);
      if (take === false) return true;
      frame.charge(2 + itemCost);
      const item = take === true ? body(frame) : take;
      if (item instanceof Failure) failure = item;
      else items.push(item);
      return failure === undefined;
    });
    frame.charge(1);
    return problem ?? failure ?? items;
  };
}

function mapLoop(loop: PlannedLoop, keyed: boolean): Eval {
  const { range, filter, body, initialCost, slots: [keySlot = 0] } = loop;
  return (frame) => {
    const map = new EntryMap();
    let failure: Failure | undefined;
    frame.charge(initialCost);
    const problem = iterate(loop, range(frame), frame, () => {
      const take = wanted(filter, frame);
      if (take === false) return true;
      frame.charge(keyed ? 3 : 2);
      const value = take === true ? body(frame) : take;
      if (value instanceof Failure) failure = value;
      else failure = keyed ? map.insert(frame.slots[keySlot], value) : insertAll(map, value);
      return failure === undefined;
    });
    frame.charge(1);
    return problem ?? failure ?? map;
  };
}

function insertAll(map: EntryMap, entries: unknown): Failure | undefined {
  if (!isMap(entries)) return noSuchOverload;
  for (const key of mapKeys(entries)) {
    const failure = map.insert(key, mapGet(entries, key));
    if (failure !== undefined) return failure;
  }
  return undefined;
}
