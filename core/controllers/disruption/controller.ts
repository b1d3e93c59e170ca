import { LabelSelector } from '#core/api/label-selector.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { PodDisruptionBudget, type PodDisruptionBudgetStatus } from '#core/api/schema/policy-v1.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { asError } from '#core/controllers/replica-set/slow-start.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { disruptionsOf, failedStatus, isSameStatus, share, statusOf, type Demand } from './budget.ts';
import { Scales } from './scales.ts';

export interface DisruptionOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** By which owners of pods are found that are custom resources. */
  readonly kinds: ServedKinds;
}

const budgetsIn = 'disruption-budgets-in';
const podsIn = 'pods-in-namespace';
/** How soon a budget that could not be worked out is tried again: its pods may have an owner of a kind that nobody watches. */
const retryMs = 60_000;

/** Keeps the status of PodDisruptionBudgets, by which evictions are granted. Keys are budgets. */
export class DisruptionController implements Controller {
  readonly name = 'disruption';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #budgets: Informer<PodDisruptionBudget>;
  readonly #pods: Informer<Pod>;
  readonly #written: OwnWrites<PodDisruptionBudget>;
  readonly #scales: Scales;

  constructor({ client, informers, clock, recorder, kinds }: DisruptionOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#recorder = recorder;
    const budgets = (this.#budgets = informers.for(PodDisruptionBudget));
    const pods = (this.#pods = informers.for(Pod));
    budgets.addIndex(budgetsIn, ({ metadata }) => [metadata.namespace ?? '']);
    pods.addIndex(podsIn, ({ metadata }) => [metadata.namespace ?? '']);
    this.#written = new OwnWrites(budgets);
    this.#scales = new Scales({ client, informers, kinds });
    this.sources = [
      source(budgets, (budget) => (budget === undefined ? [] : [keyOf(budget)])),
      source(pods, (pod, previous) => this.#counting(pod, previous)),
      ...this.#scales.sources((namespace) => budgets.byIndex(budgetsIn, namespace).map(keyOf)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#budgets.get(key);
    if (cached === undefined || isDeleting(cached)) return;
    const budget = this.#written.newest(cached);
    const selects = selectorOf(budget);
    const pods = this.#pods.byIndex(podsIn, budget.metadata.namespace ?? '').filter(selects);
    if (pods.length === 0) this.#recorder.normal(budget, 'NoPods', 'No matching pods found');
    const now = this.#clock.now();
    const demand = await this.#demand(budget, pods, signal);
    if (demand instanceof Error) {
      this.#recorder.warning(budget, 'CalculateExpectedPodCountFailed', `Failed to calculate the number of expected pods: ${demand.message}`);
      await this.#report(budget, failedStatus(budget, demand, now), signal);
      return { requeueAfterMs: retryMs };
    }
    const disruptions = disruptionsOf(budget, pods, now);
    for (const pod of disruptions.overdue) this.#recorder.warning(pod, 'NotDeleted', `Pod was expected by PDB ${key} to be deleted but it wasn't`);
    await this.#report(budget, statusOf(budget, pods, demand, disruptions, now), signal);
    if (disruptions.untilOverdueMs !== undefined) return { requeueAfterMs: disruptions.untilOverdueMs };
  }

  /** Keys of the budgets that count the pod, or did. */
  #counting(pod: Pod | undefined, previous: Pod | undefined): string[] {
    const either = [pod, previous].filter((one) => one !== undefined);
    const [namespace = ''] = either.map(({ metadata }) => metadata.namespace ?? '');
    return this.#budgets.byIndex(budgetsIn, namespace).filter((budget) => either.some(selectorOf(budget))).map(keyOf);
  }

  /** An error says why nobody knows. */
  async #demand(budget: PodDisruptionBudget, pods: readonly Pod[], signal: AbortSignal): Promise<Demand | Error> {
    const { minAvailable, maxUnavailable } = budget.spec;
    if (maxUnavailable === undefined && typeof minAvailable === 'number') return { expected: pods.length, desired: minAvailable };
    if (maxUnavailable === undefined && minAvailable === undefined) return { expected: 0, desired: 0 };
    try {
      const { expected, unmanaged } = await this.#scales.of(pods, signal);
      if (unmanaged.length > 0) this.#tellUnmanaged(budget);
      return { expected, desired: maxUnavailable === undefined ? share(minAvailable ?? 0, expected) : Math.max(0, expected - share(maxUnavailable, expected)) };
    } catch (error) {
      signal.throwIfAborted();
      return asError(error);
    }
  }

  #tellUnmanaged(budget: PodDisruptionBudget): void {
    this.#recorder.warning(budget, 'UnmanagedPods', `Pods selected by this PodDisruptionBudget (selector: ${JSON.stringify(budget.spec.selector)}) were found to be unmanaged. ` +
      'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
      'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.');
  }

  /** Conditional on the version that was looked at: an eviction that was granted meanwhile must not be forgotten. */
  async #report(budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus, signal: AbortSignal): Promise<void> {
    if (isSameStatus(budget.status, status)) return;
    this.#written.note(await this.#client.updateStatus(PodDisruptionBudget, { ...budget, status }, {}, signal));
  }
}

/** No selector selects nothing, an empty one everything. */
function selectorOf({ spec }: PodDisruptionBudget): (pod: Pod) => boolean {
  if (spec.selector === undefined) return () => false;
  const selector = LabelSelector.of(spec.selector);
  return ({ metadata }) => selector.matches(metadata.labels);
}
