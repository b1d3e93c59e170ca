import type { KindNames, KubernetesObject } from '#core/api/schema/kind.ts';

/** Finds a stored object, as `ObjectStore.get` does. */
export type Lookup = (kind: Pick<KindNames, 'group' | 'plural'>, namespace: string | undefined, name: string) => KubernetesObject | undefined;
