import { StatusError } from '#core/api/status-error.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

/** Without these a cluster has no place to stand on. */
const immortal = new Set(['default', 'kube-system', 'kube-public']);

/** Nothing is created in a namespace that is missing or going; the basic ones cannot be deleted. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  validate(request, objects) {
    const { operation, resource: { kind }, name } = request;
    if (operation === 'DELETE' && kind.kind === Namespace.kind && kind.group === '' && immortal.has(name)) {
      throw StatusError.forbidden(kind, name, 'this namespace may not be deleted');
    }
    refuseInEnding(request, objects);
  },
  // Whoever empties a namespace that ends may have passed by while the object was on its way.
  confirm: refuseInEnding,
};

function refuseInEnding({ operation, resource: { kind }, namespace, name, subresource }: AdmissionRequest, objects: ObjectStore): void {
  if (operation !== 'CREATE' || subresource !== '' || !kind.namespaced || namespace === undefined) return;
  const found = objects.get(Namespace, undefined, namespace);
  if (found === undefined) throw StatusError.notFound(Namespace, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  throw StatusError.forbidden(kind, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' },
  ]);
}
