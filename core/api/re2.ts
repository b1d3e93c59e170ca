import { createRequire } from 'node:module';
import type * as Library from 're2js';

/** A regular expression in RE2's syntax, which matches in time linear in the text. */
export interface Re2 {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
}

const load = createRequire(import.meta.url);
let library: typeof Library | undefined;

/** The same patterns stand in many schemas. */
const compiled = new Map<string, Re2>();
const maxCompiled = 2048;
/** Compiling takes far longer per character than matching does. */
const maxLength = 10_000;

/** Brings the library along at its first call. @throws {SyntaxError} with the library's sentence, which is RE2's */
export function compileRe2(pattern: string): Re2 {
  const known = compiled.get(pattern);
  if (known) return known;
  if (pattern.length > maxLength) throw new SyntaxError(`error parsing regexp: expression is longer than ${maxLength} characters`);
  library ??= load('re2js') as typeof Library;
  let re: Re2;
  try {
    re = library.RE2JS.compile(pattern);
  } catch (error) {
    throw new SyntaxError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  if (compiled.size >= maxCompiled) compiled.clear();
  compiled.set(pattern, re);
  return re;
}
