import type { Pod, PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import type { Draft, KindNames, KubernetesObject } from '#core/api/schema/kind.ts';
import { controllerReference } from '#core/api/controller-reference.ts';

/** The pod that an owner makes of its template; the server ends its name. */
export function podFromTemplate(kind: KindNames, owner: KubernetesObject, { metadata, spec }: PodTemplateSpec): Draft<Pod> {
  const { labels = {}, annotations, finalizers } = metadata;
  return {
    metadata: {
      namespace: owner.metadata.namespace, name: '', generateName: `${owner.metadata.name}-`,
      labels: { ...labels },
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(kind, owner)],
    },
    spec,
  };
}
