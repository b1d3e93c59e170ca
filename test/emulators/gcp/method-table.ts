import { addressMethods } from './addresses.ts';
import { backendServiceMethods } from './backend-services.ts';
import { catalogMethods } from './catalog-methods.ts';
import { diskMethods } from './disks.ts';
import { firewallMethods } from './firewalls.ts';
import { forwardingRuleMethods } from './forwarding-rules.ts';
import { healthCheckMethods } from './health-checks.ts';
import { instanceDiskMethods } from './instance-disks.ts';
import { instanceGroupMethods } from './instance-groups.ts';
import { instanceSettingMethods } from './instance-settings.ts';
import { instanceMethods } from './instances.ts';
import type { Method } from './method.ts';
import { networkMethods } from './networks.ts';
import { operationMethods } from './operation-methods.ts';
import { routeMethods } from './routes.ts';
import { snapshotMethods } from './snapshots.ts';

/** Every method that is emulated; all other paths answer the vendor's 404. */
export const methods: readonly Method[] = [
  ...catalogMethods,
  ...instanceMethods,
  ...instanceDiskMethods,
  ...instanceSettingMethods,
  ...diskMethods,
  ...snapshotMethods,
  ...networkMethods,
  ...routeMethods,
  ...firewallMethods,
  ...addressMethods,
  ...forwardingRuleMethods,
  ...backendServiceMethods,
  ...healthCheckMethods,
  ...instanceGroupMethods,
  ...operationMethods,
];

interface Entry {
  readonly method: Method;
  readonly parts: readonly string[];
}

const entries = Map.groupBy(
  methods.map((method): Entry => ({ method, parts: method.path === '' ? [] : method.path.split('/') })),
  ({ method, parts }) => `${method.verb} ${parts.length}`,
);

/** The method of a path below `projects/{project}`, and what the path says. */
export function findMethod(verb: string, parts: readonly string[]): { readonly method: Method; readonly parameters: Record<string, string> } | undefined {
  const matching = (entries.get(`${verb} ${parts.length}`) ?? []).filter((entry) => entry.parts.every((part, index) => part.startsWith('{') || part === parts[index]));
  const [entry] = matching.toSorted((left, right) => named(left) - named(right));
  if (entry === undefined) return undefined;
  return { method: entry.method, parameters: Object.fromEntries(entry.parts.flatMap((part, index): [string, string][] => (part.startsWith('{') ? [[part.slice(1, -1), parts[index] ?? '']] : []))) };
}

function named({ parts }: Entry): number {
  return parts.filter((part) => part.startsWith('{')).length;
}
