/** Labels of the system that a node may put on itself. By all others, such as those of node-restriction.kubernetes.io, pods can be kept from nodes. */
const allowedLabels = new Set([
  'kubernetes.io/hostname', 'kubernetes.io/os', 'kubernetes.io/arch', 'beta.kubernetes.io/os', 'beta.kubernetes.io/arch',
  'node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type', 'topology.kubernetes.io/zone', 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region',
]);
/** The same goes for all labels below these. */
const allowedNamespaces = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

const isWithin = (namespace: string, parent: string): boolean => namespace === parent || namespace.endsWith(`.${parent}`);

function isForbidden(label: string): boolean {
  const slash = label.indexOf('/');
  const namespace = slash < 0 ? '' : label.slice(0, slash);
  if (!isWithin(namespace, 'kubernetes.io') && !isWithin(namespace, 'k8s.io')) return false;
  return !allowedLabels.has(label) && !allowedNamespaces.some((allowed) => isWithin(namespace, allowed));
}

type Labels = Readonly<Record<string, string>>;

/** Labels that differ and that a node may not change, in order. */
export function forbiddenLabels(now: Labels = {}, old: Labels = {}): readonly string[] {
  const valueOf = (labels: Labels, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const changed = [...new Set([...Object.keys(now), ...Object.keys(old)])].filter((key) => valueOf(now, key) !== valueOf(old, key));
  return changed.filter(isForbidden).toSorted();
}
