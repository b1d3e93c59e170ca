import type { PodSecurityContext, SELinuxOptions, SecurityContext } from '#core/api/schema/core-v1/security.ts';
import {
  containersOf, containersText, contextsOf, namesWhere, plural, quoted, settersText, sorted, unlessWindows, type Check, type PodLike, type Violation,
} from './checks.ts';

type Context = PodSecurityContext | SecurityContext;

const isConfined = (type: string): boolean => type === 'RuntimeDefault' || type === 'Localhost';

const loose = (type: string | undefined): string[] => (type === undefined || isConfined(type) ? [] : [type]);

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

const isConfinedByName = (profile: string): boolean => profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');

/** Looks at the fields and at the annotations that came before them; both still count. */
export const appArmor: Check = {
  level: 'baseline',
  since: [[0, ({ metadata, spec }) => {
    const typesOf = ({ appArmorProfile }: Context): string[] => loose(appArmorProfile?.type);
    const setters = settersText(spec, (context) => typesOf(context).length > 0);
    const annotations = sorted(Object.entries(metadata.annotations ?? {})
      .flatMap(([key, value]) => (key.startsWith(appArmorPrefix) && !isConfinedByName(value) ? [`${key}=${JSON.stringify(value)}`] : [])));
    if (setters === '' && annotations.length === 0) return undefined;
    const values = [...sorted(contextsOf(spec).flatMap(typesOf)), ...annotations];
    const all = [...setters === '' ? [] : [setters], ...annotations.length > 0 ? [plural('annotation', annotations.length)] : []].join(' and ');
    return { reason: plural('forbidden AppArmor profile', values.length), detail: `${all} must not set AppArmor profile type to ${quoted(values)}` };
  }]],
};

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';

const isFiltered = (profile: string): boolean => profile === 'runtime/default' || profile === 'docker/default' || profile.startsWith('localhost/');

/** Before the fields there were annotations. */
function seccompAnnotations({ metadata: { annotations = {} }, spec }: PodLike): Violation | undefined {
  const keys = [seccompPod, ...containersOf(spec).map(({ name }) => `container.${seccompPod.replace(/pod$/, name)}`)];
  const bad = sorted(keys.flatMap((key) => {
    const profile = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    return profile === undefined || isFiltered(profile) ? [] : [`${key}=${JSON.stringify(profile)}`];
  }));
  return bad.length === 0 ? undefined : { reason: 'seccompProfile', detail: `forbidden ${plural('annotation', bad.length)} ${bad.join(', ')}` };
}

function seccompFields({ spec }: PodLike): Violation | undefined {
  const typesOf = ({ seccompProfile }: Context): string[] => loose(seccompProfile?.type);
  const setters = settersText(spec, (context) => typesOf(context).length > 0);
  if (setters === '') return undefined;
  return { reason: 'seccompProfile', detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(sorted(contextsOf(spec).flatMap(typesOf)))}` };
}

export const seccompIfSet: Check = { level: 'baseline', since: [[0, seccompAnnotations], [19, seccompFields]] };

function seccompEverywhere(pod: PodLike): Violation | undefined {
  const { spec } = pod;
  const bad = seccompFields(pod);
  if (bad !== undefined || spec.securityContext?.seccompProfile !== undefined) return bad;
  const names = namesWhere(spec, ({ securityContext }) => securityContext?.seccompProfile === undefined);
  if (names.length === 0) return undefined;
  return { reason: 'seccompProfile', detail: `pod or ${containersText(names)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` };
}

export const seccomp: Check = { level: 'restricted', replaces: seccompIfSet, since: [[19, seccompEverywhere], [25, unlessWindows(seccompEverywhere)]] };

const containerTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinux = (allowed: ReadonlySet<string>) => ({ spec }: PodLike): Violation | undefined => {
  const problemsOf = ({ type = '', user = '', role = '' }: SELinuxOptions = {}): boolean[] => [!allowed.has(type), user !== '', role !== ''];
  const setters = settersText(spec, ({ seLinuxOptions }) => problemsOf(seLinuxOptions).includes(true));
  if (setters === '') return undefined;
  const all = contextsOf(spec).map(({ seLinuxOptions }) => seLinuxOptions);
  const types = sorted(all.flatMap((options) => (allowed.has(options?.type ?? '') ? [] : [options?.type ?? ''])));
  const details = [
    ...types.length > 0 ? [`${plural('type', types.length)} ${quoted(types)}`] : [],
    ...all.some((options) => problemsOf(options)[1]) ? ['user may not be set'] : [],
    ...all.some((options) => problemsOf(options)[2]) ? ['role may not be set'] : [],
  ];
  return { reason: 'seLinuxOptions', detail: `${setters} set forbidden securityContext.seLinuxOptions: ${details.join('; ')}` };
};

export const seLinuxOptions: Check = {
  level: 'baseline', since: [[0, seLinux(new Set(containerTypes))], [31, seLinux(new Set([...containerTypes, 'container_engine_t']))]],
};
