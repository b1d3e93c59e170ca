import type { Probe } from '#core/api/schema/core-v1/container.ts';
import type { ContainerStatus } from '#core/api/schema/core-v1/container-status.ts';
import { isSidecar, type PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import { containerEvents } from '#core/agent/pods/container-events.ts';
import type { PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import type { Container } from '#core/spi/container-runtime.ts';
import type { ContainerHealth, ProbeResult, ProbeResults, ProbeType } from './probe-results.ts';
import { ProbeWorker } from './probe-worker.ts';
import type { Prober } from './prober.ts';

export interface ProbeManagerOptions {
  readonly services: Pick<PodServices, 'clock' | 'logger' | 'recorder' | 'view'>;
  readonly prober: Prober;
  /** A result of one of the pod's probes has changed. */
  readonly changed: (podUid: string) => void;
}

interface Watched {
  readonly podUid: string;
  readonly health: Partial<Record<ProbeType, ProbeResult>>;
  readonly workers: Map<ProbeType, AbortController>;
}

const types = ['startup', 'liveness', 'readiness'] as const;

const probesOf = ({ startupProbe, livenessProbe, readinessProbe }: PodContainer): Readonly<Record<ProbeType, Probe | undefined>> =>
  ({ startup: startupProbe, liveness: livenessProbe, readiness: readinessProbe });

/** Runs the probes of all containers that run, and knows their results. */
export class ProbeManager implements ProbeResults {
  readonly #options: ProbeManagerOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
  }

  of(containerId: string): ContainerHealth {
    return this.#watched.get(containerId)?.health ?? {};
  }

  /** Makes the pod's probes those of the containers that run now. A pod that ends is only asked whether it is ready. */
  update(state: PodState, running: readonly Container[]): void {
    const { initContainers = [], containers } = state.pod.spec;
    const probed = new Map([...initContainers.filter(isSidecar), ...containers].map((container) => [container.name, container]));
    const present = new Set(running.map(({ id }) => id));
    for (const [id, { podUid }] of this.#watched) if (podUid === state.uid && !present.has(id)) this.#forget(id);
    for (const one of running) {
      const container = probed.get(one.name);
      if (container !== undefined) this.#watch(state, container, one);
    }
  }

  forgetPod(uid: string): void {
    for (const [id, { podUid }] of this.#watched) if (podUid === uid) this.#forget(id);
  }

  stop(): void {
    for (const id of this.#watched.keys()) this.#forget(id);
  }

  #forget(id: string): void {
    for (const worker of this.#watched.get(id)?.workers.values() ?? []) worker.abort(new Error('the container is not probed any more'));
    this.#watched.delete(id);
  }

  #watch(state: PodState, container: PodContainer, running: Container): void {
    const watched = this.#watched.get(running.id) ?? { podUid: state.uid, health: this.#knownBefore(state, running), workers: new Map<ProbeType, AbortController>() };
    this.#watched.set(running.id, watched);
    const probes = probesOf(container);
    for (const type of types) {
      const probe = probes[type];
      const worker = watched.workers.get(type);
      const isEnding = state.ending !== undefined && type !== 'readiness';
      if (isEnding) worker?.abort(new Error('the pod ends'));
      else if (probe !== undefined && worker === undefined) this.#start(state, container, { running, watched, type, probe });
    }
  }

  /** A container that an agent before this one found started and ready is not taken out of service until it fails. */
  #knownBefore({ status }: PodState, { id }: Container): Watched['health'] {
    const containerID = `${this.#options.services.view.runtimeName}://${id}`;
    const known: ContainerStatus | undefined = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find((one) => one.containerID === containerID);
    return { ...(known?.started === true ? { startup: 'Success' } : {}), ...(known?.ready === true ? { readiness: 'Success' } : {}) };
  }

  #start(state: PodState, container: PodContainer, { running, watched, type, probe }: { running: Container; watched: Watched; type: ProbeType; probe: Probe }): void {
    const { services, prober, changed } = this.#options;
    const stop = new AbortController();
    watched.workers.set(type, stop);
    if (type === 'startup' && watched.health.startup === 'Success') return;
    const isHeldBack = (): boolean => type !== 'startup' && container.startupProbe !== undefined && watched.health.startup !== 'Success';
    const worker = new ProbeWorker({
      clock: services.clock, prober, probe, startedAt: running.startedAt ?? running.createdAt, isHeldBack,
      looked: () => ({ id: running.id, container, podIP: state.status.podIP ?? '' }),
      told: (look) => {
        // A runtime that does not answer is told of once, not by every probe.
        if (look.result === 'Unknown' && !services.view.isAnswering) return;
        const what = `${type[0]?.toUpperCase()}${type.slice(1)} probe`;
        containerEvents(services.recorder, state.pod, container.name).warning('Unhealthy', look.result === 'Failure' ? `${what} failed: ${look.output}` : `${what} errored and resulted in unknown state: ${look.output}`);
      },
      decided: (result) => {
        const before = watched.health[type];
        watched.health[type] = result;
        if (before !== result) changed(state.uid);
        // A container that is to be killed, or that has started, is not looked at again.
        return type === 'readiness' || (type === 'liveness' && result === 'Success');
      },
    });
    worker.run(stop.signal).catch((error: unknown) => services.logger.error('a probe ended', { pod: state.uid, container: container.name, error }));
  }
}
