import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { resourceName, type KindNames, type KubernetesObject } from '#core/api/schema/kind.ts';
import { Quantity } from '#core/api/quantity.ts';
import { coversPod } from './scopes.ts';
import { podUsage } from './pod-usage.ts';

/** Amounts by the names that stand in `ResourceQuota.spec.hard`. */
export type Usage = ReadonlyMap<string, Quantity>;

const one = Quantity.parse('1');
const zero = Quantity.parse('0');
/** Kinds of the core group that have a name of their own in quotas, besides `count/…`. */
const named = new Set(['configmaps', 'persistentvolumeclaims', 'replicationcontrollers', 'resourcequotas', 'secrets', 'services']);
const classSuffix = '.storageclass.storage.k8s.io/';

/**
 * What one object takes of a namespace's quotas: its count, and what it asks for. Pure, and the one place that knows: admission charges
 * by it before an object is stored, the quota controller adds up by it afterwards.
 */
export function usageOf(kind: Pick<KindNames, 'group' | 'plural'>, object: KubernetesObject): Usage {
  const usage = new Map([[`count/${resourceName(kind)}`, one]]);
  if (kind.group !== '') return usage;
  if (named.has(kind.plural)) usage.set(kind.plural, one);
  if (kind.plural === 'persistentvolumeclaims') addClaim(usage, object as PersistentVolumeClaim);
  if (kind.plural === 'pods') for (const [name, amount] of podUsage(object as Pod)) usage.set(name, amount);
  return usage;
}

function addClaim(usage: Map<string, Quantity>, { metadata, spec, status }: PersistentVolumeClaim): void {
  const asked = Quantity.parse(spec.resources?.requests?.['storage'] ?? '0');
  // While a volume grows, what is being given counts, even if its claim asks for less again.
  const allocated = Quantity.parse(status?.allocatedResources?.['storage'] ?? '0');
  const storage = asked.compare(allocated) < 0 ? allocated : asked;
  usage.set('requests.storage', storage);
  const className = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? '';
  if (className === '') return;
  usage.set(`${className}${classSuffix}requests.storage`, storage);
  usage.set(`${className}${classSuffix}persistentvolumeclaims`, one);
}

/** Whether the quota's scopes, if it has any, take the object in. */
export function isCovered({ spec }: ResourceQuota, kind: Pick<KindNames, 'group' | 'plural'>, object: KubernetesObject): boolean {
  const selectors = spec.scopeSelector?.matchExpressions ?? [];
  const scopes = spec.scopes ?? [];
  if (scopes.length === 0 && selectors.length === 0) return true;
  if (kind.group !== '' || kind.plural !== 'pods') return false;
  const asSelectors = scopes.map((scopeName) => ({ scopeName, operator: 'Exists', values: [] }));
  return [...asSelectors, ...selectors].every((selector) => coversPod(selector, object as Pod));
}

/** Whether objects of the kind can count towards any of these names. */
export function concerns(kind: Pick<KindNames, 'group' | 'plural'>, names: Iterable<string>): boolean {
  for (const name of names) {
    if (name === `count/${resourceName(kind)}`) return true;
    if (kind.group !== '') continue;
    if (named.has(kind.plural) && name === kind.plural) return true;
    const forClaims = name === 'requests.storage' || name.includes(classSuffix);
    if (kind.plural === 'persistentvolumeclaims' ? forClaims : kind.plural === 'pods' && !forClaims && !name.startsWith('count/')) return true;
  }
  return false;
}

/** What the objects together take of each of these names. */
export function totalUsage(names: Iterable<string>, usages: Iterable<Usage>): Map<string, Quantity> {
  const total = new Map([...names].map((name) => [name, zero]));
  for (const usage of usages) {
    for (const [name, amount] of usage) {
      const sum = total.get(name);
      if (sum !== undefined) total.set(name, sum.plus(amount));
    }
  }
  return total;
}

export const sameUsage = (a: Usage, b: Usage): boolean =>
  a.size === b.size && [...a].every(([name, amount]) => b.get(name)?.compare(amount) === 0);
