import type { PodInfo } from '#core/scheduler/model/pod-info.ts';

/** A pod without a node, on its way through the queue. */
export interface WaitingPod {
  /** Its newest version. */
  pod: PodInfo;
  /** `working`: somebody looks for a node for it, or tells the API. `gone`: it needs none any more. */
  place: 'ready' | 'backing-off' | 'unschedulable' | 'gated' | 'working' | 'gone';
  /** How often in a row no node was found. */
  attempts: number;
  /** When it last joined the queue, in milliseconds, and its number among all that did. */
  since: number;
  order: number;
  /** Until then it is not tried again. */
  notBefore: number;
  /** The plugins that turned it away. */
  refusedBy: ReadonlySet<string>;
}

/** Higher priority first; of equals, who came first. */
export const goesFirst = (a: WaitingPod, b: WaitingPod): boolean =>
  (a.pod.priority === b.pod.priority ? a.since < b.since || (a.since === b.since && a.order < b.order) : a.pod.priority > b.pod.priority);

export const isGated = ({ pod: { spec } }: PodInfo): boolean => (spec.schedulingGates ?? []).length > 0;
