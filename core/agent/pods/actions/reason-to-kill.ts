import type { Probe } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isSidecar, type PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import type { ProbeResults } from '#core/agent/pods/probes/probe-results.ts';
import { isOutdated } from '#core/agent/pods/runtime/labels.ts';
import type { Container } from '#core/spi/container-runtime.ts';
import { restartsOnFailure } from './restart-policy.ts';

export interface Kill {
  readonly container: Container;
  readonly message: string;
  /** It is made anew, however it ends. */
  readonly isReplaced?: boolean;
  /** The probe that failed: it may say how long the container has to end. */
  readonly probe?: Probe | undefined;
}

/** Why a container that runs has to end, to be made anew if its policy lets it. */
export function reasonToKill(pod: Pod, container: PodContainer, running: Container, probes: ProbeResults): Kill | undefined {
  const what = `${isSidecar(container) ? 'Init container' : 'Container'} ${container.name}`;
  if (isOutdated(running.labels, container)) return { container: running, message: `${what} definition changed, will be restarted`, isReplaced: true };
  const isReplaced = restartsOnFailure(pod) || isSidecar(container);
  const again = isReplaced ? ', will be restarted' : '';
  const { liveness, startup } = probes.of(running.id);
  if (liveness === 'Failure') return { container: running, message: `${what} failed liveness probe${again}`, probe: container.livenessProbe, isReplaced };
  if (startup === 'Failure') return { container: running, message: `${what} failed startup probe${again}`, probe: container.startupProbe, isReplaced };
  return undefined;
}
