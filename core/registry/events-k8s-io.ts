import { Event as CoreEvent } from '#core/api/schema/core-v1/event.ts';
import { Event } from '#core/api/schema/events-v1.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { deepEqual } from '#core/api/value.ts';
import { eventColumns, validateEvent, type EventFields } from './events.ts';
import { resource } from './resource.ts';

const ownFields: EventFields = { involvedObject: 'regarding', reportingComponent: 'reportingController', message: 'note' };

/** The object without members that are not set, so that an absent field stays absent. */
const compact = <T extends object>(object: T): T => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

function toCore(event: Event): CoreEvent {
  const {
    regarding, note, reportingController, reportingInstance, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount, ...same
  } = event;
  return compact<CoreEvent>({
    ...same, apiVersion: apiVersionOf(CoreEvent), involvedObject: regarding, message: note, source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp, lastTimestamp: deprecatedLastTimestamp, count: deprecatedCount,
    reportingComponent: reportingController ?? '', reportingInstance: reportingInstance ?? '',
  });
}

function fromCore(event: CoreEvent): Event {
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, reportingInstance, eventTime, series, ...same } = event;
  return compact({
    ...same, apiVersion: apiVersionOf(Event), regarding: involvedObject, note: message, deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp, deprecatedLastTimestamp: lastTimestamp, deprecatedCount: count,
    reportingController: reportingComponent || undefined, reportingInstance: reportingInstance || undefined,
    // Absent times are absent in both forms, though the newer one says that it always has them.
    eventTime: eventTime as string, series: series as Event['series'],
  });
}

const unset = ['deprecatedFirstTimestamp', 'deprecatedLastTimestamp', 'deprecatedCount'] as const;
const immutable = [
  'regarding', 'reason', 'note', 'deprecatedSource', ...unset, 'type', 'eventTime', 'action', 'related', 'reportingController', 'reportingInstance',
] as const;

/** The newer words for events; stored as events of the core group. */
export const eventsK8sIo = resource<Event>({
  kind: Event,
  shortNames: ['ev'],
  hasStatus: false,
  allowsUnconditionalUpdate: true,

  validate(event, errors) {
    validateEvent(toCore(event), ownFields, errors);
  },
  validateCreate(event, errors) {
    const { type = '', deprecatedSource } = event;
    if (event.eventTime === undefined) errors.required('eventTime');
    if (type !== 'Normal' && type !== 'Warning') errors.invalid('type', '', `has invalid value: ${type}`);
    for (const name of unset) if (event[name] !== undefined && event[name] !== 0) errors.invalid(name, '', 'needs to be unset');
    if (deprecatedSource.component || deprecatedSource.host) errors.invalid('deprecatedSource', '', 'needs to be unset');
    if (event.series !== undefined && event.series.count < 2) errors.invalid('series.count', '', 'should be at least 2');
  },
  validateUpdate(event, old, errors) {
    for (const name of immutable) if (!deepEqual(event[name], old[name])) errors.invalid(name, event[name] ?? null, 'field is immutable');
    if (event.series !== undefined && event.series.count < 2 && !deepEqual(event.series, old.series)) {
      errors.invalid('series.count', '', 'should be at least 2');
    }
  },

  storedAs: { kind: CoreEvent, encode: toCore, decode: (stored) => fromCore(stored as CoreEvent) },

  columns: eventColumns.map((column) => ({ ...column, cell: (event: Event, now: number) => column.cell(toCore(event), now) })),
  selectableFields: {
    'regarding.kind': ({ regarding }) => regarding.kind ?? '',
    'regarding.namespace': ({ regarding }) => regarding.namespace ?? '',
    'regarding.name': ({ regarding }) => regarding.name ?? '',
    'regarding.uid': ({ regarding }) => regarding.uid ?? '',
    'regarding.apiVersion': ({ regarding }) => regarding.apiVersion ?? '',
    'regarding.resourceVersion': ({ regarding }) => regarding.resourceVersion ?? '',
    'regarding.fieldPath': ({ regarding }) => regarding.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingController: ({ reportingController }) => reportingController ?? '',
    type: ({ type }) => type ?? '',
  },
});
