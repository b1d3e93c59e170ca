import { compareElements, fieldElement, type Path, type PathElement } from './path-element.ts';

/**
 * A set of paths into an object, in the very form of FieldsV1 (KEP-555): a tree whose edges are path elements. A node without
 * children is a member of the set; one with children is a member when it has the key `.` too. Elements stand in canonical order,
 * and sets never change, so that they share what they have in common and can be stored as they are.
 */
export interface FieldSet {
  readonly [element: PathElement]: FieldSet;
}

type Node = Record<PathElement, FieldSet>;

/** The set without members. As a node it is a member without children. */
export const emptySet: FieldSet = Object.freeze({});

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** The path to this node is itself in the set, not only something below it. */
export const isMember = (node: FieldSet): boolean => node['.'] !== undefined || isEmpty(node);

/** The same node as a member. */
export const asMember = (node: FieldSet): FieldSet => (isMember(node) ? node : { '.': emptySet, ...node });

const sorted = (elements: PathElement[]): boolean => elements.every((element, i) => i === 0 || compareElements(elements[i - 1] ?? '', element) < 0);

/** A node with these children, in whatever order they come. */
export function nodeOf(children: ReadonlyMap<PathElement, FieldSet>, member: boolean): FieldSet {
  const elements = [...children.keys()];
  if (!sorted(elements)) elements.sort(compareElements);
  const node: Node = {};
  if (member && elements.length > 0) node['.'] = emptySet;
  for (const element of elements) node[element] = children.get(element) ?? emptySet;
  return node;
}

/** What is in either. Returns `a` itself when `b` adds nothing. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  return isEmpty(a) ? b : joined(a, b, false);
}

function joinedNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isEmpty(b)) return asMember(a);
  if (isEmpty(a)) return asMember(b);
  return joined(a, b, isMember(a) || isMember(b));
}

function joined(a: FieldSet, b: FieldSet, member: boolean): FieldSet {
  let same = member === (a['.'] !== undefined);
  let last = '';
  const node: Node = {};
  if (member) node['.'] = emptySet;
  for (const element in a) {
    const mine = a[element];
    if (mine === undefined || element === '.') continue;
    const other = b[element];
    const child = other === undefined ? mine : joinedNodes(mine, other);
    if (child !== mine) same = false;
    node[element] = child;
    last = element;
  }
  const added = Object.keys(b).filter((element) => element !== '.' && a[element] === undefined);
  const [first] = added;
  if (first === undefined) return same ? a : node;
  for (const element of added) node[element] = b[element] ?? emptySet;
  return compareElements(last, first) < 0 ? node : ordered(node);
}

function ordered(node: Node): FieldSet {
  const result: Node = {};
  for (const element of Object.keys(node).sort(compareElements)) result[element] = node[element] ?? emptySet;
  return result;
}

/** What is in `a` and not in `b`, path by path: a member of `b` takes nothing away that lies below it. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet => (isEmpty(b) ? a : (rest(a, b, false, false) ?? emptySet));

/** What is in `a` and neither in `b` nor below a member of `b`. */
export const recursiveDifference = (a: FieldSet, b: FieldSet): FieldSet => (isEmpty(b) ? a : (rest(a, b, false, true) ?? emptySet));

/** @returns undefined when nothing is left */
function rest(a: FieldSet, b: FieldSet, member: boolean, recursive: boolean): FieldSet | undefined {
  let same = member === (a['.'] !== undefined || isEmpty(a));
  let children = false;
  const node: Node = {};
  if (member) node['.'] = emptySet;
  for (const element in a) {
    const mine = a[element];
    if (mine === undefined || element === '.') continue;
    const other = b[element];
    const child = other === undefined ? mine : restOfNode(mine, other, recursive);
    if (child !== mine) same = false;
    if (child === undefined) continue;
    node[element] = child;
    children = true;
  }
  if (same) return a;
  if (children) return node;
  return member ? emptySet : undefined;
}

function restOfNode(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet | undefined {
  const taken = isMember(b);
  return recursive && taken ? undefined : rest(a, b, !taken && isMember(a), recursive);
}

/** What is in both. */
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => common(a, b, false) ?? emptySet;

function common(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  let children = false;
  const node: Node = {};
  if (member) node['.'] = emptySet;
  for (const element in a) {
    const mine = a[element];
    const other = b[element];
    if (mine === undefined || other === undefined || element === '.') continue;
    const child = common(mine, other, isMember(mine) && isMember(other));
    if (child === undefined) continue;
    node[element] = child;
    children = true;
  }
  if (children) return node;
  return member ? emptySet : undefined;
}

/** The members without other members below them. */
export function leaves(set: FieldSet): FieldSet {
  if (isEmpty(set)) return emptySet;
  const node: Node = {};
  for (const element in set) if (element !== '.') node[element] = leaves(set[element] ?? emptySet);
  return node;
}

export function has(set: FieldSet, path: Path): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) {
    node = node[element];
    if (node === undefined) return false;
  }
  return path.length > 0 && isMember(node);
}

export function fieldSet(...paths: readonly Path[]): FieldSet {
  let set = emptySet;
  for (const path of paths) if (path.length > 0) set = union(set, path.reduceRight<FieldSet>((node, element) => ({ [element]: node }), emptySet));
  return set;
}

/** All members; those of a node come before those below any of them. */
export function pathsOf(set: FieldSet): Path[] {
  const paths: Path[] = [];
  const collect = (node: FieldSet, prefix: Path): void => {
    const elements = Object.keys(node).filter((element) => element !== '.');
    for (const element of elements) if (isMember(node[element] ?? emptySet)) paths.push([...prefix, element]);
    for (const element of elements) collect(node[element] ?? emptySet, [...prefix, element]);
  };
  collect(set, []);
  return paths;
}

export function sameSet(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let elements = 0;
  for (const element in a) {
    const mine = a[element];
    const other = b[element];
    if (mine === undefined || other === undefined || !sameSet(mine, other)) return false;
    elements++;
  }
  for (const _ in b) elements--;
  return elements === 0;
}

/** The members at or below the fields that any of `fields` leads to; `*` stands for every item or key. */
export function only(set: FieldSet, fields: readonly (readonly string[])[]): FieldSet {
  let result = emptySet;
  for (const path of fields) result = union(result, along(set, path) ?? emptySet);
  return result;
}

function along(node: FieldSet, [step, ...further]: readonly string[]): FieldSet | undefined {
  if (step === undefined) return node;
  const found: Node = {};
  let some = false;
  for (const element in node) {
    if (element === '.' || (step !== '*' && element !== fieldElement(step))) continue;
    const below = along(node[element] ?? emptySet, further);
    if (below === undefined) continue;
    found[element] = below;
    some = true;
  }
  return some ? found : undefined;
}
