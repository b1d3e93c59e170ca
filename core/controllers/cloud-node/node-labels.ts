import { labelValueProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { InstanceMetadata } from '#core/spi/instances.ts';

/** Older key, key, and whence the value comes. */
const pairs = [
  ['beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type', 'instanceType'],
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone', 'zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region', 'region'],
] as const;

const reserved = /(^|\.)(kubernetes|k8s)\.io\//;

/** The labels that the instance gives its node, without those that are no labels: one of them would have the rest refused. */
export function labelsOf(node: Node, metadata: InstanceMetadata): Record<string, string> {
  const known = node.metadata.labels ?? {};
  const further = Object.entries(metadata.labels).filter(([key]) => !reserved.test(key) && !Object.hasOwn(known, key) && qualifiedNameProblem(key) === undefined);
  const placed = pairs.flatMap(([older, key, of]) => (metadata[of] === '' ? [] : [[older, metadata[of]], [key, metadata[of]]] as const));
  return Object.fromEntries([...further, ...placed].filter(([, value]) => labelValueProblem(value) === undefined));
}

/** What must change so that each label says the same as its older one; undefined when nothing must. */
export function alignedLabels({ metadata: { labels = {} } }: Node): Record<string, string> | undefined {
  const changes = pairs.flatMap(([older, key]) => {
    const value = labels[older];
    return value === undefined || labels[key] === value ? [] : [[key, value] as const];
  });
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}
