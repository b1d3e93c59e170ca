import { bool, int64, list, oneOf, pointer, required, string, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';

export const Capabilities = core.type('Capabilities', 'Linux capabilities to give or take beyond the runtime\'s own set.', {
  add: [1, list(string), 'Capabilities to give.'],
  drop: [2, list(string), 'Capabilities to take away; ALL takes every one.'],
});
export type Capabilities = Of<typeof Capabilities>;

export const SELinuxOptions = core.type('SELinuxOptions', 'The SELinux label of a process.', {
  user: [1, string, 'User part of the label.'],
  role: [2, string, 'Role part of the label.'],
  type: [3, string, 'Type part of the label.'],
  level: [4, string, 'Level part of the label.'],
});
export type SELinuxOptions = Of<typeof SELinuxOptions>;

export const WindowsSecurityContextOptions = core.type('WindowsSecurityContextOptions', 'What only Windows containers know.', {
  gmsaCredentialSpecName: [1, pointer(string), 'Name of the GMSA credential spec.'],
  gmsaCredentialSpec: [2, pointer(string), 'The GMSA credential spec itself.'],
  runAsUserName: [3, pointer(string), 'Windows user of the process.'],
  hostProcess: [4, pointer(bool), 'Run as a HostProcess container; all containers of a pod must agree.'],
});
export type WindowsSecurityContextOptions = Of<typeof WindowsSecurityContextOptions>;

const profileType = oneOf('Localhost', 'RuntimeDefault', 'Unconfined');

export const SeccompProfile = core.type('SeccompProfile', 'Which system calls a process may make.', {
  type: [1, required(profileType), 'Where the profile comes from.'],
  localhostProfile: [2, pointer(string), 'For Localhost: the profile\'s file, relative to the node\'s seccomp directory.'],
});
export type SeccompProfile = Of<typeof SeccompProfile>;

export const AppArmorProfile = core.type('AppArmorProfile', 'The AppArmor profile of a process.', {
  type: [1, required(profileType), 'Where the profile comes from.'],
  localhostProfile: [2, pointer(string), 'For Localhost: the name of a profile loaded on the node.'],
});
export type AppArmorProfile = Of<typeof AppArmorProfile>;

export const SecurityContext = core.type('SecurityContext', 'Privileges of one container; they win over the pod\'s.', {
  capabilities: [1, Capabilities, 'Linux capabilities to give or take.'],
  privileged: [2, pointer(bool), 'Run as root on the host would: all capabilities and devices.'],
  seLinuxOptions: [3, SELinuxOptions, 'SELinux label.'],
  windowsOptions: [10, WindowsSecurityContextOptions, 'Windows settings.'],
  runAsUser: [4, pointer(int64), 'User id of the process; the image\'s own when absent.'],
  runAsGroup: [8, pointer(int64), 'Primary group id of the process.'],
  runAsNonRoot: [5, pointer(bool), 'Refuse to start the container as user 0.'],
  readOnlyRootFilesystem: [6, pointer(bool), 'Mount the container\'s root file system read-only.'],
  allowPrivilegeEscalation: [7, pointer(bool), 'Whether a process may gain more privileges than its parent.'],
  procMount: [9, oneOf('Default', 'Unmasked'), 'How /proc is shown.'],
  seccompProfile: [11, SeccompProfile, 'Filter of system calls.'],
  appArmorProfile: [12, AppArmorProfile, 'AppArmor profile.'],
});
export type SecurityContext = Of<typeof SecurityContext>;

export const Sysctl = core.type('Sysctl', 'A kernel parameter of the pod.', {
  name: [1, required(string), 'Name of the parameter.'],
  value: [2, required(string), 'Its value.'],
});
export type Sysctl = Of<typeof Sysctl>;

export const PodSecurityContext = core.type('PodSecurityContext', 'Privileges of all containers of a pod, and who owns its volumes.', {
  seLinuxOptions: [1, SELinuxOptions, 'SELinux label of all containers.'],
  windowsOptions: [8, WindowsSecurityContextOptions, 'Windows settings of all containers.'],
  runAsUser: [2, pointer(int64), 'User id of all processes; the image\'s own when absent.'],
  runAsGroup: [6, pointer(int64), 'Primary group id of all processes.'],
  runAsNonRoot: [3, pointer(bool), 'Refuse to start any container as user 0.'],
  supplementalGroups: [4, list(int64), 'Further groups of all processes.'],
  supplementalGroupsPolicy: [12, oneOf('Merge', 'Strict'), 'Whether the groups that the image names count too.'],
  fsGroup: [5, pointer(int64), 'Group that owns the files of volumes which support ownership.'],
  sysctls: [7, list(Sysctl), 'Kernel parameters of the pod\'s namespaces.'],
  fsGroupChangePolicy: [9, oneOf('Always', 'OnRootMismatch'), 'When to change the ownership of a volume\'s files.'],
  seccompProfile: [10, SeccompProfile, 'Filter of system calls of all containers.'],
  appArmorProfile: [11, AppArmorProfile, 'AppArmor profile of all containers.'],
  seLinuxChangePolicy: [13, oneOf('MountOption', 'Recursive'), 'How the SELinux label is put on volumes.'],
});
export type PodSecurityContext = Of<typeof PodSecurityContext>;
