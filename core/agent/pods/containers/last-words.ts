import { exitCodeOf, hasEnded } from '#core/agent/pods/actions/restart-policy.ts';
import { containerNamed, containersOf } from '#core/agent/pods/config/pod-containers.ts';
import type { PodFiles } from '#core/agent/pods/pod-files.ts';
import type { PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import type { PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import type { Container } from '#core/spi/container-runtime.ts';

/** Bytes of all messages of a pod, and of one. https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/ */
const [ofPod, ofContainer] = [12 * 1024, 4096];
const logTail = { lines: 80, bytes: 2048 } as const;
const logTimeoutMs = 10_000;

/** Reads what containers said at their end, once for each: from their file, or where the pod wants it from the end of a failed one's log. */
export async function collectLastWords(services: PodServices, files: PodFiles, state: PodState, { containers }: PodOnRuntime, signal: AbortSignal): Promise<void> {
  const most = Math.min(ofContainer, Math.floor(ofPod / Math.max(1, containersOf(state.pod).length)));
  const present = new Set(containers.map(({ id }) => id));
  for (const known of [state.lastWords, state.resized, state.replaced, state.told, state.preStopped]) for (const id of known.keys()) if (!present.has(id)) known.delete(id);
  for (const container of containers) {
    if (!hasEnded(container) || state.lastWords.has(container.id)) continue;
    state.lastWords.set(container.id, (await wordsOf(services, files, state, container, signal)).slice(0, most));
  }
}

async function wordsOf(services: PodServices, files: PodFiles, { uid, pod }: PodState, container: Container, signal: AbortSignal): Promise<string> {
  const written = await files.readWords(uid, container.name, container.attempt);
  const spec = containerNamed(pod, container.name);
  if (written !== '' || spec?.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCodeOf(container) === 0) return written;
  return within(services.clock, logTimeoutMs, 'the container runtime', signal, (inner) => endOfLog(services, container.id, inner)).catch(() => {
    signal.throwIfAborted();
    return '';
  });
}

async function endOfLog({ runtime }: PodServices, id: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const { content } of runtime.logs(id, { follow: false, tailLines: logTail.lines }, signal)) chunks.push(content);
  return Buffer.concat(chunks).subarray(-logTail.bytes).toString('utf8');
}
