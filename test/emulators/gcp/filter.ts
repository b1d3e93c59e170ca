import { invalid } from './api-error.ts';
import { fieldOf, isObject, textOf, type Resource } from './json.ts';

export type Predicate = (resource: Resource) => boolean;

/**
 * Filter expressions of lists: `name = x`, `name != x`, `status:RUN*`, `sizeGb > 10`, `labels.k:*`, with parentheses, AND, OR, NOT and `-`; and the older
 * `name eq regex` and `name ne regex`. Terms beside each other are joined by AND.
 * @throws {ApiError} where it is no expression
 */
export function parseFilter(text: string): Predicate {
  const tokens = tokenize(text);
  const parser = { text, tokens, at: 0 };
  const predicate = parseSequence(parser, 0);
  if (parser.at !== tokens.length) throw badFilter(text);
  return predicate;
}

interface Parser {
  readonly text: string;
  readonly tokens: readonly Token[];
  at: number;
}

interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

const operators = new Set(['=', '!=', '<', '<=', '>', '>=', ':', 'eq', 'ne']);

function tokenize(text: string): readonly Token[] {
  if (text.length > 10_000) throw badFilter(text.slice(0, 100));
  const tokens: Token[] = [];
  const rest = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|<=|>=|[=<>:()]|-(?=\())|([^\s()=!<>:"']+))|\s*$/y;
  const value = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\()|([^\s()"']+))/y;
  for (let at = 0; at < text.length; ) {
    const last = tokens.at(-1);
    const pattern = last !== undefined && !last.quoted && operators.has(last.text) ? value : rest;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw badFilter(text);
    at = pattern.lastIndex;
    tokens.push(...tokenOf(match));
  }
  return tokens;
}

function tokenOf([, double, single, operator, word]: readonly (string | undefined)[]): readonly Token[] {
  const quoted = double ?? single;
  if (quoted !== undefined) return [{ text: quoted.replaceAll(/\\(["'\\])/g, '$1'), quoted: true }];
  const plain = operator ?? word;
  return plain === undefined ? [] : [{ text: plain, quoted: false }];
}

function parseSequence(parser: Parser, depth: number): Predicate {
  let predicate = parseAlternatives(parser, depth);
  while (parser.at < parser.tokens.length && !isNext(parser, ')')) {
    if (isNext(parser, 'AND')) parser.at++;
    const left = predicate;
    const right = parseAlternatives(parser, depth);
    predicate = (resource) => left(resource) && right(resource);
  }
  return predicate;
}

function parseAlternatives(parser: Parser, depth: number): Predicate {
  let predicate = parseTerm(parser, depth);
  while (isNext(parser, 'OR')) {
    parser.at++;
    const left = predicate;
    const right = parseTerm(parser, depth);
    predicate = (resource) => left(resource) || right(resource);
  }
  return predicate;
}

function parseTerm(parser: Parser, depth: number): Predicate {
  if (depth > 50) throw badFilter(parser.text);
  if (isNext(parser, 'NOT') || isNext(parser, '-')) {
    parser.at++;
    const inner = parseTerm(parser, depth + 1);
    return (resource) => !inner(resource);
  }
  if (!isNext(parser, '(')) return parseComparison(parser);
  parser.at++;
  const inner = parseSequence(parser, depth + 1);
  if (!isNext(parser, ')')) throw badFilter(parser.text);
  parser.at++;
  return inner;
}

function parseComparison(parser: Parser): Predicate {
  const [field, operator, value] = parser.tokens.slice(parser.at, parser.at + 3);
  if (field === undefined || operator === undefined || value === undefined || operator.quoted || !Object.hasOwn(comparisons, operator.text)) throw badFilter(parser.text);
  parser.at += 3;
  const compare = comparisons[operator.text]?.(value.text, value.quoted);
  if (compare === undefined || !/^[A-Za-z_][\w.-]*$/.test(field.text)) throw badFilter(parser.text);
  const path = field.text.split('.');
  return (resource) => compare(valuesAt(resource, path));
}

type Comparison = (value: string, quoted: boolean) => (found: readonly unknown[]) => boolean;

const equal: Comparison = (value) => {
  const matches = wildcard(value);
  return (found) => found.some((each) => matches(textOf(each)));
};

const ordered =
  (holds: (sign: number) => boolean): Comparison =>
  (value) =>
  (found) =>
    found.some((each) => holds(orderOf(textOf(each), value)));

const comparisons: Readonly<Record<string, Comparison>> = {
  '=': equal,
  '!=': (value, quoted) => (found) => !equal(value, quoted)(found),
  ':': (value, quoted) => {
    if (value === '*' && !quoted) return (found) => found.length > 0;
    const matches = wildcard(value.toLowerCase());
    return (found) => found.some((each) => matches(textOf(each).toLowerCase()) || (!value.includes('*') && textOf(each).toLowerCase().split(/[^a-z0-9]+/).includes(value.toLowerCase())));
  },
  '<': ordered((sign) => sign < 0),
  '<=': ordered((sign) => sign <= 0),
  '>': ordered((sign) => sign > 0),
  '>=': ordered((sign) => sign >= 0),
  eq: (value) => {
    const pattern = regex(value);
    return (found) => found.some((each) => pattern.test(textOf(each)));
  },
  ne: (value) => {
    const pattern = regex(value);
    return (found) => !found.some((each) => pattern.test(textOf(each)));
  },
};

function wildcard(value: string): (text: string) => boolean {
  if (!value.includes('*')) return (text) => text === value;
  const parts = value.split('*');
  return (text) => {
    const [first = '', ...rest] = parts;
    const last = rest.pop() ?? '';
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
    let at = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > text.length - last.length) return false;
      at = found + part.length;
    }
    return true;
  };
}

/** The whole of a value matches; what JavaScript could take for ever for is refused. */
function regex(value: string): RegExp {
  if (value.length > 300 || /\([^)]*[+*][^)]*\)[+*{]/.test(value)) throw badFilter(value);
  try {
    return new RegExp(`^(?:${value})$`);
  } catch {
    throw badFilter(value);
  }
}

function orderOf(text: string, value: string): number {
  const [left, right] = [Number(text), Number(value)];
  if (text !== '' && value !== '' && !Number.isNaN(left) && !Number.isNaN(right)) return left - right;
  return text < value ? -1 : Number(text > value);
}

function valuesAt(value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((each) => valuesAt(each, name === undefined ? [] : [name, ...rest]));
  if (name === undefined) return isObject(value) && Object.keys(value).length === 0 ? [] : [value];
  return valuesAt(fieldOf(value, name), rest);
}

function isNext(parser: Parser, text: string): boolean {
  const token = parser.tokens[parser.at];
  return token !== undefined && !token.quoted && token.text === text;
}

function badFilter(text: string): ReturnType<typeof invalid> {
  return invalid('filter', text, 'Invalid list filter expression.');
}
