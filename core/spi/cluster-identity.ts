import { token } from '#core/kernel/token.ts';

/** What tells this cluster from every other one, for as long as its store lives: the UID of its Namespace `kube-system`. */
export interface ClusterIdentity {
  /** Rejects as the API does when that cannot be read. */
  uid(signal: AbortSignal): Promise<string>;
}
export const ClusterIdentity = token<ClusterIdentity>('ClusterIdentity');
