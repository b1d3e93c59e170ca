import type { PodSecurityContext, SecurityContext } from '#core/api/schema/core-v1/security.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { ContainerSecurity, RuntimeImage } from '#core/spi/container-runtime.ts';
import { podText, type PodContainer } from './pod-containers.ts';
import { configFailure } from './start-failure.ts';

type Context = SecurityContext & Pick<PodSecurityContext, 'supplementalGroups' | 'fsGroup'>;

/** What the container says, and where it says nothing, the pod. */
function merged(pod: Pod, { securityContext: own = {} }: PodContainer): Context {
  const { runAsUser, runAsGroup, runAsNonRoot, seccompProfile, appArmorProfile, ...groups } = pod.spec.securityContext ?? {};
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const inherited = { runAsUser, runAsGroup, runAsNonRoot, seccompProfile, appArmorProfile, supplementalGroups: groups.supplementalGroups, fsGroup: groups.fsGroup };
  return { ...inherited, ...given };
}

const isNumber = (user: string): boolean => /^\d+$/.test(user);

/** The user part of an image's `user[:group]`. */
const imageUser = ({ user = '' }: RuntimeImage): string => user.split(':', 1)[0] ?? '';

/** @throws {StartFailure} when the container would run as root, or nobody can tell, and it must not */
function checkNonRoot(pod: Pod, container: PodContainer, { runAsNonRoot, runAsUser }: Context, image: RuntimeImage): void {
  if (runAsNonRoot !== true) return;
  const where = `(pod: "${podText(pod)}", container: ${container.name})`;
  if (runAsUser !== undefined) {
    if (Number(runAsUser) === 0) throw configFailure(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  const user = imageUser(image);
  if (user === '' || (isNumber(user) && Number(user) === 0)) throw configFailure(`container has runAsNonRoot and image will run as root ${where}`);
  if (!isNumber(user)) throw configFailure(`container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root ${where}`);
}

function userOf({ runAsUser, runAsGroup }: Context, image: RuntimeImage): string | undefined {
  if (runAsGroup === undefined) return runAsUser === undefined ? undefined : String(runAsUser);
  return `${runAsUser ?? (imageUser(image) || '0')}:${runAsGroup}`;
}

/** The name of a profile on the node: `localhost/…` is read by who calls. */
function profileOf(profile: Context['seccompProfile'], otherwise: string): string {
  switch (profile?.type) {
    case 'RuntimeDefault': return 'runtime/default';
    case 'Localhost': return `localhost/${profile.localhostProfile ?? ''}`;
    case 'Unconfined': return 'unconfined';
    default: return otherwise;
  }
}

function apparmorOf(profile: Context['appArmorProfile']): string | undefined {
  const name = profileOf(profile, '');
  if (name === '' || name === 'runtime/default') return undefined;
  return name.startsWith('localhost/') ? name.slice('localhost/'.length) : name;
}

const groupsOf = ({ fsGroup, supplementalGroups = [] }: Context): readonly number[] =>
  [...new Set([...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups].map(Number))];

const openProc = { maskedPaths: [], readonlyPaths: [] };

/** @throws {StartFailure} CreateContainerConfigError when `runAsNonRoot` forbids the start */
export function containerSecurity(pod: Pod, container: PodContainer, image: RuntimeImage): ContainerSecurity {
  const context = merged(pod, container);
  checkNonRoot(pod, container, context, image);
  const { privileged = false, capabilities = {} } = context;
  const user = userOf(context, image);
  const apparmorProfile = privileged ? undefined : apparmorOf(context.appArmorProfile);
  return {
    privileged,
    ...(user === undefined ? {} : { user }),
    supplementalGroups: groupsOf(context),
    readOnlyRootFilesystem: context.readOnlyRootFilesystem ?? false,
    noNewPrivileges: context.allowPrivilegeEscalation === false,
    capabilities: { add: capabilities.add ?? [], drop: capabilities.drop ?? [] },
    seccomp: privileged ? 'unconfined' : profileOf(context.seccompProfile, 'unconfined'),
    ...(context.procMount === 'Unmasked' ? openProc : {}),
    ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
  };
}
