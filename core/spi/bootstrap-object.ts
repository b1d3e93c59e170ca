import type { Draft, Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { token } from '#core/kernel/token.ts';

/**
 * An object that a module wants to exist, such as its StorageClass. It is created at start when it is missing
 * and never changed afterwards: from then on it is its administrator's.
 */
export interface BootstrapObject {
  readonly kind: Kind;
  readonly object: Draft<KubernetesObject>;
}
export const BootstrapObject = token<BootstrapObject>('BootstrapObject');

/** Checks the object against its kind at compile time. */
export const bootstrapObject = <T extends KubernetesObject>(kind: Kind<T>, object: Draft<T>): BootstrapObject =>
  ({ kind, object });
