import { Scale } from '#core/api/schema/autoscaling-v1.ts';
import { apiVersionOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { LabelSelector } from '#core/api/schema/meta.ts';
import type { Column, Subresource } from '#core/registry/resource.ts';
import { ageColumn, nameColumn } from '#core/registry/columns.ts';
import { FieldPath } from './field-path.ts';
import { selectorText } from './printing.ts';

interface Scalable extends KubernetesObject {
  spec: { replicas?: number };
  status: { replicas?: number };
}

export const scaleColumns: readonly Column<KubernetesObject>[] = [
  nameColumn,
  { name: 'Desired', type: 'integer', description: 'Pods that are wanted.', cell: (scale) => (scale as Scale).spec.replicas ?? 0 },
  { name: 'Available', type: 'integer', description: 'Pods that there are.', cell: (scale) => (scale as Scale).status.replicas },
  ageColumn,
];

/** The size of a workload as a subresource of its own, for `kubectl scale` and autoscalers. */
export const scaleSubresource = <T extends Scalable>(selectorOf: (object: T) => LabelSelector | undefined): Subresource<T> => ({
  name: 'scale',
  verbs: ['get', 'patch', 'update'],
  kind: Scale,
  view: {
    read(object): Scale {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
      const selector = selectorOf(object);
      return {
        apiVersion: apiVersionOf(Scale), kind: Scale.kind,
        metadata: { name, uid, resourceVersion, creationTimestamp, ...(namespace === undefined ? {} : { namespace }) },
        spec: { replicas: object.spec.replicas ?? 0 },
        status: { replicas: object.status.replicas ?? 0, ...(selector === undefined ? {} : { selector: selectorText(selector) }) },
      };
    },
    write(object, view) {
      object.spec.replicas = (view as Scale).spec.replicas ?? 0;
    },
    validate(view, errors) {
      FieldPath.root(errors).at('spec', 'replicas').notNegative((view as Scale).spec.replicas);
    },
    columns: scaleColumns,
  },
});
