import { CertificateSigningRequest, type CertificateSigningRequestCondition as Condition } from '#core/api/schema/certificates-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { deepCopy } from '#core/api/value.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

/** Dates the conditions of certificate requests, whose authors may leave that to the server. */
export class CertificateConditions implements AdmissionPlugin {
  readonly name = 'CertificateConditions';
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mutate({ operation, subresource, object, old }: AdmissionRequest): void {
    if (operation !== 'UPDATE' || object === undefined || !isKindOf(object, CertificateSigningRequest)) return;
    if (old === undefined || !isKindOf(old, CertificateSigningRequest)) return;
    const conditions = object.status.conditions ?? [];
    const before = old.status.conditions ?? [];
    if (subresource === 'status') keepDecisions(conditions, before);
    if (subresource === 'status' || subresource === 'approval') date(conditions, before, rfc3339(this.#clock.now()));
  }
}

/** Clients that know fewer fields than the server cut conditions short: those that only `/approval` may write stay as they are. */
function keepDecisions(conditions: Condition[], before: readonly Condition[]): void {
  for (const type of ['Approved', 'Denied']) {
    const indexes = [...conditions.keys()].filter((i) => conditions[i]?.type === type);
    const decided = before.filter((condition) => condition.type === type);
    // Otherwise one was added or taken away, which validation refuses.
    if (indexes.length !== decided.length) continue;
    for (const [nth, condition] of decided.entries()) conditions[indexes[nth] ?? 0] = deepCopy(condition);
  }
}

function date(conditions: readonly Condition[], before: readonly Condition[], now: string): void {
  for (const condition of conditions) {
    condition.lastUpdateTime ??= now;
    const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
    condition.lastTransitionTime ??= same?.lastTransitionTime ?? now;
  }
}
