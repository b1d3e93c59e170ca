import { containersOf, containersText, namesWhere, quoted, settersText, sorted, unlessWindows, type Check, type PodLike, type Violation } from './checks.ts';

function escalation({ spec }: PodLike): Violation | undefined {
  const names = namesWhere(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (names.length === 0) return undefined;
  return { reason: 'allowPrivilegeEscalation != false', detail: `${containersText(names)} must set securityContext.allowPrivilegeEscalation=false` };
}

export const privilegeEscalation: Check = { level: 'restricted', since: [[8, escalation], [25, unlessWindows(escalation)]] };

const usual = new Set([
  'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
]);

/** Which containers take more capabilities than these; '' when none does. */
function greedText({ spec }: PodLike, allowed: ReadonlySet<string>): string {
  const extraOf = ({ securityContext }: ReturnType<typeof containersOf>[number]): string[] =>
    (securityContext?.capabilities?.add ?? []).filter((capability) => !allowed.has(capability));
  const names = namesWhere(spec, (container) => extraOf(container).length > 0);
  if (names.length === 0) return '';
  return `${containersText(names)} must not include ${quoted(sorted(containersOf(spec).flatMap(extraOf)))} in securityContext.capabilities.add`;
}

export const addedCapabilities: Check = {
  level: 'baseline',
  since: [[0, (pod) => {
    const detail = greedText(pod, usual);
    return detail === '' ? undefined : { reason: 'non-default capabilities', detail };
  }]],
};

function keptCapabilities(pod: PodLike): Violation | undefined {
  const names = namesWhere(pod.spec, ({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') !== true);
  const kept = names.length === 0 ? '' : `${containersText(names)} must set securityContext.capabilities.drop=["ALL"]`;
  const details = [kept, greedText(pod, new Set(['NET_BIND_SERVICE']))].filter((text) => text !== '');
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

export const capabilities: Check = {
  level: 'restricted', replaces: addedCapabilities, since: [[22, keptCapabilities], [25, unlessWindows(keptCapabilities)]],
};

export const privileged: Check = {
  level: 'baseline',
  since: [[0, ({ spec }) => {
    const names = namesWhere(spec, ({ securityContext }) => securityContext?.privileged === true);
    return names.length === 0 ? undefined : { reason: 'privileged', detail: `${containersText(names)} must not set securityContext.privileged=true` };
  }]],
};

export const procMount: Check = {
  level: 'baseline',
  since: [[0, ({ spec }) => {
    const names = namesWhere(spec, ({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default');
    if (names.length === 0) return undefined;
    const types = sorted(containersOf(spec).map(({ securityContext }) => securityContext?.procMount ?? 'Default').filter((type) => type !== 'Default'));
    return { reason: 'procMount', detail: `${containersText(names)} must not set securityContext.procMount to ${quoted(types)}` };
  }]],
};

export const nonRoot: Check = {
  level: 'restricted',
  since: [[0, ({ spec }) => {
    const reason = 'runAsNonRoot != true';
    const setters = settersText(spec, ({ runAsNonRoot }) => runAsNonRoot === false);
    if (setters !== '') return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
    if (spec.securityContext?.runAsNonRoot === true) return undefined;
    const names = namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
    return names.length === 0 ? undefined : { reason, detail: `pod or ${containersText(names)} must set securityContext.runAsNonRoot=true` };
  }]],
};

export const rootUser: Check = {
  level: 'restricted',
  since: [[23, ({ spec }) => {
    const setters = settersText(spec, ({ runAsUser }) => runAsUser === 0);
    return setters === '' ? undefined : { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` };
  }]],
};
