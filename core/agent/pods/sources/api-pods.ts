import type { Reader } from '#core/client/client.ts';

/** A reader that sees only the pods of one node: a node agent may see no others, and needs none. */
export function podsOfNode(reader: Reader, nodeName: string): Reader {
  const fieldSelector = `spec.nodeName=${nodeName}`;
  return {
    get: (kind, key, signal) => reader.get(kind, key, signal),
    list: (kind, options, signal) => reader.list(kind, { ...options, fieldSelector }, signal),
    watch: (kind, options, signal) => reader.watch(kind, { ...options, fieldSelector }, signal),
  };
}
