import { collectLastWords } from '#core/agent/pods/containers/last-words.ts';
import type { PodFiles } from '#core/agent/pods/pod-files.ts';
import type { PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import type { ProbeResults } from '#core/agent/pods/probes/probe-results.ts';
import type { PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import { podStatus } from './pod-status.ts';
import type { Shown, StatusWriter } from './status-writer.ts';

export interface StatusReporterOptions {
  readonly services: PodServices;
  readonly files: PodFiles;
  readonly probes: ProbeResults;
  readonly writer: StatusWriter;
  /** The object that shows the pod in the API: its own, or that which mirrors a pod from a file. */
  readonly shown: (state: PodState) => Shown;
}

/** Makes a pod's status anew and hands it on to be written. */
export class StatusReporter {
  readonly #options: StatusReporterOptions;

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  async report(state: PodState, runtime: PodOnRuntime, signal: AbortSignal): Promise<void> {
    const { services, files, probes } = this.#options;
    await collectLastWords(services, files, state, runtime, signal);
    const { clock, node, view } = services;
    state.status = podStatus({ state, runtime, health: probes, runtimeName: view.runtimeName, now: clock.now() }, node.hostIPs());
    this.write(state);
  }

  /** Once more, because what the API has may have changed. */
  write(state: PodState): void {
    const { writer, shown } = this.#options;
    // The object of a pod that is gone may be another one by now; a pod of a file is shown until it has left.
    if (!state.isRemoved || state.source === 'file') writer.set(state.uid, shown(state), state.status);
  }

  async settled({ uid }: PodState, signal: AbortSignal): Promise<void> {
    await this.#options.writer.settled(uid, signal);
  }
}
