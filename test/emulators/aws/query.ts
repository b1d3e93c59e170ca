import { Params, type ParamValue } from './params.ts';
import type { Field, Fields, Shapes } from './shapes.ts';

/** How a service refuses what its table does not allow. */
export interface QueryRefusals {
  missing(name: string): Error;
  unknown(name: string): Error;
  /** @param path as the caller wrote it */
  invalid(field: Field, path: string, value: string): Error;
}

export interface QuerySyntax extends QueryRefusals {
  readonly shapes: Shapes;
  /** Between the name of a list and the number of an entry, where the protocol wants one (`member` in ELB). */
  readonly between: string | undefined;
}

interface Branch {
  readonly children: Map<string, Branch>;
  value: string | undefined;
}

const protocolNames = new Set(['Action', 'Version', 'AWSAccessKeyId', 'Signature', 'SignatureMethod', 'SignatureVersion', 'Timestamp', 'Expires', 'SecurityToken']);

/**
 * Reads `Filter.1.Value.2=x` and its like for one action.
 * @throws {Error} the service's refusal of the first thing that the table does not allow
 */
export function readQuery(pairs: Iterable<readonly [string, string]>, action: string, syntax: QuerySyntax): Params {
  const root: Branch = { children: new Map(), value: undefined };
  for (const [name, value] of pairs) {
    if (protocolNames.has(name) || name.startsWith('X-Amz-')) continue;
    plant(root, name.split('.'), value);
  }
  return readFields(root, syntax.shapes.action(action), '', syntax);
}

function plant(root: Branch, path: readonly string[], value: string): void {
  let branch = root;
  for (const segment of path) {
    let child = branch.children.get(segment);
    if (child === undefined) branch.children.set(segment, child = { children: new Map(), value: undefined });
    branch = child;
  }
  branch.value = value;
}

function readFields(branch: Branch, fields: Fields, path: string, syntax: QuerySyntax): Params {
  const values = new Map<string, ParamValue>();
  for (const [name, child] of branch.children) {
    const field = fields.get(name);
    if (field === undefined) throw syntax.unknown(path + name);
    values.set(name, field.list ? readList(child, field, path + name, syntax) : readValue(child, field, path + name, syntax));
  }
  for (const field of fields.values()) {
    const value = values.get(field.name);
    if (field.required && (value === undefined || (Array.isArray(value) && value.length === 0))) throw syntax.missing(path + field.name);
  }
  return new Params(values);
}

function readList(branch: Branch, field: Field, path: string, syntax: QuerySyntax): (string | number | boolean | Params)[] {
  // An empty list is written as the name with nothing after it.
  if (branch.children.size === 0 && branch.value === '') return [];
  const numbered = syntax.between === undefined ? branch : branch.children.get(syntax.between);
  if (numbered === undefined || branch.value !== undefined || (syntax.between !== undefined && branch.children.size > 1)) throw syntax.unknown(path);
  return [...numbered.children].map(([index, child]) => {
    if (!/^[1-9]\d{0,4}$/.test(index)) throw syntax.unknown(`${path}.${index}`);
    return { index: Number(index), child };
  }).sort((a, b) => a.index - b.index).map(({ index, child }) => readValue(child, field, `${path}.${index}`, syntax));
}

function readValue(branch: Branch, field: Field, path: string, syntax: QuerySyntax): string | number | boolean | Params {
  if (syntax.shapes.isStructure(field.type)) {
    if (branch.value !== undefined && branch.value !== '') throw syntax.invalid(field, path, branch.value);
    return readFields(branch, syntax.shapes.structure(field.type), `${path}.`, syntax);
  }
  if (field.type === 'm') return '';
  if (branch.children.size > 0 || branch.value === undefined) throw syntax.unknown(`${path}.${[...branch.children.keys()][0] ?? ''}`);
  const value = parseScalar(field, branch.value);
  if (value === undefined) throw syntax.invalid(field, path, branch.value);
  return value;
}

/** Undefined for what the field does not allow. */
function parseScalar(field: Field, text: string): string | number | boolean | undefined {
  switch (field.type) {
    case 'b': return parseFlag(text);
    case 'i':
    case 'l': return parseNumber(field, text, /^-?\d{1,15}$/);
    case 'd': return parseNumber(field, text, /^-?\d{1,15}(\.\d{1,15})?$/);
    case 't': return Number.isNaN(Date.parse(text)) ? undefined : text;
    default: return parseText(field, text);
  }
}

function parseFlag(text: string): boolean | undefined {
  if (text === 'true') return true;
  return text === 'false' ? false : undefined;
}

function parseNumber({ min = -Infinity, max = Infinity }: Field, text: string, form: RegExp): number | undefined {
  const number = form.test(text) ? Number(text) : NaN;
  return number >= min && number <= max ? number : undefined;
}

function parseText({ values, min = 0, max = Infinity }: Field, text: string): string | undefined {
  if (values !== undefined && !values.has(text)) return undefined;
  return text.length >= min && text.length <= max ? text : undefined;
}
