import type { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import type { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { own, setOwn } from '#core/api/value.ts';
import { annotations } from './names.ts';
import { mostPods, wantedPods } from './pace.ts';
import { oldestFirst } from './sets.ts';

type Annotations = Record<string, string>;

/** They speak of the Deployment itself, or are written by this controller. */
const notCopied = new Set<string>([...Object.values(annotations), 'kubectl.kubernetes.io/last-applied-configuration', 'deprecated.deployment.rollback.to']);

/** Characters of a history, after which the oldest are dropped. */
const longestHistory = 2000;

/** The number in an annotation; undefined when it is missing or none. */
export function numberIn({ metadata }: KubernetesObject, name: string): number | undefined {
  const text = metadata.annotations?.[name];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export const revisionOf = (object: KubernetesObject): number => numberIn(object, annotations.revision) ?? 0;

export const lastRevision = (sets: readonly ReplicaSet[]): number => sets.reduce((last, set) => Math.max(last, revisionOf(set)), 0);

export const byRevision = (a: ReplicaSet, b: ReplicaSet): number => revisionOf(a) - revisionOf(b) || oldestFirst(a, b);

/** How large the Deployment is, and may become: from it follows how the set is scaled when that changes. */
export const sizeAnnotations = (deployment: Deployment): Annotations => ({ [annotations.desired]: String(wantedPods(deployment)), [annotations.max]: String(mostPods(deployment)) });

/** The annotations of the set of the present template: those of the Deployment, the revision, and revisions at which it was the present one before. */
export function annotationsOfNewSet(deployment: Deployment, known: Readonly<Annotations>, revision: number): Annotations {
  const all: Annotations = { ...known };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) if (!notCopied.has(name)) setOwn(all, name, value);
  const before = own(known, annotations.revision);
  if (typeof before === 'string' && !/^\d{1,15}$/.test(before)) return all;
  if (Number(before ?? 0) >= revision) return all;
  all[annotations.revision] = String(revision);
  if (typeof before === 'string') all[annotations.history] = historyWith(known[annotations.history] ?? '', before);
  return all;
}

function historyWith(history: string, revision: string): string {
  const all = [...history.split(',').filter((each) => each !== ''), revision];
  while (all.length > 1 && all.join(',').length > longestHistory) all.shift();
  return all.join(',');
}
