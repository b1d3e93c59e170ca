import { ApiError } from './api-error.ts';
import { isObject, type Json } from './json.ts';

/** What `fields` asks for of an object; the empty map: all of it. */
type Mask = Map<string, Mask>;

/**
 * Parses `items(name,disks/source),nextPageToken`; `*` stands for every field.
 * @throws {ApiError} where it is no selection
 */
export function parseFieldMask(text: string): (answer: Json) => Json {
  const parser = { text, at: 0 };
  const mask = parseList(parser, 0);
  if (parser.at !== text.length || mask.size === 0) throw badSelection(text);
  return (answer) => select(answer, mask) as Json;
}

function parseList(parser: { readonly text: string; at: number }, depth: number): Mask {
  if (depth > 50) throw badSelection(parser.text);
  const mask: Mask = new Map();
  do {
    if (parser.text[parser.at] === ',') parser.at++;
    parsePath(parser, mask, depth);
  } while (parser.text[parser.at] === ',');
  return mask;
}

function parsePath(parser: { readonly text: string; at: number }, mask: Mask, depth: number): void {
  let within = mask;
  for (let steps = 0; ; steps++) {
    const name = /^(?:\*|[A-Za-z_][\w-]*)/.exec(parser.text.slice(parser.at, parser.at + 200))?.[0];
    if (name === undefined || steps > 50) throw badSelection(parser.text);
    parser.at += name.length;
    const next = within.get(name) ?? (new Map() as Mask);
    within.set(name, next);
    within = next;
    if (parser.text[parser.at] !== '/') break;
    parser.at++;
  }
  if (parser.text[parser.at] !== '(') return;
  parser.at++;
  for (const [name, below] of parseList(parser, depth + 1)) within.set(name, below);
  if (parser.text[parser.at] !== ')') throw badSelection(parser.text);
  parser.at++;
}

function select(value: unknown, mask: Mask): unknown {
  if (mask.size === 0) return value;
  if (Array.isArray(value)) return value.map((each) => select(each, mask));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
    const below = mask.get(key) ?? mask.get('*');
    return below === undefined ? [] : [[key, select(each, below)]];
  });
  return Object.fromEntries(entries);
}

function badSelection(text: string): ApiError {
  return new ApiError(400, 'invalidParameter', `Invalid field selection ${text}`, { location: 'fields', locationType: 'parameter' });
}
