import { EphemeralContainer } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { deepCopy } from '#core/api/value.ts';
import { allMetadata, type Subresource } from '#core/registry/resource.ts';
import { differenceText, same } from './differences.ts';
import { FieldPath } from './field-path.ts';
import { mirrorAnnotation } from './pod-annotations.ts';
import { validatePodSpec } from './pod-spec.ts';

function validateKept(now: Pod, old: Pod, field: FieldPath): void {
  const byName = new Map(now.spec.ephemeralContainers?.map((container) => [container.name, container]));
  for (const container of old.spec.ephemeralContainers ?? []) {
    const { name } = container;
    const kept = byName.get(name);
    if (kept === undefined) field.forbidden(`existing ephemeral containers "${name}" may not be removed\n`);
    else if (!same(EphemeralContainer, container, kept)) {
      field.forbidden(`existing ephemeral containers "${name}" may not be changed${differenceText(EphemeralContainer, container, kept, name)}`);
    }
  }
}

/** Adds containers to a pod for debugging; they can neither change nor go again. */
export const ephemeralContainersSubresource: Subresource<Pod> = {
  name: 'ephemeralcontainers',
  verbs: ['get', 'patch', 'update'],
  part: {
    carryOver(pod, old) {
      const { ephemeralContainers } = pod.spec;
      pod.spec = deepCopy(old.spec);
      pod.status = deepCopy(old.status);
      if (ephemeralContainers === undefined) delete pod.spec.ephemeralContainers;
      else pod.spec.ephemeralContainers = ephemeralContainers;
    },
    keeps: allMetadata,
    writes: [['spec', 'ephemeralContainers']],
    validate(pod, old, errors) {
      if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) return errors.forbidden('', 'static pods do not support ephemeral containers');
      const field = FieldPath.root(errors).at('spec');
      validatePodSpec(pod.spec, pod.metadata.name, field);
      validateKept(pod, old, field.at('ephemeralContainers'));
    },
  },
};
