import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { Patch } from '#core/client/client.ts';

/**
 * A patch of the metadata that holds only for exactly this version of this object. A list of finalizers may be written by it:
 * had somebody else added or removed one in between, the patch would be refused.
 */
export const metadataPatch = (object: KubernetesObject, metadata: Readonly<Record<string, unknown>>, rest: Readonly<Record<string, unknown>> = {}): Patch => ({
  type: 'merge',
  document: { metadata: { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion, ...metadata }, ...rest },
});

export const withFinalizer = (object: KubernetesObject, name: string): readonly string[] =>
  [...(object.metadata.finalizers ?? []).filter((known) => known !== name), name];

export const withoutFinalizer = (object: KubernetesObject, name: string): readonly string[] =>
  (object.metadata.finalizers ?? []).filter((known) => known !== name);

/** Takes one finalizer off whichever version of the object there is, and leaves the others alone. */
export const finalizerRemoval = (uid: string, name: string): Patch =>
  ({ type: 'strategic', document: { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [name] } } });
