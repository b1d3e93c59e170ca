import { EventSource } from './core-v1/event.ts';
import { ObjectReference } from './core-v1/references.ts';
import { groupVersion, type KindOf } from './kind.ts';
import { always, int32, microTime, required, string, time, type Of } from './type.ts';

const events = groupVersion('io.k8s.api.events.v1', 'events.k8s.io', 'v1');

export const EventSeries = events.type('EventSeries', 'An event that keeps happening.', {
  count: [1, required(int32), 'How often it has happened.'],
  lastObservedTime: [2, required(microTime), 'When it last happened.'],
});
export type EventSeries = Of<typeof EventSeries>;

export const Event = events.kind('Event', 'Something that happened to an object: the same events as the core group\'s, in newer words.', {
  eventTime: [2, required(microTime), 'When it first happened.'],
  series: [3, EventSeries, 'Set when it keeps happening.'],
  reportingController: [4, string, 'Name of the controller that reported it, such as acme.example/provisioner.'],
  reportingInstance: [5, string, 'The instance of that controller.'],
  action: [6, string, 'What was done or refused.'],
  reason: [7, string, 'Why it was done: one word in CamelCase.'],
  regarding: [8, always(ObjectReference), 'The object to which it happened.'],
  related: [9, ObjectReference, 'A second object that plays a part.'],
  note: [10, string, 'What happened, for people; at most 1 kB.'],
  type: [11, string, 'Normal or Warning.'],
  deprecatedSource: [12, always(EventSource), 'The core group\'s source.'],
  deprecatedFirstTimestamp: [13, time, 'The core group\'s firstTimestamp.'],
  deprecatedLastTimestamp: [14, time, 'The core group\'s lastTimestamp.'],
  deprecatedCount: [15, int32, 'The core group\'s count.'],
});
export type Event = KindOf<typeof Event>;
