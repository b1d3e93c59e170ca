import { matching } from '#core/api/cel/cost-rules.ts';
import type { Frame } from '#core/api/cel/frame.ts';
import { member, type Overload } from '#core/api/cel/function.ts';
import { findAll } from '#core/api/cel/regex.ts';
import { anyList, int, string } from '#core/api/cel/types.ts';
import { Failure } from '#core/api/cel/values.ts';

function find(text: string, pattern: string, frame: Frame): string | Failure {
  const found = findAll(text, pattern, 1, frame);
  return found instanceof Failure ? found : found[0] ?? '';
}

export const regexes: readonly Overload[] = [
  member('find', [string, string], string, find, matching(true)),
  member('findAll', [string, string], anyList(string), (text: string, pattern: string, frame: Frame) => findAll(text, pattern, -1, frame), matching(true)),
  member('findAll', [string, string, int], anyList(string), (text: string, pattern: string, limit: number | bigint, frame: Frame) =>
    findAll(text, pattern, Number(limit), frame), matching(true)),
];
