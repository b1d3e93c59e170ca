import { StatusError } from '#core/api/status-error.ts';
import { checkDepth, deepCopy, deepEqual, isObject, own, setOwn } from '#core/api/value.ts';
import { child, indexIn, parsePointer } from './json-pointer.ts';

const maxOperations = 10_000;
/** What `copy` operations may add in all, in characters of JSON: without it, a few dozen of them double a document beyond any memory. */
const maxCopied = 3 * 1024 * 1024;

interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly tokens: readonly string[];
  readonly from: readonly string[];
  readonly value: unknown;
}

/**
 * Applies a JSON patch (RFC 6902), all of it or nothing. Neither argument is changed, and the result shares nothing with them.
 *
 * As upstream, and not as in the RFC, a `test` for null also holds where nothing is, and `replace` adds a member that an object lacks.
 * @throws {StatusError} BadRequest for a malformed patch, RequestEntityTooLarge for more than 10,000 operations or when
 * `copy` grows the document beyond measure, Invalid (422) for a path that is not there and for a `test` that fails.
 */
export function applyJsonPatch(doc: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw StatusError.badRequest('a JSON patch must be a list of operations');
  if (operations.length > maxOperations) {
    throw new StatusError('RequestEntityTooLarge', `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`);
  }
  const parsed = operations.map(parseOperation);
  const document = new Document(deepCopy(doc));
  parsed.forEach((operation, index) => document.apply(operation, index));
  checkDepth(document.root);
  return document.root;
}

const kinds: ReadonlySet<unknown> = new Set<Operation['op']>(['add', 'remove', 'replace', 'move', 'copy', 'test']);
const needsValue: ReadonlySet<Operation['op']> = new Set<Operation['op']>(['add', 'replace', 'test']);
const isKind = (op: unknown): op is Operation['op'] => kinds.has(op);

function parseOperation(given: unknown, index: number): Operation {
  const bad = (problem: string): never => {
    throw StatusError.badRequest(`JSON patch operation ${index} is malformed: ${problem}`);
  };
  const pointer = (name: string, value: unknown): string[] =>
    (typeof value === 'string' ? parsePointer(value) : undefined) ?? bad(`${name} ${shown(value)} is not a JSON pointer`);
  if (!isObject(given)) return bad('it is not an object');
  const { op } = given;
  if (!isKind(op)) return bad(`op must be add, remove, replace, move, copy or test, not ${shown(op)}`);
  if (needsValue.has(op) && !Object.hasOwn(given, 'value')) return bad('value is missing');
  return {
    op, path: String(given['path']), tokens: pointer('path', given['path']),
    from: op === 'move' || op === 'copy' ? pointer('from', given['from']) : [], value: own(given, 'value'),
  };
}

function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? 'nothing';
  } catch {
    // Moves may have nested the document beyond what can be written; the final check has not run yet.
    return 'a value that nests too deep';
  }
  return text.length > 128 ? `${text.slice(0, 128)}…` : text;
}

class Unappliable extends Error {}

class Document {
  root: unknown;
  private copied = 0;

  constructor(root: unknown) {
    this.root = root;
  }

  apply(operation: Operation, index: number): void {
    try {
      this.step(operation);
    } catch (error) {
      if (!(error instanceof Unappliable)) throw error;
      const { op, path } = operation;
      throw new StatusError('Invalid', `the server rejected our request due to an error in our request: JSON patch operation ${index} (${op} ${shown(path)}): ${error.message}`);
    }
  }

  private step(operation: Operation): void {
    const { op, tokens, from, value } = operation;
    switch (op) {
      case 'add': return this.add(tokens, deepCopy(value));
      case 'remove': return void this.remove(tokens);
      case 'replace': return this.replace(tokens, deepCopy(value));
      case 'move': return this.move(from, tokens);
      case 'copy': return this.add(tokens, this.copy(from));
      case 'test': return this.test(tokens, value);
    }
  }

  private get(tokens: readonly string[]): unknown {
    let value = this.root;
    for (const token of tokens) value = child(value, token);
    if (value === undefined) throw new Unappliable(`there is nothing at ${shown(`/${tokens.join('/')}`)}`);
    return value;
  }

  private add(tokens: readonly string[], value: unknown): void {
    const last = tokens.at(-1);
    if (last === undefined) {
      this.root = value;
      return;
    }
    const parent = this.get(tokens.slice(0, -1));
    if (Array.isArray(parent)) {
      const index = last === '-' || last === String(parent.length) ? parent.length : indexIn(parent, last);
      if (index === undefined) throw new Unappliable(`${shown(last)} is no position in a list of ${parent.length}`);
      parent.splice(index, 0, value);
    } else if (isObject(parent)) {
      setOwn(parent, last, value);
    } else {
      throw new Unappliable('its parent is neither an object nor a list');
    }
  }

  private remove(tokens: readonly string[]): unknown {
    const last = tokens.at(-1);
    if (last === undefined) throw new Unappliable('the whole document cannot be removed');
    const parent = this.get(tokens.slice(0, -1));
    const removed = this.get(tokens);
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else if (isObject(parent)) delete parent[last];
    return removed;
  }

  private replace(tokens: readonly string[], value: unknown): void {
    const last = tokens.at(-1);
    const parent = last === undefined ? undefined : this.get(tokens.slice(0, -1));
    if (!Array.isArray(parent)) return this.add(tokens, value);
    this.get(tokens);
    parent[Number(last)] = value;
  }

  private move(from: readonly string[], to: readonly string[]): void {
    if (from.length < to.length && from.every((token, i) => token === to[i])) throw new Unappliable('a value cannot move into itself');
    if (from.length === to.length && from.every((token, i) => token === to[i])) {
      this.get(from);
      return;
    }
    this.add(to, this.remove(from));
  }

  private copy(from: readonly string[]): unknown {
    const copy = deepCopy(this.get(from));
    this.copied += JSON.stringify(copy).length;
    if (this.copied > maxCopied) {
      throw new StatusError('RequestEntityTooLarge', `Unable to complete the copy, the accumulated size increase of copy is ${this.copied}, exceeding the limit ${maxCopied}`);
    }
    return copy;
  }

  private test(tokens: readonly string[], expected: unknown): void {
    let actual = this.root;
    for (const token of tokens) actual = child(actual, token);
    if (expected === null && actual === undefined) return;
    if (!deepEqual(actual, expected)) throw new Unappliable(`the value is ${shown(actual)}, not ${shown(expected)}`);
  }
}
