import type { LoadBalancerTarget } from '#core/spi/load-balancers.ts';

/** Instances by zone, and why others of the targets are none. */
export interface Members {
  readonly byZone: ReadonlyMap<string, ReadonlySet<string>>;
  readonly warnings: readonly string[];
}

/** So many of a zone take traffic; the platform counts 2,000 in a group, and less behind internal load balancers. */
export const mostInstances = 1_000;

/** `gce://project/zone/name` */
export function membersOf(targets: readonly LoadBalancerTarget[], project: string, region: string): Members {
  const byZone = new Map<string, Set<string>>();
  const warnings: string[] = [];
  for (const { node, providerId } of targets) {
    const [, owner, zone = '', name = ''] = /^gce:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(providerId) ?? [];
    if (owner === undefined) warnings.push(`node ${node} takes no traffic: its provider id ${JSON.stringify(providerId.slice(0, 200))} is no instance's`);
    else if (owner !== project) warnings.push(`node ${node} takes no traffic: its instance is of project ${owner}, the load balancer of ${project}`);
    else if (!zone.startsWith(`${region}-`)) warnings.push(`node ${node} takes no traffic: its zone ${zone} is not in region ${region}`);
    else byZone.set(zone, (byZone.get(zone) ?? new Set()).add(name));
  }
  for (const [zone, names] of byZone) if (names.size > mostInstances) warnings.push(`${names.size - mostInstances} of the ${names.size} nodes of zone ${zone} take no traffic: an instance group has ${mostInstances}`);
  return { byZone, warnings };
}

/** At most as many as a group takes: those that are in it already, and then others by name. */
export function chosenOf(wanted: ReadonlySet<string>, current: ReadonlySet<string>): ReadonlySet<string> {
  if (wanted.size <= mostInstances) return wanted;
  const names = [...wanted].toSorted();
  return new Set([...names.filter((name) => current.has(name)), ...names.filter((name) => !current.has(name))].slice(0, mostInstances));
}
