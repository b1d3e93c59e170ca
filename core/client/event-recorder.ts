import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { token } from '#core/kernel/token.ts';

/**
 * Tells the author of an object what happened to it, as an Event that `kubectl describe` shows.
 * Repetitions of the same event are counted on one Event object; a burst is bounded. Recording never fails and never waits.
 * `part` is what of the object is meant, as `involvedObject.fieldPath`: `spec.containers{web}`.
 */
export interface EventRecorder {
  normal(about: KubernetesObject, reason: string, message: string, part?: string): void;
  warning(about: KubernetesObject, reason: string, message: string, part?: string): void;
}
export const EventRecorder = token<EventRecorder>('EventRecorder');

/** Makes a recorder whose events name `component` as their source. */
export interface EventRecorders {
  for(component: string): EventRecorder;
}
export const EventRecorders = token<EventRecorders>('EventRecorders');
