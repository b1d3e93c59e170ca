import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { PodDirectory } from '#core/agent/server/pod-directory.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { SharedInformer } from '#core/reconcile/shared-informer.ts';
import type { Container } from '#core/spi/container-runtime.ts';
import { containerNamed } from './config/pod-containers.ts';
import { beginEnding, graceOfPod } from './ending.ts';
import type { AdmissionCheck } from './fit/refusal.ts';
import { Orphans } from './orphans.ts';
import { podParts, type PodParts } from './pod-parts.ts';
import { runtimeTimeoutMs, type PodServices } from './pod-services.ts';
import type { PodState } from './pod-state.ts';
import { PodTable } from './pod-table.ts';
import { PodWorker } from './pod-worker.ts';
import { networkDialer } from './probes/network-dialer.ts';
import type { ProbeDialer } from './probes/probe-dialer.ts';
import { previousRun } from './runtime/previous-run.ts';
import { RuntimeView } from './runtime/runtime-view.ts';
import { readySandbox } from './runtime/snapshot.ts';
import { within } from './runtime/within.ts';
import { Slots } from './slots.ts';
import { podsOfNode } from './sources/api-pods.ts';
import { MirrorKeeper } from './sources/mirror-keeper.ts';
import { MirrorPods } from './sources/mirror-pods.ts';
import { fullName } from './sources/pod-annotations.ts';
import type { StaticPodSource } from './sources/static-pods.ts';

export interface PodManagerOptions extends Omit<PodServices, 'view' | 'services' | 'making'> {
  /** For services of the cluster: whoever runs them, it is not the pods' side. */
  readonly informers: Informers;
  /** Pods that the node runs of its own accord; none by default. */
  readonly staticPods?: StaticPodSource;
  /** What else keeps new pods out, such as the node's pressure. */
  readonly admission?: readonly AdmissionCheck[];
  /** How probes and hooks reach pods; from this process by default. */
  readonly dialer?: ProbeDialer;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Milliseconds between two looks at the runtime; 1000 by default. */
  readonly relistMs?: number;
}

const madeAtOnce = 8;
const sweepMs = 30_000;

/** Runs the pods of one node: those that the API sends here and those of its own files. */
export class PodManager implements Component, PodDirectory {
  readonly name = 'pod manager';
  readonly #options: PodManagerOptions;
  readonly #services: PodServices;
  readonly #table: PodTable;
  readonly #parts: PodParts;
  readonly #orphans: Orphans;
  readonly #pods: SharedInformer<Pod>;
  readonly #workers = new Map<string, PodWorker>();
  readonly #ended = new Map<string, Set<() => void>>();
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  /** What runs is known, and the network has been cleaned up as far as it is there; pods may be begun. */
  #isOpen = false;
  #hasStatic: boolean;

  constructor(options: PodManagerOptions) {
    this.#options = options;
    const { clock, logger, runtime, informers, client, node, random = Math.random, relistMs } = options;
    const view = new RuntimeView({ runtime, clock, logger, changed: (uid) => this.#changed(uid), ...(relistMs === undefined ? {} : { periodMs: relistMs }) });
    const services: Informer<Service> = informers.for(Service);
    this.#services = { ...options, view, services: () => (services.synced ? services.values() : undefined), making: new Slots(madeAtOnce) };
    this.#table = new PodTable({ clock, wake: (state, isUrgent) => this.#wake(state, isUrgent) });
    this.#parts = podParts({
      services: this.#services, table: this.#table, dialer: options.dialer ?? networkDialer, checks: options.admission ?? [], random,
      probed: (uid) => this.#workers.get(uid)?.wake(false), stopped: (uid) => this.#tellEnded(uid),
    });
    this.#orphans = new Orphans(this.#services, this.#table, this.#parts.files);
    this.#pods = new SharedInformer(Pod, { reader: podsOfNode(client, node.name), clock, logger, random });
    this.#pods.subscribe((pod, previous) => this.#table.noteApi(pod, previous));
    this.#hasStatic = options.staticPods === undefined;
  }

  /** Whether the container runtime answers. */
  get isRuntimeAnswering(): boolean {
    return this.#services.view.isAnswering;
  }

  async start(): Promise<void> {
    const { staticPods, clock, logger, client, node } = this.#options;
    const { signal } = this.#stop;
    const keeper = new MirrorKeeper({ table: this.#table, mirrors: new MirrorPods(client, node), clock, logger });
    this.#running = Promise.all([
      this.#services.view.run(signal),
      this.#pods.run(signal),
      staticPods?.follow((pods) => {
        this.#hasStatic = true;
        this.#table.noteStatic(pods);
      }, signal),
      staticPods === undefined ? undefined : keeper.run(() => this.#isComplete, signal),
      this.#open(signal),
      this.#sweep(signal),
    ]).catch((error: unknown) => logger.error('a part of the pod manager ended', { error }));
  }

  /** Ends the agent's work, not the pods: they run on. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    this.#parts.probes.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await this.#parts.writer.stop();
    await this.#running;
    for (const uid of [...this.#ended.keys()]) this.#tellEnded(uid);
  }

  pods(): readonly Pod[] {
    return [...this.#table.values()].filter(({ isRemoved }) => !isRemoved).map(withStatus);
  }

  pod(namespace: string, name: string, uid?: string): Pod | undefined {
    const state = this.#table.named(`${namespace}/${name}`);
    if (state === undefined || state.isRemoved) return undefined;
    // Who asks for a pod of a file knows the UID of the object that mirrors it.
    const isMeant = uid === undefined || uid === state.uid || uid === this.#table.shown(fullName(state.pod))?.metadata.uid;
    return isMeant ? withStatus(state) : undefined;
  }

  async container(podUid: string, containerName: string, { previous }: { readonly previous: boolean }, signal: AbortSignal): Promise<Container | undefined> {
    const state = this.#table.get(podUid);
    if (state !== undefined && containerNamed(state.pod, containerName) === undefined) throw StatusError.badRequest(`container ${containerName} is not valid for pod ${state.pod.metadata.name}`);
    const { containers } = await this.#services.view.freshOf(podUid);
    signal.throwIfAborted();
    const runs = containers.filter(({ name }) => name === containerName);
    return previous ? previousRun(runs, state?.status) : runs[0];
  }

  async networkNamespace(podUid: string, signal: AbortSignal): Promise<string | undefined> {
    const state = this.#table.get(podUid);
    if (state?.pod.spec.hostNetwork === true) return undefined;
    const sandbox = readySandbox(await this.#services.view.freshOf(podUid));
    signal.throwIfAborted();
    if (sandbox?.netns === undefined) throw new StatusError('ServiceUnavailable', `pod ${state?.pod.metadata.name ?? podUid} has no network now`);
    return sandbox.netns;
  }

  /**
   * Ends a pod for the node's sake: phase `Failed` with this reason, and the condition `DisruptionTarget`. Its containers have `graceSeconds`,
   * or what the pod itself allows if that is shorter; 0 kills at once. Resolves when none of them runs; a pod that is not there, too.
   */
  async evict(podUid: string, reason: string, message: string, graceSeconds: number): Promise<void> {
    const state = this.#table.get(podUid);
    if (state === undefined || state.isStopped) return;
    const ended = new Promise<void>((resolve) => {
      const waiting = this.#ended.get(podUid) ?? new Set();
      this.#ended.set(podUid, waiting.add(resolve));
    });
    const graceMs = Math.min(1000 * Math.max(0, graceSeconds), graceOfPod(state));
    const isNew = beginEnding(state, this.#options.clock.now(), { graceMs, verdict: { phase: 'Failed', reason, message, isDisruption: true } });
    this.#wake(state, isNew);
    await ended;
  }

  /** Removes all containers that have ended, also those that are kept for their logs. */
  async removeAll(signal: AbortSignal): Promise<void> {
    const { runtime, clock } = this.#options;
    for (const [, { containers }] of await this.#services.view.fresh()) {
      for (const { id, state } of containers) if (state === 'Exited') await within(clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => runtime.removeContainer(id, inner));
    }
  }

  get #isComplete(): boolean {
    return this.#pods.synced && this.#hasStatic && this.#isOpen;
  }

  /** Before the first pod is connected, the network gives back what belongs to none that runs; where it is not set up yet, as soon as it is. */
  async #open(signal: AbortSignal): Promise<void> {
    let isClean = false;
    while (!isClean && !signal.aborted) {
      try {
        isClean = await this.#parts.network.clean(() => this.#services.view.fresh(), signal);
        this.#begin();
      } catch {
        // The view tells that the runtime does not answer.
      }
      if (!isClean) await this.#options.clock.sleep(1000, signal).catch(() => undefined);
    }
  }

  #begin(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    for (const state of this.#table.values()) this.#wake(state, false);
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    await this.#pods.whenSynced(signal).catch(() => undefined);
    while (!signal.aborted) {
      if (this.#isComplete) {
        this.#orphans.adopt();
        await this.#orphans.release(signal).catch((error: unknown) => {
          if (!signal.aborted) logger.warn('volumes of pods that are gone could not be looked for', { error });
        });
      }
      await clock.sleep(this.#isComplete ? sweepMs : 1000, signal).catch(() => undefined);
    }
  }

  #changed(uid: string): void {
    const state = this.#table.get(uid);
    if (state !== undefined) this.#wake(state, false);
    else if (this.#isComplete) this.#orphans.adopt();
  }

  #wake(state: PodState, isUrgent: boolean): void {
    if (!this.#isOpen || this.#stop.signal.aborted) return;
    let worker = this.#workers.get(state.uid);
    if (worker === undefined) {
      const { clock, logger, random = Math.random } = this.#options;
      worker = new PodWorker(state, { clock, logger, random, step: (one, signal) => this.#parts.sync.step(one, signal), gone: (one) => this.#forget(one) });
      this.#workers.set(state.uid, worker);
    }
    worker.wake(isUrgent);
  }

  #forget(state: PodState): void {
    this.#parts.probes.forgetPod(state.uid);
    this.#parts.writer.forget(state.uid);
    this.#parts.starter.forget(state);
    this.#workers.delete(state.uid);
    this.#table.forget(state.uid);
    this.#tellEnded(state.uid);
  }

  #tellEnded(uid: string): void {
    for (const resolve of this.#ended.get(uid) ?? []) resolve();
    this.#ended.delete(uid);
  }
}

/** With what others say of it. */
function withStatus({ pod, status }: PodState): Pod {
  const own = new Set((status.conditions ?? []).map(({ type }) => type));
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !own.has(type));
  return { ...pod, status: { ...pod.status, ...status, conditions: [...(status.conditions ?? []), ...others] } };
}

