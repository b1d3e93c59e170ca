import { FieldErrors } from '#core/api/field-errors.ts';
import type { DeleteOptions } from '#core/api/schema/meta.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { WriteParameters } from '#core/apiserver/api.ts';
import type { Deletion } from '#core/apiserver/verbs/delete.ts';
import type { ListParameters } from '#core/apiserver/verbs/list.ts';
import type { WatchParameters } from '#core/apiserver/verbs/watch.ts';
import type { IncludeObject } from './table.ts';

const text = (query: URLSearchParams, key: string): string | undefined => query.get(key) || undefined;

function flag(query: URLSearchParams, key: string): boolean | undefined {
  const value = query.get(key);
  if (value === null || value === '') return value === '' ? true : undefined;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw StatusError.badRequest(`${key}: "${value.slice(0, 64)}" is not a boolean`);
}

function count(query: URLSearchParams, key: string): number | undefined {
  const value = text(query, key);
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw StatusError.badRequest(`${key}: "${value.slice(0, 64)}" is not a number of at least 0`);
  return Number(value);
}

const selectors = (query: URLSearchParams) => ({ labelSelector: text(query, 'labelSelector'), fieldSelector: text(query, 'fieldSelector') });

export const isWatch = (query: URLSearchParams): boolean => flag(query, 'watch') ?? false;

/** @throws {StatusError} BadRequest */
export function listParameters(query: URLSearchParams): ListParameters {
  if (flag(query, 'sendInitialEvents') !== undefined) {
    const errors = new FieldErrors();
    errors.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list');
    errors.throwIfAny({ group: 'meta.k8s.io', kind: 'ListOptions' }, '');
  }
  return {
    ...selectors(query),
    resourceVersion: text(query, 'resourceVersion'), resourceVersionMatch: text(query, 'resourceVersionMatch'),
    limit: count(query, 'limit'), continue: text(query, 'continue'),
  };
}

export const watchParameters = (query: URLSearchParams): WatchParameters & { timeoutSeconds: number | undefined } => ({
  ...selectors(query),
  resourceVersion: text(query, 'resourceVersion'), resourceVersionMatch: text(query, 'resourceVersionMatch'),
  sendInitialEvents: flag(query, 'sendInitialEvents'), allowWatchBookmarks: flag(query, 'allowWatchBookmarks'),
  timeoutSeconds: count(query, 'timeoutSeconds'),
});

/** @throws {StatusError} Invalid for values outside the closed sets */
export function writeParameters(query: URLSearchParams): WriteParameters {
  const errors = new FieldErrors();
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  for (const value of dryRun) if (value !== 'All') errors.notSupported('dryRun', value, ['All']);
  const fieldValidation = text(query, 'fieldValidation') ?? 'Warn';
  if (!isFieldValidation(fieldValidation)) errors.notSupported('fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn', '']);
  const manager = query.get('fieldManager') ?? '';
  if (manager.length > 128) errors.tooLong('fieldManager', 128);
  errors.throwIfAny({ group: 'meta.k8s.io', kind: 'WriteOptions' }, '');
  return { dryRun: dryRun.length > 0, fieldValidation: isFieldValidation(fieldValidation) ? fieldValidation : 'Warn' };
}

const isFieldValidation = (value: string): value is WriteParameters['fieldValidation'] => ['Ignore', 'Warn', 'Strict'].includes(value);

const propagationPolicies = ['Background', 'Foreground', 'Orphan'];

/** From a DeleteOptions body, or without one from the query. @throws {StatusError} BadRequest, Invalid */
export function deletion(query: URLSearchParams, body: DeleteOptions | undefined): Deletion {
  const asked: Partial<DeleteOptions> = body ?? {
    gracePeriodSeconds: count(query, 'gracePeriodSeconds'), propagationPolicy: text(query, 'propagationPolicy'), orphanDependents: flag(query, 'orphanDependents'),
  };
  checkDeletion(asked);
  const { gracePeriodSeconds, preconditions } = asked;
  return { dryRun: asked.dryRun !== undefined || writeParameters(query).dryRun, gracePeriodSeconds, preconditions, propagationPolicy: policyOf(asked) };
}

/** The older field is a yes or no. */
const policyOf = ({ propagationPolicy, orphanDependents }: Partial<DeleteOptions>): string | undefined =>
  propagationPolicy ?? (orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background');

function checkDeletion(asked: Partial<DeleteOptions>): void {
  const { gracePeriodSeconds, propagationPolicy: policy, orphanDependents } = asked;
  const errors = new FieldErrors();
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds < 0) errors.invalid('gracePeriodSeconds', gracePeriodSeconds, 'must be at least 0');
  if (policy !== undefined && !propagationPolicies.includes(policy)) errors.notSupported('propagationPolicy', policy, [...propagationPolicies, 'nil']);
  for (const value of asked.dryRun ?? []) if (value !== 'All') errors.notSupported('dryRun', value, ['All']);
  if (orphanDependents !== undefined && policy !== undefined) errors.invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set');
  errors.throwIfAny({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '');
}

/** @throws {StatusError} BadRequest */
export function includeObject(query: URLSearchParams): IncludeObject {
  const value = text(query, 'includeObject') ?? 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw StatusError.badRequest(`includeObject: "${value.slice(0, 64)}" must be None, Metadata or Object`);
}
