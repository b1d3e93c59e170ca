import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import type { Frame } from './frame.ts';
import { maxPatternLength, maxPatternSize } from './limits.ts';
import { Failure } from './values.ts';

const maxPatterns = 256;
const recent = new Map<string, Pattern | Failure>();
let engine: typeof RE2JS | undefined;

/** Loaded when the first pattern is met: most processes never meet one. */
const loaded = (): typeof RE2JS => (engine ??= (createRequire(import.meta.url)('re2js') as { RE2JS: typeof RE2JS }).RE2JS);

/** A regular expression in RE2's syntax. The time it takes is bounded by its size times the text's. */
export class Pattern {
  private readonly regex: RE2JS;
  private readonly size: number;

  constructor(regex: RE2JS) {
    this.regex = regex;
    this.size = regex.programSize();
  }

  private toil(text: string, frame: Frame): void {
    frame.toil(Math.floor(text.length * this.size / 4));
  }

  /** Whether it is found anywhere. */
  isIn(text: string, frame: Frame): boolean {
    this.toil(text, frame);
    return this.regex.test(text);
  }

  /** What it finds, one after another; all of it when `limit` is negative. */
  findAll(text: string, limit: number, frame: Frame): string[] {
    this.toil(text, frame);
    const found: string[] = [];
    const matcher = this.regex.matcher(text);
    // Each search may read the text to its end, and how far it does is not told: only time can be measured.
    frame.timed((inTime) => {
      while (found.length !== limit && inTime() && matcher.find()) found.push(matcher.group() ?? '');
    });
    return found;
  }
}

/** The pattern, or what is wrong with it. Recent ones are kept. */
export function patternOf(source: string, frame?: Frame): Pattern | Failure {
  let pattern = recent.get(source);
  if (pattern === undefined) {
    pattern = compilePattern(source, frame);
    if (recent.size >= maxPatterns) recent.delete(recent.keys().next().value ?? '');
    recent.set(source, pattern);
  }
  return pattern;
}

function compilePattern(source: string, frame: Frame | undefined): Pattern | Failure {
  if (source.length > maxPatternLength) return new Failure(`regular expression is longer than ${maxPatternLength} characters`);
  const size = writtenOut(source);
  if (size > maxPatternSize) return new Failure('regular expression is too large when its repetitions are written out');
  // Compiling takes far longer per character than matching does.
  frame?.toil(size * 200);
  try {
    return new Pattern(loaded().compile(source));
  } catch (error) {
    return new Failure(error instanceof Error ? error.message : String(error));
  }
}

const atom = /\\Q[\s\S]*?(?:\\E|$)|\\[pPx]\{[^}]*\}|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|[\s\S]/g;

/** About how many characters it has when `(ab){3}` is `ababab`. */
function writtenOut(source: string): number {
  const outer: number[] = [];
  let size = 0;
  let last = 0;
  for (const [text, least, most] of source.matchAll(atom)) {
    if (text === '(') {
      outer.push(size);
      size = 0;
    } else if (text === ')') {
      last = size + 1;
      size = last + (outer.pop() ?? 0);
    } else if (least === undefined) {
      last = text.startsWith('\\Q') ? text.length : 1;
      size += last;
    } else {
      const times = Math.max(1, Number(least), Number(most ?? 0));
      size += last * (times - 1);
      last *= times;
    }
  }
  return size;
}

/** `text.matches(pattern)` */
export function matches(text: string, source: string, frame: Frame): boolean | Failure {
  const pattern = patternOf(source, frame);
  return pattern instanceof Failure ? pattern : pattern.isIn(text, frame);
}

export function findAll(text: string, source: string, limit: number, frame: Frame): string[] | Failure {
  const pattern = patternOf(source, frame);
  return pattern instanceof Failure ? pattern : pattern.findAll(text, limit, frame);
}
