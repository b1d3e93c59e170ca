import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { containerPath } from './config/pod-containers.ts';

/** What happens to one container of a pod. */
export interface ContainerEvents {
  normal(reason: string, message: string): void;
  warning(reason: string, message: string): void;
}

/** Events of the pod that name the container as the part that is meant. */
export function containerEvents(recorder: EventRecorder, pod: Pod, name: string): ContainerEvents {
  const part = containerPath(pod, name);
  return {
    normal: (reason, message) => recorder.normal(pod, reason, message, part),
    warning: (reason, message) => recorder.warning(pod, reason, message, part),
  };
}
