import { controllerOf, controllerReference } from '#core/api/controller-reference.ts';
import { Deployment, type DeploymentStatus } from '#core/api/schema/apps-v1/deployment.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Expectations } from '#core/controllers/replica-set/expectations.ts';
import type { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { conditionOf, withFinding, type Finding } from './conditions.ts';
import { annotations, hashLabel } from './names.ts';
import { isRolling, mostPods, wantedPods } from './pace.ts';
import { hasDeadline, progressing } from './progress.ts';
import { annotationsOfNewSet, lastRevision, revisionOf, sizeAnnotations } from './revisions.ts';
import { setOfTemplate, sizeOf, sum } from './sets.ts';
import { isSameStatus, type Observation } from './status.ts';
import { isSameTemplate, templateHash } from './template.ts';

/** What outlives one look at a Deployment. */
export interface RolloutTools {
  readonly client: Client;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly deployments: OwnWrites<Deployment>;
  /** No step is taken before the cache shows what came of the last. */
  readonly expectations: Expectations<ReplicaSet>;
}

export interface RolloutState {
  readonly deployment: Deployment;
  /** All of its own. */
  readonly sets: readonly ReplicaSet[];
  /** All of its sets. */
  readonly pods: readonly Pod[];
  readonly signal: AbortSignal;
}

/** One look at a Deployment with its ReplicaSets, and what can be done about them. Shows what it has written itself. */
export class Rollout {
  readonly #tools: RolloutTools;
  readonly #signal: AbortSignal;
  readonly pods: readonly Pod[];
  #deployment: Deployment;
  #newSet: ReplicaSet | undefined;
  #oldSets: readonly ReplicaSet[];

  constructor(tools: RolloutTools, { deployment, sets, pods, signal }: RolloutState) {
    this.#tools = tools;
    this.#signal = signal;
    this.pods = pods;
    this.#deployment = deployment;
    const newSet = (this.#newSet = setOfTemplate(deployment, sets));
    this.#oldSets = sets.filter((set) => set !== newSet);
  }

  get deployment(): Deployment {
    return this.#deployment;
  }

  /** That of the present template. */
  get newSet(): ReplicaSet | undefined {
    return this.#newSet;
  }

  get oldSets(): readonly ReplicaSet[] {
    return this.#oldSets;
  }

  get sets(): readonly ReplicaSet[] {
    return this.#newSet === undefined ? this.#oldSets : [...this.#oldSets, this.#newSet];
  }

  get observation(): Observation {
    return { newSet: this.#newSet, oldSets: this.#oldSets, now: this.#tools.clock.now() };
  }

  /** Numbers the new set, when there is one, and the Deployment after it. */
  async number(): Promise<void> {
    const known = this.#newSet;
    if (known === undefined) return;
    const { minReadySeconds } = this.#deployment.spec;
    const wanted = annotationsOfNewSet(this.#deployment, known.metadata.annotations ?? {}, lastRevision(this.#oldSets) + 1);
    let set = known;
    if (!deepEqual(wanted, known.metadata.annotations ?? {}) || (known.spec.minReadySeconds ?? 0) !== (minReadySeconds ?? 0)) {
      set = await this.#write({ ...known, metadata: { ...known.metadata, annotations: wanted }, spec: { ...known.spec, minReadySeconds: minReadySeconds ?? 0 } });
    }
    const isNews = hasDeadline(this.#deployment) && conditionOf(this.#deployment.status.conditions, 'Progressing') === undefined;
    await this.#announce(revisionOf(set), isNews ? progressing('True', 'FoundNewReplicaSet', `Found new replica set "${set.metadata.name}"`) : undefined);
  }

  /** Makes the new set, with as many pods as there is room for. @throws {StatusError} when it cannot be made; the Deployment then says why */
  async createNewSet(): Promise<void> {
    const revision = lastRevision(this.#oldSets) + 1;
    const draft = this.#draft(revision);
    const { name } = draft.metadata;
    const { client, expectations, recorder } = this.#tools;
    const { uid } = this.#deployment.metadata;
    let set: ReplicaSet;
    let isNew = true;
    try {
      set = await client.create(ReplicaSet, draft, {}, this.#signal);
    } catch (error) {
      if (!StatusError.is(error, 'AlreadyExists')) return this.#refused(name, error);
      set = await this.#existing(name, error);
      isNew = false;
    }
    expectations.created(uid, set);
    this.#newSet = set;
    if (isNew && sizeOf(set) > 0) recorder.normal(this.#deployment, 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${sizeOf(set)}`);
    await this.#announce(revision, isNew && hasDeadline(this.#deployment) ? progressing('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`) : undefined);
  }

  /** @returns whether its size changed */
  async scale(set: ReplicaSet, size: number): Promise<boolean> {
    const before = sizeOf(set);
    const wanted = { ...set.metadata.annotations, ...sizeAnnotations(this.#deployment) };
    if (size === before && deepEqual(wanted, set.metadata.annotations ?? {})) return false;
    await this.#write({ ...set, metadata: { ...set.metadata, annotations: wanted }, spec: { ...set.spec, replicas: size } });
    if (size === before) return false;
    this.#tools.recorder.normal(this.#deployment, 'ScalingReplicaSet', `Scaled ${size > before ? 'up' : 'down'} replica set ${set.metadata.name} from ${before} to ${size}`);
    return true;
  }

  async delete(set: ReplicaSet): Promise<void> {
    const { uid } = set.metadata;
    try {
      await this.#tools.client.delete(ReplicaSet, set.metadata, { preconditions: { uid } }, this.#signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
    }
  }

  async report(status: DeploymentStatus): Promise<void> {
    if (!isSameStatus(this.#deployment.status, status)) await this.#updateStatus({ ...this.#deployment, status });
  }

  /** How large the new set may become: none has more pods at a time than the pace allows. */
  roomForNewSet(): number {
    const wanted = wantedPods(this.#deployment);
    const present = this.#newSet === undefined ? 0 : sizeOf(this.#newSet);
    if (!isRolling(this.#deployment)) return wanted;
    const room = mostPods(this.#deployment) - sum(this.sets, sizeOf);
    return present + Math.max(0, Math.min(room, wanted - present));
  }

  #draft(revision: number): Draft<ReplicaSet> & { metadata: { name: string } } {
    const { metadata: { namespace, name }, spec: { template, selector, minReadySeconds }, status: { collisionCount } } = this.#deployment;
    const hash = templateHash(template, collisionCount);
    const labels = { ...template.metadata.labels, [hashLabel]: hash };
    return {
      metadata: {
        namespace, name: `${name}-${hash}`, labels,
        annotations: { ...annotationsOfNewSet(this.#deployment, {}, revision), ...sizeAnnotations(this.#deployment) },
        ownerReferences: [controllerReference(Deployment, this.#deployment)],
      },
      spec: {
        replicas: this.roomForNewSet(),
        ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
  }

  /** What has the name already: the set itself, made before and not in the cache, or somebody else's. */
  async #existing(name: string, refusal: StatusError): Promise<ReplicaSet> {
    const { metadata: { namespace, uid }, spec, status } = this.#deployment;
    const set = await this.#tools.client.get(ReplicaSet, { namespace, name }, this.#signal);
    if (controllerOf(set)?.uid === uid && isSameTemplate(set.spec.template, spec.template)) return set;
    await this.#updateStatus({ ...this.#deployment, status: { ...status, collisionCount: (status.collisionCount ?? 0) + 1 } });
    throw refusal;
  }

  async #refused(name: string, error: unknown): Promise<never> {
    const { recorder, clock } = this.#tools;
    const { status } = this.#deployment;
    this.#failed(error);
    if (!isNamespaceEnding(error)) {
      const message = `Failed to create new replica set "${name}": ${error instanceof Error ? error.message : String(error)}`;
      recorder.warning(this.#deployment, 'ReplicaSetCreateError', message);
      const conditions = withFinding(status.conditions ?? [], progressing('False', 'ReplicaSetCreateError', message), clock.now());
      if (hasDeadline(this.#deployment)) await this.report({ ...status, conditions: [...conditions] });
    }
    throw error;
  }

  async #announce(revision: number, finding: Finding | undefined): Promise<void> {
    const { metadata, status } = this.#deployment;
    const known = status.conditions ?? [];
    const conditions = finding === undefined ? known : withFinding(known, finding, this.#tools.clock.now());
    const isNumbered = metadata.annotations?.[annotations.revision] === String(revision);
    if (isNumbered && conditions === known) return;
    // The status subresource takes annotations too, and the generation stays.
    await this.#updateStatus({
      ...this.#deployment,
      metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.revision]: String(revision) } },
      status: { ...status, ...(conditions.length === 0 ? {} : { conditions: [...conditions] }) },
    });
  }

  async #updateStatus(deployment: Deployment): Promise<void> {
    const { client, deployments } = this.#tools;
    this.#deployment = deployments.note(await client.updateStatus(Deployment, deployment, {}, this.#signal));
  }

  async #write(set: ReplicaSet): Promise<ReplicaSet> {
    const { client, expectations } = this.#tools;
    const { uid } = set.metadata;
    const written = await client.update(ReplicaSet, set, {}, this.#signal).catch((error: unknown) => {
      this.#failed(error);
      throw error;
    });
    // Sizes of sets that are not up to date would add up to something that never was.
    expectations.created(this.#deployment.metadata.uid, written);
    if (this.#newSet?.metadata.uid === uid) this.#newSet = written;
    this.#oldSets = this.#oldSets.map((each) => (each.metadata.uid === uid ? written : each));
    return written;
  }

  /** Unless the server said that it did not do it, it may have: the cache cannot be believed until it was asked. */
  #failed(error: unknown): void {
    if (!StatusError.is(error) || error.code >= 500) this.#tools.expectations.lost(this.#deployment.metadata.uid);
  }
}

/** Nothing will be made there any more, and nobody wants to hear of it. */
const isNamespaceEnding = (error: unknown): boolean => StatusError.is(error, 'Forbidden') && error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;
