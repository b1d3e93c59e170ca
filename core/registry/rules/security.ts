import type { PodSpec } from '#core/api/schema/core-v1/pod.ts';
import type { AppArmorProfile, PodSecurityContext, SeccompProfile, SecurityContext } from '#core/api/schema/core-v1/security.ts';
import type { FieldPath } from './field-path.ts';
import { localPathProblem, sysctlProblem } from './syntax.ts';

const maxId = 2 ** 31 - 1;

function validateIds(context: { readonly runAsUser?: number; readonly runAsGroup?: number }, field: FieldPath): void {
  field.at('runAsUser').within(context.runAsUser, 0, maxId);
  field.at('runAsGroup').within(context.runAsGroup, 0, maxId);
}

function validateSeccomp(profile: SeccompProfile | undefined, field: FieldPath): void {
  if (profile === undefined) return;
  const at = field.at('localhostProfile');
  if (profile.type !== 'Localhost') {
    if (profile.localhostProfile !== undefined) at.invalid(profile.localhostProfile, 'can only be set when seccomp type is Localhost');
  } else if (profile.localhostProfile === undefined) {
    at.required('must be set when seccomp type is Localhost');
  } else {
    at.optional(profile.localhostProfile, localPathProblem);
  }
}

function validateAppArmor(profile: AppArmorProfile | undefined, field: FieldPath): void {
  if (profile === undefined) return;
  const at = field.at('localhostProfile');
  const { localhostProfile: name } = profile;
  if (profile.type !== 'Localhost') {
    if (name !== undefined) at.invalid(name, 'can only be set when AppArmor type is Localhost');
  } else if (name === undefined || name === '') {
    at.required('must be set when AppArmor type is Localhost');
  } else if (name.trim() !== name) {
    at.invalid(name, 'must not be padded with whitespace');
  } else if (name.length > 4095) {
    at.tooLong(4095);
  }
}

/** A container's own privileges, alone and beside the pod's. */
export function validateContainerSecurity(context: SecurityContext | undefined, spec: PodSpec, field: FieldPath): void {
  if (context === undefined) return;
  validateIds(context, field);
  validateSeccomp(context.seccompProfile, field.at('seccompProfile'));
  validateAppArmor(context.appArmorProfile, field.at('appArmorProfile'));
  if (context.procMount === 'Unmasked' && spec.hostUsers !== false) {
    field.at('procMount').invalid(context.procMount, '`hostUsers` must be false to use `Unmasked`');
  }
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true) field.invalid(context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN') === true) {
      field.invalid(context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN');
    }
  }
}

function validateSysctls({ sysctls }: PodSecurityContext, spec: PodSpec, field: FieldPath): void {
  const names = new Set<string>();
  for (const [i, { name }] of (sysctls ?? []).entries()) {
    const at = field.at(i, 'name');
    if (at.name(name, sysctlProblem) && names.has(name)) at.duplicate(name);
    names.add(name);
    const dotted = name.replaceAll('/', '.');
    if (spec.hostNetwork === true && dotted.startsWith('net.')) at.invalid(name, "may not be specified when 'hostNetwork' is true");
    if (spec.hostIPC === true && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted)) at.invalid(name, "may not be specified when 'hostIPC' is true");
  }
}

const notOnWindows = [
  'appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls', 'runAsUser', 'runAsGroup',
  'supplementalGroups', 'supplementalGroupsPolicy', 'capabilities', 'readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation', 'procMount',
];

function forbidOthersSettings(os: string, context: object | undefined, field: FieldPath): void {
  if (context === undefined) return;
  const forbidden = os === 'windows' ? notOnWindows : ['windowsOptions'];
  const why = os === 'windows' ? 'cannot be set for a windows pod' : 'windows options cannot be set for a linux pod';
  for (const name of forbidden) if (name in context) field.at(name).forbidden(why);
}

/** Settings that the pod's declared operating system does not have. */
function validateForOs(spec: PodSpec, field: FieldPath): void {
  const os = spec.os?.name;
  if (os !== 'windows' && os !== 'linux') return;
  forbidOthersSettings(os, spec.securityContext, field.at('securityContext'));
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const) {
    for (const [i, container] of (spec[list] ?? []).entries()) {
      forbidOthersSettings(os, container.securityContext, field.at(list, i, 'securityContext'));
    }
  }
  if (os === 'linux') return;
  for (const name of ['hostUsers', 'shareProcessNamespace'] as const) {
    if (spec[name] !== undefined) field.at(name).forbidden('cannot be set for a windows pod');
  }
  for (const name of ['hostPID', 'hostIPC'] as const) if (spec[name] === true) field.at(name).forbidden('cannot be set for a windows pod');
}

/** The pod's privileges and which of the node's namespaces it shares. @param field the pod's `spec` */
export function validatePodSecurity(spec: PodSpec, field: FieldPath): void {
  const context = spec.securityContext ?? {};
  const at = field.at('securityContext');
  at.at('fsGroup').within(context.fsGroup, 0, maxId);
  validateIds(context, at);
  for (const [i, group] of (context.supplementalGroups ?? []).entries()) at.at('supplementalGroups', i).within(group, 0, maxId);
  validateSysctls(context, spec, at.at('sysctls'));
  validateSeccomp(context.seccompProfile, at.at('seccompProfile'));
  validateAppArmor(context.appArmorProfile, at.at('appArmorProfile'));
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    field.at('shareProcessNamespace').invalid(true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  }
  if (spec.hostUsers === false) {
    for (const name of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
      if (spec[name] === true) field.at(name).forbidden('when `hostUsers` is false');
    }
  }
  validateForOs(spec, field);
}
