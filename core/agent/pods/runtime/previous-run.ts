import type { PodStatus } from '#core/api/schema/core-v1/pod.ts';
import type { Container } from '#core/spi/container-runtime.ts';

/**
 * The run that `kubectl logs --previous` asks for: what the status tells as `lastState`. While a container waits to be started again that is the newest one.
 * @param runs of one container, the newest first
 */
export function previousRun(runs: readonly Container[], status: PodStatus | undefined): Container | undefined {
  const name = runs[0]?.name;
  const statuses = [status?.containerStatuses, status?.initContainerStatuses, status?.ephemeralContainerStatuses].flatMap((list) => list ?? []);
  const last = statuses.find((one) => one.name === name)?.lastState.terminated?.containerID?.split('://')[1];
  return runs.find(({ id }) => id === last) ?? runs[1];
}
