import type { KindOf } from '#core/api/schema/kind.ts';
import { ObjectMeta } from '#core/api/schema/meta.ts';
import { always, int32, microTime, required, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';
import { ObjectReference } from './references.ts';

export const EventSource = core.type('EventSource', 'Who reported an event.', {
  component: [1, string, 'Name of the component.'],
  host: [2, string, 'The node on which it runs.'],
});
export type EventSource = Of<typeof EventSource>;

export const EventSeries = core.type('EventSeries', 'An event that keeps happening.', {
  count: [1, int32, 'How often it has happened.'],
  lastObservedTime: [2, microTime, 'When it last happened.'],
});
export type EventSeries = Of<typeof EventSeries>;

export const Event = core.kind('Event', 'Something that happened to an object. Kept for a while only.', {
  metadata: [1, required(ObjectMeta), 'Name and namespace; the namespace is the object\'s.'],
  involvedObject: [2, required(ObjectReference), 'The object to which it happened.'],
  reason: [3, string, 'Why it was reported: one word in CamelCase.'],
  message: [4, string, 'What happened, for people.'],
  source: [5, always(EventSource), 'Who reported it.'],
  firstTimestamp: [6, time, 'When it first happened.'],
  lastTimestamp: [7, time, 'When it last happened.'],
  count: [8, int32, 'How often it has happened.'],
  type: [9, string, 'Normal or Warning.'],
  eventTime: [10, microTime, 'When it happened, for reporters of the newer form.'],
  series: [11, EventSeries, 'Set when it keeps happening.'],
  action: [12, string, 'What was done or refused.'],
  related: [13, ObjectReference, 'A second object that plays a part.'],
  reportingComponent: [14, withDefault(string, ''), 'Name of the controller that reported it.'],
  reportingInstance: [15, withDefault(string, ''), 'The instance of that controller.'],
});
export type Event = KindOf<typeof Event>;
