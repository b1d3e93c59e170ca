import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { PlainError } from '#core/agent/server/plain-error.ts';
import { statusesOf } from '#core/agent/server/stats/pod-usage.ts';

const waitingWords: Readonly<Record<string, string>> = { ErrImagePull: "image can't be pulled", ImagePullBackOff: 'trying and failing to pull image' };

/** Why a container has no log, as upstream says it. */
export function noLog(pod: Pod, container: string, previous: boolean): PlainError {
  const named = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (previous) return new PlainError(400, `previous terminated ${named} not found`);
  const found = statusesOf(pod).find(({ name }) => name === container);
  if (found === undefined) return new PlainError(400, `${named} is not available`);
  if (found.state.terminated) return new PlainError(400, `${named} is terminated`);
  const { reason } = found.state.waiting ?? {};
  if (!reason) return new PlainError(400, `${named} is waiting to start - no logs yet`);
  return new PlainError(400, `${named} is waiting to start: ${Object.hasOwn(waitingWords, reason) ? waitingWords[reason] ?? '' : reason}`);
}
