import type { Check, PodLike, Violation } from './checks.ts';
import { hostNamespaces, hostPorts, hostProbes, hostProcess, sysctls } from './host-checks.ts';
import type { Standard } from './policy.ts';
import { addedCapabilities, capabilities, nonRoot, privilegeEscalation, privileged, procMount, rootUser } from './privilege-checks.ts';
import { appArmor, seLinuxOptions, seccomp, seccompIfSet } from './profile-checks.ts';
import { hostPathVolumes, volumeTypes } from './volume-checks.ts';

/** In the order in which they are reported: upstream's, which goes by its names for them. */
const checks: readonly Check[] = [
  appArmor, addedCapabilities, hostNamespaces, hostPathVolumes, hostPorts, hostProbes, privileged, procMount, seLinuxOptions, seccompIfSet, sysctls, hostProcess,
  privilegeEscalation, capabilities, volumeTypes, nonRoot, rootUser, seccomp,
];

/** In what a pod falls short of a standard. Versions that are not known yet count as the newest one. */
export function violationsOf(pod: PodLike, { level, version }: Standard): Violation[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? Infinity : Number(version.replace('v1.', ''));
  const inForce = checks.flatMap((check) => {
    const form = check.since.findLast(([since]) => since <= minor);
    return form === undefined || (check.level === 'restricted' && level === 'baseline') ? [] : [{ check, look: form[1] }];
  });
  const replaced = new Set(inForce.map(({ check }) => check.replaces));
  return inForce.filter(({ check }) => !replaced.has(check)).flatMap(({ look }) => look(pod) ?? []);
}

export const reasonsText = (violations: readonly Violation[]): string => violations.map(({ reason }) => reason).join(', ');

export const detailsText = (violations: readonly Violation[]): string => violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
