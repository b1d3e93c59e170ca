import { FieldErrors } from '#core/api/field-errors.ts';

const levels = ['privileged', 'baseline', 'restricted'] as const;
export type Level = typeof levels[number];

/** A level of the Pod Security Standards, as of one version of Kubernetes. */
export interface Standard {
  readonly level: Level;
  /** `latest` or `v1.N`. */
  readonly version: string;
}

/** What becomes of a pod that falls short: it is refused, its request is marked in the audit log, or whoever makes it is warned. */
type Mode = 'enforce' | 'audit' | 'warn';

/** What the labels of a namespace ask for. */
export interface Policy extends Readonly<Record<Mode, Standard>> {
  /** What is wrong with the labels. */
  readonly errors: FieldErrors;
}

/** Of the labels, and of the remarks in the audit log. */
export const prefix = 'pod-security.kubernetes.io';

export const standardText = ({ level, version }: Standard): string => `${level}:${version}`;

/** Whether every pod that meets `old` is bound to meet `now` too: nothing was asked for, or less than before. */
export const isRelaxed = (now: Standard, old: Standard): boolean =>
  now.level === 'privileged' || (now.version === old.version && levels.indexOf(now.level) <= levels.indexOf(old.level));

/** Reads the labels. One that cannot be read fails closed where pods would be refused, and open where somebody would only be told. */
export function policyOf(labels: Readonly<Record<string, string>> = {}): Policy {
  const errors = new FieldErrors();
  const own = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const standard = (mode: Mode): Standard => {
    const key = `${prefix}/${mode}`;
    const [given, version] = [own(key) ?? 'privileged', own(`${key}-version`) ?? 'latest'];
    const level = levels.find((each) => each === given);
    if (level === undefined) errors.invalid(`metadata.labels[${key}]`, given, `must be one of ${levels.join(', ')}`);
    const isVersion = version === 'latest' || /^v1\.(0|[1-9]\d*)$/.test(version);
    if (!isVersion) errors.invalid(`metadata.labels[${key}-version]`, version, 'must be "latest" or "v1.x"');
    return { level: level ?? (mode === 'enforce' ? 'restricted' : 'privileged'), version: isVersion ? version : 'latest' };
  };
  return { enforce: standard('enforce'), audit: standard('audit'), warn: standard('warn'), errors };
}
