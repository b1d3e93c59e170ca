import { ControllerRevision } from '#core/api/schema/apps-v1/controller-revision.ts';
import { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { ClaimedPods } from '#core/controllers/replica-set/claimed-pods.ts';
import { Expectations } from '#core/controllers/replica-set/expectations.ts';
import { OwnPods } from '#core/controllers/replica-set/own-pods.ts';
import { OwnerGoneError } from '#core/controllers/replica-set/pod-claims.ts';
import { Scaler } from '#core/controllers/replica-set/scaler.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { daemonPod } from './daemon-pod.ts';
import { FailedPods } from './failed-pods.ts';
import { History, type Revisions } from './history.ts';
import { isSameForDaemons, verdictOn } from './node-verdict.ts';
import { daemonSets, OwnRevisions } from './own-revisions.ts';
import { placement } from './placement.ts';
import { hashOf } from './revision.ts';
import { rollingUpdate } from './rolling-update.ts';
import { isSameStatus, statusOf, untilAvailable } from './status.ts';
import { Survey, type Steps } from './survey.ts';

export interface DaemonSetOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

/** Pods made, and pods deleted, before the cache is looked at again. */
const burst = 250;
/** How soon a cache that is behind is looked at again, if it says nothing itself. */
const staleMs = 1000;

/** Runs one pod of each set on each node that should have it. Keys are sets. */
export class DaemonSetController implements Controller {
  readonly name = 'daemon-set';
  readonly workers = 2;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #sets: Informer<DaemonSet>;
  readonly #nodes: Informer<Node>;
  readonly #written: OwnWrites<DaemonSet>;
  readonly #expectations: Expectations;
  readonly #claimed: ClaimedPods<DaemonSet>;
  readonly #scaler: Scaler;
  readonly #history: History;
  readonly #failed: FailedPods;

  constructor({ client, informers, clock, recorder }: DaemonSetOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#recorder = recorder;
    const sets = (this.#sets = informers.for(DaemonSet));
    const pods = informers.for(Pod);
    const nodes = (this.#nodes = informers.for(Node));
    const revisions = informers.for(ControllerRevision);
    const ownPods = new OwnPods(daemonSets, sets, pods);
    const ownRevisions = new OwnRevisions(sets, revisions);
    this.#written = new OwnWrites(sets);
    this.#expectations = new Expectations(pods, clock);
    this.#claimed = new ClaimedPods({ client, owners: daemonSets, own: ownPods, expectations: this.#expectations });
    this.#scaler = new Scaler({ client, recorder, expectations: this.#expectations });
    this.#history = new History(client, ownRevisions);
    this.#failed = new FailedPods({ clock, recorder });
    this.sources = [
      source(sets, (set, previous) => this.#noted(set, previous)),
      source(pods, (pod, previous) => ownPods.affected(pod, previous)),
      source(nodes, (node, previous) => this.#wanting(node, previous)),
      source(revisions, (revision, previous) => ownRevisions.affected(revision, previous)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#sets.get(key);
    if (cached === undefined || isDeleting(cached)) return;
    const set = this.#written.newest(cached);
    if (daemonSets.selectorOf(set) === undefined) {
      this.#recorder.warning(set, 'SelectingAll', 'This daemon set is selecting all pods. A non-empty selector is required.');
      return;
    }
    const { uid } = set.metadata;
    const standing = this.#expectations.standing(uid);
    const revisions = await this.#revisions(set, signal);
    const pods = await this.#claimed.of(set, standing, signal);
    if (revisions === undefined || pods === undefined) return { requeueAfterMs: staleMs };
    await this.#history.mergeDuplicates(revisions, pods, signal);
    const survey = new Survey({ set, hash: hashOf(revisions.current), nodes: this.#nodes.values(), pods, now: this.#clock.now() });
    const waits = [untilAvailable(survey), standing === 'behind' ? this.#expectations.patienceMs(uid) : undefined];
    const failure = standing === 'behind' ? undefined : await this.#step(survey, revisions, pods, (ms) => waits.push(ms), signal);
    signal.throwIfAborted();
    // Gone meanwhile: nobody will ask for what it expected.
    if (this.#sets.get(key)?.metadata.uid !== uid) this.#expectations.forget(uid);
    await this.#report(survey, standing !== 'behind', signal);
    if (failure !== undefined) throw failure;
    const known = waits.filter((ms) => ms !== undefined);
    if (known.length > 0) return { requeueAfterMs: Math.min(...known) };
  }

  #noted(set: DaemonSet | undefined, previous: DaemonSet | undefined): string[] {
    if (previous !== undefined && set?.metadata.uid !== previous.metadata.uid) this.#expectations.forget(previous.metadata.uid);
    return set === undefined ? [] : [keyOf(set)];
  }

  /** Keys of the sets that want something else of the node than they did. */
  #wanting(node: Node | undefined, previous: Node | undefined): string[] {
    if (node !== undefined && previous !== undefined && isSameForDaemons(node, previous)) return [];
    const verdict = (one: Node | undefined, set: DaemonSet) => (one === undefined ? undefined : verdictOn(one, set));
    return [...this.#sets.values()].filter((set) => verdict(node, set) !== verdict(previous, set)).map(keyOf);
  }

  /** Undefined when the set is not what the cache shows. */
  async #revisions(set: DaemonSet, signal: AbortSignal): Promise<Revisions | undefined> {
    try {
      return await this.#history.of(set, signal);
    } catch (error) {
      if (error instanceof OwnerGoneError) return undefined;
      throw error;
    }
  }

  /** Puts pods where they belong; once they are there, brings them to the present template. @returns why it could not be done */
  async #step(survey: Survey, revisions: Revisions, pods: readonly Pod[], later: (ms: number) => void, signal: AbortSignal): Promise<Error | undefined> {
    const { set } = survey;
    const hash = hashOf(revisions.current);
    const placing = placement(survey, (...about) => this.#failed.mayReplace(...about, later));
    const failure = await this.#take(set, placing, hash, signal);
    if (failure !== undefined) return failure;
    if (this.#expectations.standing(set.metadata.uid) === 'settled' && isNothing(placing) && set.spec.updateStrategy.type === 'RollingUpdate') {
      const updating = await this.#take(set, rollingUpdate(survey), hash, signal);
      if (updating !== undefined) return updating;
    }
    await this.#history.trim(set, revisions, pods, signal);
    return undefined;
  }

  async #take(set: DaemonSet, steps: Steps, hash: string, signal: AbortSignal): Promise<Error | undefined> {
    const failure = await this.#scaler.createEach(set, steps.create.slice(0, burst).map((node) => daemonPod(set, node, hash)), signal);
    return await this.#scaler.delete(set, steps.delete.slice(0, burst), signal) ?? failure;
  }

  async #report(survey: Survey, observes: boolean, signal: AbortSignal): Promise<void> {
    const { set } = survey;
    const status = statusOf(survey, observes);
    if (isSameStatus(set.status, status)) return;
    this.#written.note(await this.#client.updateStatus(DaemonSet, { ...set, status }, {}, signal));
  }
}

const isNothing = (steps: Steps): boolean => steps.create.length === 0 && steps.delete.length === 0;
