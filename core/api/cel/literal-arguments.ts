import type { Call } from './ast.ts';
import { patternOf } from './regex.ts';
import { Failure } from './values.ts';
import { parseDuration, parseTimestamp, Timestamp } from './time.ts';

/** What is wrong with a literal argument, which would fail each time it is evaluated. */
export function literalProblem(name: string, { args, target }: Call): { offset: number; message: string } | undefined {
  const argument = name === 'matches' && target === undefined ? args[1] : args[0];
  if (argument?.kind !== 'literal' || typeof argument.value !== 'string') return undefined;
  return isWrong(name, argument.value) ? { offset: argument.offset, message: `invalid ${name} argument` } : undefined;
}

function isWrong(name: string, text: string): boolean {
  switch (name) {
    case 'duration': return parseDuration(text) === undefined;
    case 'timestamp': return !(parseTimestamp(text) instanceof Timestamp);
    case 'matches': return patternOf(text) instanceof Failure;
    default: return false;
  }
}
