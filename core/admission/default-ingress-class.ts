import { Ingress, IngressClass } from '#core/api/schema/networking-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin } from './admission.ts';

const isDefault = ({ metadata }: IngressClass): boolean => metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';

/** An ingress that names no class gets the default one: the newest of several, by name among equals. */
export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  mutate({ operation, object, subresource }, objects) {
    if (operation !== 'CREATE' || subresource !== '' || object === undefined || !isKindOf(object, Ingress)) return;
    if (object.spec.ingressClassName !== undefined || object.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined) return;
    const found = [...defaults(objects)].sort(newestFirst)[0];
    if (found !== undefined) object.spec.ingressClassName = found.metadata.name;
  },
};

function* defaults(objects: ObjectStore): IterableIterator<IngressClass> {
  for (const [, candidate] of objects.cache(IngressClass).range('')) if (isKindOf(candidate, IngressClass) && isDefault(candidate)) yield candidate;
}

function newestFirst({ metadata: a }: IngressClass, { metadata: b }: IngressClass): number {
  return Date.parse(b.creationTimestamp) - Date.parse(a.creationTimestamp) || (a.name < b.name ? -1 : 1);
}
