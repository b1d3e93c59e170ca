import type { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import { isObject, own, type JsonObject } from '#core/api/value.ts';
import { hashLabel } from './names.ts';

/** Letters and digits that make no words, as the API server draws them for names. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Ends the name of a template's ReplicaSet, and is the value of its label. The same template gives the same, so that one that was made twice
 * is noticed; `collisions` gives it another once the name was taken by somebody else. What it is differs from Kubernetes, where it hashes Go structures.
 */
export function templateHash(template: PodTemplateSpec, collisions: number | undefined): string {
  const text = JSON.stringify(canonical(template)) + (collisions === undefined ? '' : String(collisions));
  return String(fnv1a(text)).replaceAll(/\d/g, (digit) => alphabet.charAt(digit.charCodeAt(0) % alphabet.length));
}

/** Whether both make the same pods: the hash label does not count, nor whether something is empty or not there. */
export function isSameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return JSON.stringify(canonical(withoutHash(a))) === JSON.stringify(canonical(withoutHash(b)));
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [hashLabel]: _, ...labels } = template.metadata.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Maps that may be empty, which is as if they were not there. Other empty objects, such as `emptyDir`, say something. */
const maps = new Set(['labels', 'annotations', 'nodeSelector', 'limits', 'requests', 'overhead']);

/** Lists of pairs, so that no key is special: in one order, and without what is empty. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  return { members: Object.keys(value).toSorted().filter((key) => !isNothing(key, own(value, key))).map((key) => [key, canonical(own(value, key))]) };
}

const isNothing = (key: string, value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.length === 0) || (maps.has(key) && isObject(value) && isEmpty(value));

const isEmpty = (value: JsonObject): boolean => Object.keys(value).length === 0;
