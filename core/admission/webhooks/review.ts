import { randomUUID } from 'node:crypto';
import type { KindNames, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError, codeOfReason, type StatusReason } from '#core/api/status-error.ts';
import { isObject, type JsonObject } from '#core/api/value.ts';
import type { User } from '#core/api/user.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { WebhookError } from '#core/client/webhook-client.ts';

/** A request in the version in which a webhook wants to see it. */
export interface Shown {
  /** As the webhook's rule names it. */
  readonly resource: AnyResource;
  readonly object: KubernetesObject | undefined;
  readonly old: KubernetesObject | undefined;
}

const kindOf = ({ group, version, kind }: KindNames) => ({ group, version, kind });
const resourceOf = ({ group, version, plural }: KindNames) => ({ group, version, resource: plural });

const userInfo = ({ name, uid, groups, extra }: User) => ({ username: name, ...(uid === undefined ? {} : { uid }), groups, ...(extra ? { extra } : {}) });

/** What a subresource takes and gives is of another kind than the object. */
const kindBelow = (resource: AnyResource, subresource: string): KindNames => resource.subresources?.find(({ name }) => name === subresource)?.kind ?? resource.kind;

/** Options of a connection have none. */
const withoutMetadata = ({ metadata: _metadata, ...options }: KubernetesObject): object => options;

const optionsKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

/** The `request` of an AdmissionReview (`admission.k8s.io/v1`). */
export function reviewRequest(request: AdmissionRequest, { resource, object, old }: Shown): JsonObject {
  const { subresource, operation, namespace, name, dryRun, user } = request;
  const below = subresource === '' ? {} : { subResource: subresource };
  return {
    uid: randomUUID(), kind: kindOf(kindBelow(resource, subresource)), resource: resourceOf(resource.kind), ...below,
    requestKind: kindOf(kindBelow(request.resource, subresource)), requestResource: resourceOf(request.resource.kind),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    name, ...(namespace === undefined ? {} : { namespace }), operation, userInfo: userInfo(user),
    object: (operation === 'CONNECT' && object !== undefined ? withoutMetadata(object) : object) ?? null, oldObject: old ?? null, dryRun,
    options: operation === 'CONNECT' ? null : { kind: optionsKinds[operation], apiVersion: 'meta.k8s.io/v1', ...(dryRun ? { dryRun: ['All'] } : {}) },
  };
}

export interface Verdict {
  readonly allowed: boolean;
  readonly patch: readonly unknown[] | undefined;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, unknown>>;
  readonly status: JsonObject | undefined;
}

/** @throws {WebhookError} for an answer that does not follow the protocol */
export function verdictOf(answer: unknown, uid: unknown, version: string): Verdict {
  if (!isObject(answer) || !isObject(answer['response'])) throw new WebhookError('the answer has no response');
  const { response } = answer;
  if (answer['kind'] !== 'AdmissionReview' || answer['apiVersion'] !== `admission.k8s.io/${version}`) {
    throw new WebhookError(`expected webhook response of admission.k8s.io/${version}, Kind=AdmissionReview, got ${String(answer['apiVersion'])}, Kind=${String(answer['kind'])}`);
  }
  if (response['uid'] !== uid) throw new WebhookError(`expected response.uid="${String(uid)}", got "${String(response['uid'])}"`);
  return {
    allowed: response['allowed'] === true, patch: patchOf(response),
    warnings: listed(response['warnings']).filter((text) => typeof text === 'string'),
    auditAnnotations: isObject(response['auditAnnotations']) ? response['auditAnnotations'] : {},
    status: isObject(response['status']) ? response['status'] : undefined,
  };
}

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function patchOf({ patch, patchType }: JsonObject): readonly unknown[] | undefined {
  if (patch === undefined || patch === null || patch === '') {
    if (patchType !== undefined && patchType !== '') throw new WebhookError('webhook returned response.patchType but not response.patch');
    return undefined;
  }
  if (patchType !== 'JSONPatch') throw new WebhookError(`webhook returned response.patch but response.patchType ${JSON.stringify(patchType)} is not JSONPatch`);
  const operations: unknown = typeof patch === 'string' ? parsed(Buffer.from(patch, 'base64').toString()) : undefined;
  if (!Array.isArray(operations)) throw new WebhookError('response.patch is not a JSON patch in base64');
  return operations as readonly unknown[];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new WebhookError('response.patch is not a JSON patch in base64', { cause: error });
  }
}

const texts = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The refusal, with what the webhook said of it. */
export function denial(webhook: string, { status = {} }: Verdict): StatusError {
  const { code, details } = status;
  const [message, reason] = [texts(status['message']), texts(status['reason'])];
  const said = message || reason;
  const text = `admission webhook "${webhook}" denied the request${said === '' ? ' without explanation' : `: ${said}`}`;
  const isKnown = Object.hasOwn(codeOfReason, reason);
  const isFailure = typeof code === 'number' && code >= 400 && code < 600;
  return new StatusError(isKnown ? (reason as StatusReason) : 'Forbidden', text, isObject(details) ? details : undefined, isFailure ? { code } : {});
}

export const reviewOf = (request: JsonObject, version: string): JsonObject => ({ kind: 'AdmissionReview', apiVersion: `admission.k8s.io/${version}`, request });

