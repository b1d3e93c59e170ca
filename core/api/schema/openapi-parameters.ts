import type { Kind } from './kind.ts';
import type { Schema } from './openapi-type.ts';
import type { ScalarName } from './type.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly description: string;
  readonly required?: boolean;
  readonly schema: Schema & { readonly uniqueItems: true };
}

const parameter = (place: 'query' | 'path', name: string, type: string, description: string): Parameter => ({
  name, in: place, description, ...(place === 'path' ? { required: true } : {}), schema: { type, uniqueItems: true },
});

const query = (name: string, type: string, description: string): Parameter => parameter('query', name, type, description);

export const nameParameter = (kind: string): Parameter => parameter('path', 'name', 'string', `Name of the ${kind}.`);
export const namespaceParameter = parameter('path', 'namespace', 'string', 'The namespace, which is also who may do what.');
export const pathParameter = parameter('path', 'path', 'string', 'The path of the request at the one to whom it is passed on.');
export const pretty = query('pretty', 'string', 'If true, the answer is indented.');

const dryRun = query('dryRun', 'string', 'All: do everything but store the result.');
const fieldManager = query('fieldManager', 'string', 'Who makes the change, for managedFields.');
const fieldValidation = query('fieldValidation', 'string', 'What becomes of unknown and duplicate fields: Ignore drops them, Warn also warns, Strict refuses the request.');
const force = query('force', 'boolean', 'Take over fields that other managers own. For apply patches only.');

/** Also kubectl's sign that the server validates: it looks for `fieldValidation` at PATCH. */
export const writing: readonly Parameter[] = [dryRun, fieldManager, fieldValidation];
export const patching: readonly Parameter[] = [...writing, force];

const selecting: readonly Parameter[] = [
  query('continue', 'string', 'Where to go on: the token that came with the last page.'),
  query('fieldSelector', 'string', 'Only objects with these values in their fields.'),
  query('labelSelector', 'string', 'Only objects with these labels.'),
  query('limit', 'integer', 'The most objects in one page.'),
  query('resourceVersion', 'string', 'The state that the answer may or must show.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: NotOlderThan or Exact.'),
  query('sendInitialEvents', 'boolean', 'A watch begins with the present objects and a bookmark.'),
  query('timeoutSeconds', 'integer', 'How long the call may last.'),
];

export const listing: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'Send BOOKMARK events, from whose resourceVersion a watch can resume.'),
  ...selecting,
  query('watch', 'boolean', 'Send changes as they come instead of a list.'),
];

export const deleting: readonly Parameter[] = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds the object may take to end gracefully; 0 deletes at once.'),
  query('orphanDependents', 'boolean', 'Old form of propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];

export const deletingMany: readonly Parameter[] = [...deleting, ...selecting];

const parameterTypes: Partial<Record<ScalarName, string>> = { bool: 'boolean', int32: 'integer', int64: 'integer' };

/** What the URL says in place of an object of this kind. A path is part of the URL itself. */
export const optionsOf = ({ struct: { fields } }: Kind): readonly Parameter[] => [...fields.values()].filter(({ name }) => !['apiVersion', 'kind', 'path'].includes(name))
  .map(({ name, type, doc }) => query(name, type.form === 'scalar' ? parameterTypes[type.name] ?? 'string' : 'string', doc));
