import type { Container, EphemeralContainer } from '#core/api/schema/core-v1/container.ts';
import type { PodSpec } from '#core/api/schema/core-v1/pod.ts';
import type { PodSecurityContext, SecurityContext } from '#core/api/schema/core-v1/security.ts';

/** A pod, or the template of one. */
export interface PodLike {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

export interface Violation {
  /** In a few words; the same for all pods. */
  readonly reason: string;
  /** Who does what. */
  readonly detail: string;
}

export interface Check {
  readonly level: 'baseline' | 'restricted';
  /** The check's forms by the minor version with which each began, oldest first. */
  readonly since: readonly (readonly [minor: number, look: (pod: PodLike) => Violation | undefined])[];
  /** The baseline check that says less than this one. */
  readonly replaces?: Check;
}

type AnyContainer = Container | EphemeralContainer;

export const containersOf = ({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec): readonly AnyContainer[] =>
  [...initContainers, ...containers, ...ephemeralContainers];

export const plural = (singular: string, count: number): string => (count === 1 ? singular : `${singular}s`);

export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

export const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();

/** `container "a"`, or `containers "a", "b"`. */
export const containersText = (names: readonly string[]): string => `${plural('container', names.length)} ${quoted(names)}`;

export const uses = (count: number): string => (count === 1 ? 'uses' : 'use');

/** The containers for which something holds, by name. */
export const namesWhere = (spec: PodSpec, holds: (container: AnyContainer) => boolean): string[] => containersOf(spec).filter(holds).map(({ name }) => name);

/** `pod and containers "a", "b"`: whose own settings are bad; '' when nobody's are. */
export function settersText(spec: PodSpec, isBad: (settings: PodSecurityContext | SecurityContext) => boolean): string {
  const names = namesWhere(spec, ({ securityContext = {} }) => isBad(securityContext));
  return [...isBad(spec.securityContext ?? {}) ? ['pod'] : [], ...names.length > 0 ? [containersText(names)] : []].join(' and ');
}

/** The settings of the pod and of all its containers. */
export const contextsOf = (spec: PodSpec): readonly (PodSecurityContext | SecurityContext)[] =>
  [spec.securityContext ?? {}, ...containersOf(spec).map(({ securityContext = {} }) => securityContext)];

/** Windows knows no such setting, so nobody can be asked to make it. */
export const unlessWindows = (look: (pod: PodLike) => Violation | undefined) =>
  (pod: PodLike): Violation | undefined => (pod.spec.os?.name === 'windows' ? undefined : look(pod));
