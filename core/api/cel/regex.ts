import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import type { Frame } from './frame.ts';
import { maxPatternLength } from './limits.ts';
import { Failure } from './values.ts';

const maxPatterns = 256;
const compiled = new Map<string, RE2JS | Failure>();
let engine: typeof RE2JS | undefined;

/** Loaded when the first pattern is met: most processes never meet one. */
const loaded = (): typeof RE2JS => (engine ??= (createRequire(import.meta.url)('re2js') as { RE2JS: typeof RE2JS }).RE2JS);

/** The pattern in RE2's syntax, which matches in linear time; or what is wrong with it. Recent patterns are kept. */
export function patternOf(source: string, frame?: Frame): RE2JS | Failure {
  let pattern = compiled.get(source);
  if (pattern === undefined) {
    // Compiling takes far longer per character than matching does.
    frame?.toil(source.length * 50);
    pattern = compilePattern(source);
    if (compiled.size >= maxPatterns) compiled.delete(compiled.keys().next().value ?? '');
    compiled.set(source, pattern);
  }
  return pattern;
}

function compilePattern(source: string): RE2JS | Failure {
  if (source.length > maxPatternLength) return new Failure(`regular expression is longer than ${maxPatternLength} characters`);
  try {
    return loaded().compile(source);
  } catch (error) {
    return new Failure(error instanceof Error ? error.message : String(error));
  }
}

/** Whether the pattern is found anywhere. */
export function matches(text: string, source: string, frame: Frame): boolean | Failure {
  const pattern = patternOf(source, frame);
  return pattern instanceof Failure ? pattern : pattern.test(text);
}

/** What the pattern finds, one after another; all of it when `limit` is negative. */
export function findAll(text: string, source: string, limit: number, frame: Frame): string[] | Failure {
  const pattern = patternOf(source, frame);
  if (pattern instanceof Failure) return pattern;
  const found: string[] = [];
  const matcher = pattern.matcher(text);
  while (found.length !== limit && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}
