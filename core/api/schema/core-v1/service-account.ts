import type { KindOf } from '#core/api/schema/kind.ts';
import { bool, list, merged, pointer } from '#core/api/schema/type.ts';
import { core } from './core.ts';
import { LocalObjectReference, ObjectReference } from './references.ts';

export const ServiceAccount = core.kind('ServiceAccount', 'Who a pod is to the API server.', {
  secrets: [2, merged(ObjectReference, ['name']), 'Secrets that pods of this account may use, if the account says so.'],
  imagePullSecrets: [3, list(LocalObjectReference), 'Registry credentials for pods that name none.'],
  automountServiceAccountToken: [4, pointer(bool), 'Whether pods get a token; a pod may say otherwise.'],
});
export type ServiceAccount = KindOf<typeof ServiceAccount>;
