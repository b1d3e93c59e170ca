import { isObject } from '#core/api/value.ts';
import type { Path } from './decode-failure.ts';

interface Branch {
  readonly below: Map<string, Branch>;
  path: Path | undefined;
}

const branch = (): Branch => ({ below: new Map(), path: undefined });
const keyOf = (step: Path[number]): string => (typeof step === 'object' ? step.key : String(step));

/** Puts paths into the order in which a reader of the document meets them, in one pass. */
export function inDocumentOrder(document: unknown, paths: readonly Path[]): readonly Path[] {
  if (paths.length < 2) return paths;
  const root = branch();
  for (const path of paths) {
    let at = root;
    for (const step of path) {
      let next = at.below.get(keyOf(step));
      if (next === undefined) at.below.set(keyOf(step), next = branch());
      at = next;
    }
    at.path = path;
  }
  const found: Path[] = [];
  collect(root, document, found);
  return found;
}

function collect({ path, below }: Branch, value: unknown, found: Path[]): void {
  if (path !== undefined) found.push(path);
  if (below.size === 0 || !(isObject(value) || Array.isArray(value))) return;
  for (const [key, item] of Object.entries(value)) {
    const next = below.get(key);
    if (next) collect(next, item, found);
  }
}
