import type { Container, EphemeralContainer } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** A container of any sort. */
export type PodContainer = Container | EphemeralContainer;

/** An init container that stays: it is started in its turn, and stopped after all others. https://kep.k8s.io/753 */
export const isSidecar = ({ restartPolicy }: { readonly restartPolicy?: string }): boolean => restartPolicy === 'Always';

export const sidecarsOf = ({ spec: { initContainers = [] } }: Pod): readonly Container[] => initContainers.filter(isSidecar);

/** All of a pod's containers: init, ordinary, ephemeral. */
export const containersOf = ({ spec: { initContainers = [], containers, ephemeralContainers = [] } }: Pod): readonly PodContainer[] =>
  [...initContainers, ...containers, ...ephemeralContainers];

export const containerNamed = (pod: Pod, name: string): PodContainer | undefined => containersOf(pod).find((container) => container.name === name);

/** Where in its pod a container stands, as events name it: `spec.containers{web}`. */
export function containerPath({ spec: { initContainers = [], ephemeralContainers = [] } }: Pod, name: string): string {
  const has = (list: readonly PodContainer[]): boolean => list.some((container) => container.name === name);
  const list = has(initContainers) ? 'initContainers' : has(ephemeralContainers) ? 'ephemeralContainers' : 'containers';
  return `spec.${list}{${name}}`;
}

/** `name_namespace(uid)`, as messages name a pod. */
export const podText = ({ metadata: { name, namespace = '', uid } }: Pod): string => `${name}_${namespace}(${uid})`;

export const namespaceOf = ({ metadata: { namespace = '' } }: Pod): string => namespace;

export const initContainerNames = ({ spec: { initContainers = [] } }: Pod): ReadonlySet<string> => new Set(initContainers.map(({ name }) => name));
