/** Where a group-version stands in discovery; higher comes first. */
export interface Priority {
  readonly group: number;
  readonly version: number;
}

const stable = 15;

export const registrationGroup = 'apiregistration.k8s.io';

/** The order of upstream's built-in groups, the first of them first. */
const builtIn: ReadonlyMap<string, number> = new Map([
  // Says who serves the others, and is none of them.
  [registrationGroup, 20_001],
  ['', 18_000], ['apps', 17_800], ['events.k8s.io', 17_750], ['authentication.k8s.io', 17_700], ['authorization.k8s.io', 17_600], ['autoscaling', 17_500],
  ['batch', 17_400], ['certificates.k8s.io', 17_300], ['networking.k8s.io', 17_200], ['policy', 17_100], ['rbac.authorization.k8s.io', 17_000],
  ['storage.k8s.io', 16_800], ['apiextensions.k8s.io', 16_700], ['admissionregistration.k8s.io', 16_700], ['scheduling.k8s.io', 16_600],
  ['coordination.k8s.io', 16_500], ['node.k8s.io', 16_300], ['discovery.k8s.io', 16_200], ['flowcontrol.apiserver.k8s.io', 16_100], ['resource.k8s.io', 15_900],
]);

const versions: ReadonlyMap<string, number> = new Map([['/v1', 1], ['autoscaling/v2', 30], ['flowcontrol.apiserver.k8s.io/v1', 21]]);

/** Of groups that CustomResourceDefinitions bring: their versions are told apart by their names. */
const custom: Priority = { group: 1000, version: 100 };

export const isBuiltIn = (group: string): boolean => builtIn.has(group);

export function localPriority(group: string, version: string): Priority {
  const own = builtIn.get(group);
  return own === undefined ? custom : { group: own, version: versions.get(`${group}/${version}`) ?? stable };
}

const versionForm = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** Stable versions before beta before alpha, higher numbers first, and what is no such version last, by name. */
export function byStability(a: string, b: string): number {
  const [one, other] = [versionForm.exec(a), versionForm.exec(b)];
  if (!one || !other) return Number(one === null) - Number(other === null) || (a < b ? -1 : 1);
  const rank = (stage: string | undefined): number => (stage === undefined ? 0 : stage === 'beta' ? 1 : 2);
  return rank(one[2]) - rank(other[2]) || Number(other[1]) - Number(one[1]) || Number(other[3] ?? 0) - Number(one[3] ?? 0);
}
