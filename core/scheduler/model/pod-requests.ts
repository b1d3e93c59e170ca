import type { Container } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Resources, type Quantities } from './resources.ts';

/** What a container without a request is taken to need when nodes are compared; it reserves nothing. */
const guessedCpu = 100;
const guessedMemory = 200 * 2 ** 20;

export interface PodRequests {
  /** What is set aside for the pod on its node. */
  readonly total: Resources;
  /** The same with a guess for each container that says nothing, for scores only. */
  readonly guessedCpu: number;
  readonly guessedMemory: number;
}

/**
 * The most that a pod needs at any time: its containers and sidecars run together, the other init containers before them and one by one.
 * A container that is being resized counts with the largest of what is wanted, granted and in force. What the pod asks for as a whole replaces the sum.
 */
export function requestsOf(pod: Pod): PodRequests {
  const total = sumOf(pod, (container) => requestOf(pod, container));
  const guessed = sumOf(pod, (container) => withGuess(requestOf(pod, container)));
  const whole = pod.spec.resources?.requests;
  for (const name in whole) {
    if (!isForWholePods(name)) continue;
    const amount = Resources.of({ [name]: whole[name] ?? '0' }).get(name);
    total.set(name, amount);
    guessed.set(name, amount);
  }
  const overhead = Resources.of(pod.spec.overhead);
  total.add(overhead);
  guessed.add(overhead);
  return { total, guessedCpu: guessed.cpu, guessedMemory: guessed.memory };
}

const isForWholePods = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

function sumOf({ spec: { containers, initContainers = [] } }: Pod, request: (container: Container) => Resources): Resources {
  const running = new Resources();
  for (const container of containers) running.add(request(container));
  if (initContainers.length === 0) return running;
  const sidecars = new Resources();
  const starting = new Resources();
  for (const container of initContainers) {
    const needed = request(container);
    if (container.restartPolicy === 'Always') {
      running.add(needed);
      sidecars.add(needed);
    } else {
      needed.add(sidecars);
      starting.raise(needed);
    }
  }
  running.raise(starting);
  return running;
}

function requestOf(pod: Pod, container: Container): Resources {
  const wanted = Resources.of(container.resources?.requests);
  const inForce = amountsInForce(pod, container.name);
  if (inForce.length === 0) return wanted;
  const largest = isInfeasible(pod) ? new Resources() : wanted;
  for (const quantities of inForce) largest.raise(Resources.of(quantities));
  return largest;
}

/** What the node has granted the container and what it holds it to. */
function amountsInForce({ status }: Pod, name: string): readonly Quantities[] {
  const statuses = [status?.containerStatuses ?? [], status?.initContainerStatuses ?? []];
  const found = statuses.flat().find((one) => one.name === name);
  return [found?.resources?.requests, found?.allocatedResources].filter((quantities) => quantities !== undefined);
}

/** The node can never give what is wanted now. */
const isInfeasible = ({ status }: Pod): boolean =>
  (status?.conditions ?? []).some(({ type, status: holds, reason }) => type === 'PodResizePending' && holds === 'True' && reason === 'Infeasible');

function withGuess(request: Resources): Resources {
  if (request.cpu === 0) request.cpu = guessedCpu;
  if (request.memory === 0) request.memory = guessedMemory;
  return request;
}
