import type { FieldErrors } from '#core/api/field-errors.ts';
import { dnsSubdomainProblem, qualifiedNameProblem } from '#core/api/names.ts';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { age } from './age.ts';
import { resource, type Column } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

/** How the two versions of events name what they share, so that errors speak the writer's language. */
export interface EventFields {
  readonly involvedObject: string;
  readonly reportingComponent: string;
  readonly message: string;
}

const ownFields: EventFields = { involvedObject: 'involvedObject', reportingComponent: 'reportingComponent', message: 'message' };

function validateReporter(event: Event, names: EventFields, root: FieldPath): void {
  const { reportingComponent = '', reportingInstance = '', action = '', reason = '', message = '' } = event;
  root.at(names.reportingComponent).name(reportingComponent, qualifiedNameProblem);
  for (const [name, value] of Object.entries({ reportingInstance, action, reason })) {
    if (value === '') root.at(name).required();
    if (value.length > 128) root.at(name).invalid('', 'can have at most 128 characters');
  }
  if (Buffer.byteLength(message) > 1024) root.at(names.message).invalid('', 'can have at most 1024 characters');
}

/** What holds for an event however it is written: it lies beside the object it is about, and in the newer form says who reports it. */
export function validateEvent(event: Event, names: EventFields, errors: FieldErrors): void {
  const root = FieldPath.root(errors);
  const { namespace = '' } = event.metadata;
  const { namespace: about = '' } = event.involvedObject;
  const mismatch = (): void => root.at(names.involvedObject, 'namespace').invalid(about, 'does not match event.namespace');
  if (event.eventTime === undefined) {
    if (about === '' ? namespace !== 'default' : about !== namespace) mismatch();
  } else {
    if (about === '' ? namespace !== 'default' && namespace !== 'kube-system' : about !== namespace) mismatch();
    validateReporter(event, names, root);
  }
  root.at('metadata', 'namespace').check(namespace, dnsSubdomainProblem(namespace));
}

const firstSeen = ({ firstTimestamp, eventTime }: Event, now: number): string => age(firstTimestamp ?? eventTime, now);

function lastSeen(event: Event, now: number): string {
  if (event.series !== undefined) return age(event.series.lastObservedTime, now);
  return event.lastTimestamp === undefined ? firstSeen(event, now) : age(event.lastTimestamp, now);
}

function objectText({ involvedObject: { kind = '', name = '' } }: Event): string {
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source.component || reportingComponent || '';
  const instance = source.host || reportingInstance || '';
  return instance === '' ? component : `${component}, ${instance}`;
}

/** A singleton of the newer form has no count. */
const countOf = ({ series, count }: Event): number => (series === undefined ? count || 1 : series.count ?? 0);

export const eventColumns: readonly Column<Event>[] = [
  { name: 'Last Seen', type: 'string', description: 'Time since it last happened.', cell: lastSeen },
  { name: 'Type', type: 'string', description: 'Normal or Warning.', cell: ({ type }) => type ?? '' },
  { name: 'Reason', type: 'string', description: 'Why it was reported, in one word.', cell: ({ reason }) => reason ?? '' },
  { name: 'Object', type: 'string', description: 'The object to which it happened.', cell: objectText },
  { name: 'Subobject', type: 'string', priority: 1, description: 'The part of the object.', cell: ({ involvedObject }) => involvedObject.fieldPath ?? '' },
  { name: 'Source', type: 'string', priority: 1, description: 'Who reported it.', cell: sourceText },
  { name: 'Message', type: 'string', description: 'What happened.', cell: ({ message }) => (message ?? '').trim() },
  { name: 'First Seen', type: 'string', priority: 1, description: 'Time since it first happened.', cell: firstSeen },
  { name: 'Count', type: 'string', priority: 1, description: 'How often it happened.', cell: countOf },
  { name: 'Name', type: 'string', priority: 1, description: 'Name of the event.', cell: ({ metadata }) => metadata.name },
];

/** Events are named after objects of any kind, so their names need only fit into a URL. */
const pathSegmentProblem = (name: string): string | undefined => {
  if (name === '.' || name === '..') return `may not be '${name}'`;
  const bad = ['/', '%'].find((character) => name.includes(character));
  return bad === undefined ? undefined : `may not contain '${bad}'`;
};

export const events = resource<Event>({
  kind: Event,
  shortNames: ['ev'],
  hasStatus: false,
  allowsUnconditionalUpdate: true,
  nameProblem: pathSegmentProblem,

  validate: (event, errors) => validateEvent(event, ownFields, errors),

  columns: eventColumns,
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source.component || reportingComponent || '',
    type: ({ type }) => type ?? '',
  },
});
