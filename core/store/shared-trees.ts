/** A tree of objects and nothing else. */
interface Tree {
  [edge: string]: Tree;
}

interface Known {
  readonly tree: Tree;
  readonly edges: number;
  readonly id: number;
}

/** Nodes that are kept for sharing. */
const capacity = 16_384;

const leaf: Known = { tree: Object.freeze({}), edges: 0, id: 0 };
const known = new Map<number, Known[]>();
const idOfEdge = new Map<string, number>();
let count = 0;

/**
 * The one frozen copy of a freshly parsed tree of objects, such as `fieldsV1`: objects that were made alike have the same fields, and
 * one list of them serves all. What differs in one branch shares the other branches.
 * @returns undefined when the value has anything but objects in it
 */
export function sharedTree(value: object): object | undefined {
  if (count >= capacity || idOfEdge.size >= capacity) {
    known.clear();
    idOfEdge.clear();
    count = 0;
  }
  return share(value)?.tree;
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function share(value: unknown): Known | undefined {
  if (!isTree(value)) return undefined;
  let hash = 0;
  let edges = 0;
  for (const edge in value) {
    if (edge === '__proto__') return undefined;
    const below = share(value[edge]);
    if (below === undefined) return undefined;
    value[edge] = below.tree;
    hash = (Math.imul(hash ^ edgeId(edge), 0x9e3779b1) + below.id) | 0;
    edges++;
  }
  return edges === 0 ? leaf : (find(hash, value, edges) ?? add(hash, value, edges));
}

function edgeId(edge: string): number {
  let id = idOfEdge.get(edge);
  if (id === undefined) idOfEdge.set(edge, id = idOfEdge.size + 1);
  return id;
}

function find(hash: number, tree: Tree, edges: number): Known | undefined {
  return known.get(hash)?.find((candidate) => candidate.edges === edges && sameBranches(candidate.tree, tree));
}

function sameBranches(a: Tree, b: Tree): boolean {
  for (const edge in a) if (a[edge] !== b[edge]) return false;
  return true;
}

function add(hash: number, tree: Tree, edges: number): Known {
  const added = { tree: Object.freeze(tree), edges, id: ++count };
  const others = known.get(hash);
  if (others) others.push(added);
  else known.set(hash, [added]);
  return added;
}
