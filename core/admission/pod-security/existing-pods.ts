import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { reasonsText, violationsOf } from './evaluate.ts';
import { standardText, type Standard } from './policy.ts';

/** More would hold up everybody else. */
const maxPods = 3000;

/** What to tell somebody who asks more of a namespace than some of the pods in it fulfil. */
export function existingPodWarnings(namespace: string, pods: readonly Pod[], standard: Standard): string[] {
  const found = new Map<string, string[]>();
  for (const pod of differentFirst(pods).slice(0, maxPods)) {
    const reasons = reasonsText(violationsOf(pod, standard));
    if (reasons === '') continue;
    const names = found.get(reasons) ?? [];
    found.set(reasons, names);
    names.push(pod.metadata.name);
  }
  return [
    ...pods.length > maxPods ? [`new PodSecurity enforce level only checked against the first ${maxPods} of ${pods.length} existing pods`] : [],
    ...found.size > 0 ? [`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${standardText(standard)}"`] : [],
    ...[...found].map(([reasons, names]) => `${namesText(names.sort())}: ${reasons}`).sort(),
  ];
}

/** Pods of the same controller are alike, so one of each is looked at before the others. */
function differentFirst(pods: readonly Pod[]): Pod[] {
  const [first, others, seen] = [[] as Pod[], [] as Pod[], new Set<string>()];
  for (const pod of pods) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    (owner !== undefined && seen.has(owner) ? others : first).push(pod);
    if (owner !== undefined) seen.add(owner);
  }
  return [...first, ...others];
}

function namesText([first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return first;
  return `${first} (and ${others.length} other ${others.length === 1 ? 'pod' : 'pods'})`;
}
