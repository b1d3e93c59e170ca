import type { OptionsKind } from '#core/api/schema/core-v1/options-kind.ts';
import { scalarDecoder } from '#core/api/schema/decode-scalar.ts';
import { time, type ScalarName, type Type } from '#core/api/schema/type.ts';
import { StatusError } from '#core/api/status-error.ts';

/** Reads the parameters of a URL as fields of an options kind; others are passed over. @throws {StatusError} BadRequest, in the words of Go's conversion */
export function queryOptions<T>({ options }: OptionsKind<T>, query: URLSearchParams): T {
  const read: [string, unknown][] = [];
  for (const { name, type } of options.fields.values()) {
    const value = query.has(name) ? valueOf(type, query.getAll(name)) : undefined;
    // As Go leaves them out where they are written again.
    if (value !== undefined && value !== '' && value !== false) read.push([name, value]);
  }
  return Object.fromEntries(read) as T;
}

function valueOf(type: Type, texts: readonly string[]): unknown {
  const [first = ''] = texts;
  if (type.form === 'scalar') return scalars[type.name]?.(first);
  if (type.form === 'list' && type.of.form === 'scalar') return type.of.name === 'int32' ? portsOf(texts) : texts;
  return undefined;
}

const scalars: Partial<Record<ScalarName, (text: string) => unknown>> = {
  string: (text) => text,
  bool: (text) => !['false', '0'].includes(text.toLowerCase()),
  int64: (text) => numberOf(text, 'ParseInt', /^[+-]?\d+$/, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  time: timeOf,
};

/** Several parameters, or one with commas. */
function portsOf(texts: readonly string[]): number[] {
  return texts.flatMap((text) => text.split(',')).map((text) => numberOf(text, 'ParseUint', /^\d+$/, 0, 65_535, 'cannot convert to []int32: '));
}

function numberOf(text: string, parser: string, syntax: RegExp, least: number, most: number, before = ''): number {
  const number = Number(text);
  const problem = !syntax.test(text) ? 'invalid syntax' : number < least || number > most ? 'value out of range' : undefined;
  if (problem !== undefined) throw StatusError.badRequest(`${before}strconv.${parser}: parsing ${JSON.stringify(text.slice(0, 64))}: ${problem}`);
  return number;
}

const decodeTime = scalarDecoder(time);

/** Old clients write a missing time as JSON does. */
function timeOf(text: string): unknown {
  if (text === '' || text === 'null') return undefined;
  try {
    return decodeTime(text);
  } catch (error) {
    throw StatusError.badRequest(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
