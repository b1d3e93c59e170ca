import { extname } from 'node:path';

/** Where a bundle has the files of worker threads and processes, by the URLs that these have of their own; empty when the process runs from its files. */
export const bundledWorkers = new Map<string, URL>();

/**
 * The file of a worker, which stands beside the module that names it and has its extension, be it TypeScript or compiled.
 * @param module `import.meta.url` of that module
 */
export function workerFile(module: string, name: string): URL {
  const file = new URL(`./${name}${extname(module)}`, module);
  return bundledWorkers.get(file.href) ?? file;
}
