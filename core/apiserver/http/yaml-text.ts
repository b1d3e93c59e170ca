import { isScalar, LineCounter, parseDocument, visit, type YAMLMap } from 'yaml';
import { wellFormed } from '#core/api/json.ts';
import { checkDepth } from '#core/api/value.ts';
import type { Body } from '#core/apiserver/api.ts';

const mostDuplicates = 100;

/**
 * Reads one document.
 * @param uniqueKeys whether keys that are given twice are told of
 * @throws {Error} with a sentence
 */
export function yamlBody(text: string, uniqueKeys: boolean): Body {
  const lines = new LineCounter();
  // The library looks for keys that are there twice by comparing each with each.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  const [problem] = document.errors;
  if (problem) throw problem;
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  checkDepth(value);
  const isWhole = !/\\[uU]/.test(text);
  const duplicates: string[] = [];
  if (uniqueKeys) visit(document, { Map: (_key, map) => (duplicates.length < mostDuplicates ? note(map, lines, duplicates) : visit.BREAK) });
  return { value: isWhole ? value : wellFormed(value), duplicates };
}

/** Remembers the keys of a map that came before. */
function note({ items }: YAMLMap, lines: LineCounter, duplicates: string[]): void {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value) && duplicates.length < mostDuplicates) duplicates.push(`line ${lines.linePos(key.range?.[0] ?? 0).line}: key ${JSON.stringify(String(key.value).slice(0, 100))} already set in map`);
    seen.add(key.value);
  }
}
