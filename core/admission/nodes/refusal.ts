import { StatusError } from '#core/api/status-error.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';

/** A write of the agent of `node`, and what it has to be judged by. */
export interface NodeWrite {
  readonly node: string;
  readonly request: AdmissionRequest;
  readonly objects: ObjectStore;
}

export const refusal = ({ resource, name }: AdmissionRequest, why: string): StatusError => StatusError.forbidden(resource.kind, name, why);

/** @throws {StatusError} Forbidden, when `why` says something */
export function refuseIf(request: AdmissionRequest, why: string | undefined): void {
  if (why !== undefined) throw refusal(request, why);
}
