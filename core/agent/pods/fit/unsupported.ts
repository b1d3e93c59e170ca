import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Refusal } from './refusal.ts';

/** What a pod may ask of its node that this one cannot do. To run it without would break what its author counts on. */
export function unsupportedRefusal({ spec }: Pod): Refusal | undefined {
  if (spec.os?.name === 'windows') return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
  if (spec.securityContext?.supplementalGroupsPolicy === 'Strict') return { reason: 'SupplementalGroupsPolicyNotSupported', message: 'SupplementalGroupsPolicy=Strict is not supported in this node' };
  if (spec.hostUsers === false) return unexpected('user namespaces (spec.hostUsers: false) are not supported by this node');
  if ((spec.resourceClaims ?? []).length > 0) return unexpected('resource claims (spec.resourceClaims) are not supported by this node');
  return undefined;
}

const unexpected = (why: string): Refusal => ({ reason: 'UnexpectedAdmissionError', message: `Allocate failed due to ${why}, which is unexpected` });
