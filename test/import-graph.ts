import { glob, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** Source files and what each imports, as paths from the root; packages as they are written. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const statement = /^\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?(['"])([^'"\n]+)\1/gm;
const call = /\bimport\(\s*(['"])([^'"\n]+)\1/g;

/** Reads the imports of every source file that is no test: static and dynamic, of values and of types. */
export async function readImportGraph(root: string, folders: readonly string[]): Promise<ImportGraph> {
  const graph = new Map<string, readonly string[]>();
  for await (const file of glob(folders.map((folder) => `${folder}/**/*.ts`), { cwd: root })) {
    if (!file.endsWith('.test.ts')) graph.set(file, importsOf(file, await readFile(join(root, file), 'utf8')));
  }
  return graph;
}

export function importsOf(file: string, text: string): string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  const specifiers = [...code.matchAll(statement), ...code.matchAll(call)].map((match) => match[2] ?? '');
  return [...new Set(specifiers)].map((specifier) => pathOf(file, specifier));
}

function pathOf(file: string, specifier: string): string {
  if (specifier.startsWith('#')) return specifier.slice(1);
  return specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
}

/** Each way round that leads from a file back to itself, once: `['a.ts', 'b.ts']` when a imports b and b imports a. */
export function cyclesOf(graph: ImportGraph): string[][] {
  const cycles: string[][] = [];
  const finished = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) cycles.push(trail.slice(start));
    if (start >= 0 || finished.has(file)) return;
    for (const next of graph.get(file) ?? []) if (graph.has(next)) visit(next, [...trail, file]);
    finished.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
