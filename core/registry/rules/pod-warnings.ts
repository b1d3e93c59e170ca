import { dnsLabelProblem } from '#core/api/names.ts';
import type { PodSpec } from '#core/api/schema/core-v1/pod.ts';
import type { ObjectMeta } from '#core/api/schema/meta.ts';

/** What a pod's spec says in vain. @param path where the spec stands */
export function podSpecWarnings(spec: PodSpec, path: string): string[] {
  const found: string[] = [];
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [i, { env = [] }] of (spec[list] ?? []).entries()) {
      const names = new Set<string>();
      for (const [j, { name }] of env.entries()) {
        if (names.has(name)) found.push(`${path}.${list}[${i}].env[${j}]: hides previous definition of "${name}", which may be dropped when using apply`);
        names.add(name);
      }
    }
  }
  return found;
}

/** For new objects whose name goes into the host names of pods. */
export function podNameWarnings({ name }: ObjectMeta): string[] {
  const problem = dnsLabelProblem(name);
  if (problem === undefined) return [];
  return [`metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problem}]`];
}
