import { FieldErrors } from '#core/api/field-errors.ts';
import { longestManagerName, managerOfAgent, unprintableIn } from '#core/api/managed-fields/manager-name.ts';
import type { DeleteOptions } from '#core/api/schema/meta.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { WriteParameters } from '#core/apiserver/api.ts';
import type { Deletion } from '#core/apiserver/verbs/delete.ts';
import type { ListParameters } from '#core/apiserver/verbs/list.ts';
import type { WatchParameters } from '#core/apiserver/verbs/watch.ts';
import type { IncludeObject } from './table.ts';

const text = (query: URLSearchParams, key: string): string | undefined => query.get(key) || undefined;

/** Given is yes, however it is spelled (Python's clients write `True`), but for `0` and `false`; null, the absent value, is no. */
export const isYes = (value: string | null): boolean => value !== null && value !== '0' && value.toLowerCase() !== 'false';

const flag = (query: URLSearchParams, key: string): boolean | undefined => (query.has(key) ? isYes(query.get(key)) : undefined);

function count(query: URLSearchParams, key: string): number | undefined {
  const value = text(query, key);
  if (value === undefined) return undefined;
  if (!/^[+-]?\d+$/.test(value)) throw StatusError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value.slice(0, 64))}: invalid syntax`);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number(value), Number.MAX_SAFE_INTEGER));
}

const selectors = (query: URLSearchParams) => ({ labelSelector: text(query, 'labelSelector'), fieldSelector: text(query, 'fieldSelector') });

export const isWatch = (query: URLSearchParams): boolean => isYes(query.get('watch'));

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

/** What sort of write a query belongs to, and who sends it. */
export interface WriteSort {
  /** How messages call the parameters. */
  readonly options: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions';
  /** The User-Agent header: names the manager of fields when the query does not. */
  readonly agent?: string | undefined;
  /** Server-side apply. */
  readonly applies?: boolean;
}

/** @throws {StatusError} Invalid for values outside the closed sets */
export function writeParameters(query: URLSearchParams, sort: WriteSort): WriteParameters {
  const errors = new FieldErrors();
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  for (const value of dryRun) if (value !== 'All') errors.notSupported('dryRun', value, ['All']);
  const fieldValidation = text(query, 'fieldValidation') ?? 'Warn';
  if (!isFieldValidation(fieldValidation)) errors.notSupported('fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn', '']);
  const ownership = ownershipParameters(query, sort, errors);
  errors.throwIfAny({ group: 'meta.k8s.io', kind: sort.options }, '');
  return { dryRun: dryRun.length > 0, fieldValidation: isFieldValidation(fieldValidation) ? fieldValidation : 'Warn', ...ownership };
}

function ownershipParameters(query: URLSearchParams, { options, agent = '', applies = false }: WriteSort, errors: FieldErrors): Pick<WriteParameters, 'fieldManager' | 'force'> {
  const manager = text(query, 'fieldManager');
  const force = flag(query, 'force');
  if (options === 'PatchOptions' && !applies && force !== undefined) errors.forbidden('force', 'may not be specified for non-apply patch');
  if (applies && manager === undefined) errors.required('fieldManager', 'is required for apply patch');
  checkManager(manager ?? '', errors);
  return { fieldManager: manager ?? managerOf(agent), force: force ?? false };
}

function checkManager(manager: string, errors: FieldErrors): void {
  if (Buffer.byteLength(manager) > longestManagerName) errors.tooLong('fieldManager', longestManagerName);
  for (const problem of unprintableIn(manager)) errors.invalid('fieldManager', manager, problem);
}

const managers = new Map<string, string>();

/** Agents are few, and come with every request. */
function managerOf(agent: string): string {
  let manager = managers.get(agent);
  if (manager === undefined) {
    manager = managerOfAgent(agent);
    if (managers.size >= 256) managers.clear();
    managers.set(agent, manager);
  }
  return manager;
}

const isFieldValidation = (value: string): value is WriteParameters['fieldValidation'] => ['Ignore', 'Warn', 'Strict'].includes(value);

const propagationPolicies = ['Background', 'Foreground', 'Orphan'];

/** From a DeleteOptions body, or without one from the query; a negative grace period is one second. @throws {StatusError} BadRequest, Invalid */
export function deletion(query: URLSearchParams, body: DeleteOptions | undefined): Deletion {
  const asked: Partial<DeleteOptions> = body ?? {
    gracePeriodSeconds: count(query, 'gracePeriodSeconds'), propagationPolicy: text(query, 'propagationPolicy'), orphanDependents: flag(query, 'orphanDependents'),
  };
  checkDeletion(asked);
  const { gracePeriodSeconds: grace, preconditions } = asked;
  return { dryRun: asked.dryRun !== undefined || writeParameters(query, { options: 'DeleteOptions' }).dryRun, gracePeriodSeconds: grace !== undefined && grace < 0 ? 1 : grace, preconditions, propagationPolicy: policyOf(asked) };
}

/** The older field is a yes or no. */
const policyOf = ({ propagationPolicy, orphanDependents }: Partial<DeleteOptions>): string | undefined =>
  propagationPolicy ?? (orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background');

function checkDeletion(asked: Partial<DeleteOptions>): void {
  const { propagationPolicy: policy, orphanDependents } = asked;
  const errors = new FieldErrors();
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
