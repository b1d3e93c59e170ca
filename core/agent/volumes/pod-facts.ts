import { resourceValue } from '#core/agent/pods/config/resource-field.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { ResourceFieldSelector } from '#core/api/schema/core-v1/references.ts';

/** What a node can give, by resource name; a container without a limit is told this. */
export type Allocatable = Readonly<Record<string, string>>;

const simpleFields: Readonly<Record<string, (pod: Pod) => string | undefined>> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace,
  'metadata.uid': ({ metadata }) => metadata.uid,
  'metadata.labels': ({ metadata }) => formatMap(metadata.labels),
  'metadata.annotations': ({ metadata }) => formatMap(metadata.annotations),
};

/**
 * A field of the pod's metadata as text: `metadata.name`, `metadata.labels`, `metadata.annotations['x']`, …; what is absent is ''.
 * @throws {RangeError} for another field
 */
export function metadataText(pod: Pod, path: string): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/s.exec(path) ?? [];
  if ((map === 'labels' || map === 'annotations') && key !== undefined) return textAt(pod.metadata[map], key) ?? '';
  const read = Object.hasOwn(simpleFields, path) ? simpleFields[path] : undefined;
  if (read === undefined) throw new RangeError(`unsupported fieldPath: ${path}`);
  return read(pod) ?? '';
}

const textAt = (map: Readonly<Record<string, string>> | undefined, key: string): string | undefined => (map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined);

/** `key="value"` lines in the order of keys, quoted as Go does. */
const formatMap = (map: Readonly<Record<string, string>> = {}): string =>
  Object.keys(map).toSorted().map((key) => `${key}=${goQuote(String(map[key]))}`).join('\n');

const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' };

/** A string literal as Go's strconv.Quote writes it. */
function goQuote(text: string): string {
  let quoted = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (Object.hasOwn(escapes, char)) quoted += escapes[char];
    else if (char === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char)) quoted += char;
    else if (code < 0x80) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else quoted += code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return `${quoted}"`;
}

/**
 * A container's request or limit, as `resourceFieldRef` asks for it.
 * @throws {Error} for an unknown resource or container
 */
export function resourceText(pod: Pod, selector: ResourceFieldSelector, allocatable: Allocatable): string {
  const { containerName = '' } = selector;
  const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(({ name }) => name === containerName);
  if (container === undefined) throw new RangeError(`container ${containerName} not found`);
  return resourceValue(selector, container, allocatable);
}
