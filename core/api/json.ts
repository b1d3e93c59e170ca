import { JsonScanner } from './json-scanner.ts';
import { StatusError } from './status-error.ts';
import { maxDepth, setOwn, tooDeep, type JsonObject } from './value.ts';

export interface ParsedJson {
  readonly value: unknown;
  /** Paths of keys that an object has more than once, such as `spec.containers[0].name`; of each, the last value counts. At most 100. */
  readonly duplicates: string[];
}

const quote = 0x22, backslash = 0x5c, colon = 0x3a;

/**
 * `JSON.parse` that also sees duplicate keys.
 *
 * The common case costs one pass: the text's colons and the value's keys are counted, and only when their numbers differ
 * is the text read again, key by key.
 * @throws {StatusError} BadRequest for malformed text, naming the place, and for nesting beyond `maxDepth`.
 */
export function parseJson(text: string): ParsedJson {
  const members = countMembers(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(text, error);
  }
  if (text.includes('\\') && surrogate.test(text)) value = wellFormed(value);
  if (countKeys(value) === members) return { value, duplicates: [] };
  const scanner = new JsonScanner(text);
  scanner.scan();
  return { value, duplicates: scanner.duplicates };
}

/** An escape by which half of a character may have been written. */
const surrogate = /\\u[dD][89a-fA-F]/;

/**
 * The value with U+FFFD in place of each half of a character, in texts and keys, as Go's decoder has it: neither UTF-8 nor protobuf can say such a half, so
 * what is stored would not be what was accepted.
 */
export function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) setOwn(result, key.toWellFormed(), wellFormed(member));
  return result;
}

/** The colons outside strings; in valid JSON, one for each member. Refuses what nests too deep before anything recurses into it. */
function countMembers(text: string): number {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      i = endOfString(text, i);
    } else if (code === colon) {
      members++;
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) throw tooDeep();
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
  return members;
}

/** Where the string that begins at `start` ends; past the text when it does not. The long ones hold few quotes, and the engine finds those much faster. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text.charCodeAt(escapes - 1) === backslash) escapes--;
    if ((end - escapes) % 2 === 0) return end;
  }
  return text.length;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) keys += countKeys(item);
    return keys;
  }
  const object = value as Record<string, unknown>;
  for (const key in object) keys += 1 + countKeys(object[key]);
  return keys;
}

function malformed(text: string, cause: unknown): StatusError {
  const { offset, problem } = new JsonScanner(text).scan() ?? { offset: 0, problem: cause instanceof Error ? cause.message : String(cause) };
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  const start = Math.max(0, offset - 30);
  const excerpt = JSON.stringify(text.slice(start, start + 60));
  return StatusError.badRequest(`malformed JSON at offset ${offset} (line ${line}, column ${column}): ${problem}, near ${excerpt}`, { cause });
}
