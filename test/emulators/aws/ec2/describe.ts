import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Call } from '#test/emulators/aws/service.ts';
import type { Row, Table } from '#test/emulators/aws/table.ts';
import { seenRows, type IdKind } from './ids.ts';

type FilterValue = string | number | boolean | undefined;
/** What a filter compares, by the filter's name. */
export type Filters<T> = Readonly<Record<string, (row: T) => FilterValue | readonly FilterValue[]>>;

export interface Description<T extends Row> {
  readonly kind: IdKind;
  /** The parameter with the ids. */
  readonly ids: string;
  readonly table: Table<T>;
  readonly filters: Filters<T>;
  /** What `MaxResults` may be; absent: the action has no pages. */
  readonly pages?: readonly [number, number];
}

/** What a describe shows: by ids, or all, then filtered, then one page of it. */
export function describe<T extends Row>({ params }: Call, { kind, ids, table, filters, pages }: Description<T>): { readonly rows: T[]; readonly nextToken?: string } {
  const named = params.texts(ids);
  if (named.length > 0 && pages !== undefined && params.has('MaxResults') && kind.prefix === 'i') {
    throw new ApiError('InvalidParameterCombination', 'The parameter instancesSet cannot be used with the parameter maxResults');
  }
  const rows = named.length > 0 ? seenRows(kind, table, named) : table.seenRows();
  return page(params, filtered(params, rows, filters), pages ?? [1, Infinity]);
}

/** @throws {ApiError} InvalidParameterValue for a filter that the action does not know */
export function filtered<T extends { readonly tags?: ReadonlyMap<string, string> }>(params: Params, rows: readonly T[], filters: Filters<T>): T[] {
  const tests = params.structs('Filter').map((filter) => filterTest(filter, filters));
  if (tests.length > 50) throw new ApiError('FilterLimitExceeded', 'The maximum number of filters is 50.');
  return rows.filter((row) => tests.every((test) => test(row)));
}

function filterTest<T extends { readonly tags?: ReadonlyMap<string, string> }>(filter: Params, filters: Filters<T>): (row: T) => boolean {
  const name = filter.text('Name');
  const values = filter.texts('Value');
  if (name === undefined) throw new ApiError('InvalidParameterValue', 'Filter name cannot be empty.');
  if (values.length === 0) throw new ApiError('InvalidParameterValue', `The filter '${name}' must have at least one value.`);
  if (values.length > 200) throw new ApiError('FilterLimitExceeded', 'The maximum number of filter values specified on a single call is 200');
  const pattern = new RegExp(`^(?:${values.map(wildcards).join('|')})$`, 's');
  const read = reader(name, filters);
  return (row) => [read(row)].flat().some((value) => value !== undefined && pattern.test(String(value)));
}

function reader<T extends { readonly tags?: ReadonlyMap<string, string> }>(name: string, filters: Filters<T>): (row: T) => FilterValue | readonly FilterValue[] {
  if (name.startsWith('tag:')) return (row) => row.tags?.get(name.slice(4));
  if (name === 'tag-key') return (row) => [...row.tags?.keys() ?? []];
  const read = Object.hasOwn(filters, name) ? filters[name] : undefined;
  if (read === undefined) throw new ApiError('InvalidParameterValue', `The filter '${name}' is invalid`);
  return read;
}

/** `*` stands for anything, `?` for one character, a backslash takes the meaning away. */
function wildcards(value: string): string {
  return value.replace(/\*{2,}/g, '*').replace(/\\([*?\\])|([\s\S])/g, (_match, escaped: string | undefined, plain: string | undefined) => {
    if (plain === '*') return '.*';
    if (plain === '?') return '.';
    return (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  });
}

/**
 * Tokens name the last row shown, so what is made or deleted meanwhile moves nothing.
 * @param usual how many when the call does not say
 */
export function page<T extends { readonly sequence: number }>(params: Params, rows: readonly T[], [min, max]: readonly [number, number], usual = Infinity): { readonly rows: T[]; readonly nextToken?: string } {
  const limit = params.number('MaxResults');
  if (limit !== undefined && limit < min) throw new ApiError('InvalidParameterValue', `Value ( ${limit} ) for parameter maxResults is invalid. Expecting a value greater than ${min}.`);
  const after = readToken(params.text('NextToken'));
  const rest = rows.filter((row) => row.sequence > after);
  const shown = rest.slice(0, limit === undefined ? usual : Math.min(limit, max));
  const last = shown.at(-1);
  return { rows: shown, ...(last !== undefined && shown.length < rest.length ? { nextToken: Buffer.from(`after/${last.sequence}`).toString('base64') } : {}) };
}

function readToken(token: string | undefined): number {
  if (token === undefined) return 0;
  const [, sequence] = /^after\/(\d+)$/.exec(Buffer.from(token, 'base64').toString()) ?? [];
  if (sequence === undefined) throw new ApiError('InvalidParameterValue', `Value ( ${token} ) for parameter NextToken is invalid. The token is invalid.`);
  return Number(sequence);
}
