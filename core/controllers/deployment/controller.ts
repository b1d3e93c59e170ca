import { controllerOf } from '#core/api/controller-reference.ts';
import { Deployment, type DeploymentStatus } from '#core/api/schema/apps-v1/deployment.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Expectations, type Standing } from '#core/controllers/replica-set/expectations.ts';
import { Claims, OwnerGoneError } from '#core/controllers/replica-set/pod-claims.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { conditionOf, withFinding } from './conditions.ts';
import { trimHistory } from './history.ts';
import { OwnSets, selectorOf } from './own-sets.ts';
import { isRolling } from './pace.ts';
import { hasDeadline, isComplete, progressing, untilLate, withProgress } from './progress.ts';
import { recreate } from './recreate.ts';
import { rollingUpdate } from './rolling-update.ts';
import { Rollout, type RolloutTools } from './rollout.ts';
import { isResized, scale } from './scaling.ts';
import { statusOf } from './status.ts';

export interface DeploymentOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

/** How soon a cache that is behind is looked at again, if it says nothing itself. */
const staleMs = 1000;

/** Keeps for each Deployment a ReplicaSet of its template, and moves its pods there from those of older templates. Keys are Deployments. */
export class DeploymentController implements Controller {
  readonly name = 'deployment';
  readonly workers = 5;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #deployments: Informer<Deployment>;
  readonly #own: OwnSets;
  readonly #tools: RolloutTools;

  constructor({ client, informers, clock, recorder }: DeploymentOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#recorder = recorder;
    const deployments = (this.#deployments = informers.for(Deployment));
    const sets = informers.for(ReplicaSet);
    const pods = informers.for(Pod);
    this.#own = new OwnSets(deployments, sets, pods);
    this.#tools = { client, clock, recorder, deployments: new OwnWrites(deployments), expectations: new Expectations(sets, clock) };
    this.sources = [
      source(deployments, (deployment, previous) => this.#noted(deployment, previous)),
      source(sets, (set, previous) => this.#own.affected(set, previous)),
      source(pods, (pod, previous) => this.#own.waiting(pod, previous)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#deployments.get(key);
    if (cached === undefined) return;
    const deployment = this.#tools.deployments.newest(cached);
    if (selectorOf(deployment) === undefined) return this.#recorder.warning(deployment, 'SelectingAll', 'This deployment is selecting all pods. A non-empty selector is required.');
    const standing = this.#tools.expectations.standing(deployment.metadata.uid);
    const sets = standing === 'behind' ? undefined : await this.#claimed(deployment, standing, signal);
    if (sets === undefined) return { requeueAfterMs: staleMs };
    const rollout = new Rollout(this.#tools, { deployment, sets, pods: this.#own.pods(sets), signal });
    await rollout.report(await this.#advance(rollout));
    const requeueAfterMs = deployment.spec.paused === true || isDeleting(deployment) ? undefined : untilLate(rollout.deployment, this.#clock.now());
    if (requeueAfterMs !== undefined) return { requeueAfterMs };
  }

  /** Takes a step, and returns what there is to say then. */
  async #advance(rollout: Rollout): Promise<DeploymentStatus> {
    const status = (): DeploymentStatus => statusOf(rollout.deployment, rollout.observation);
    if (isDeleting(rollout.deployment)) return status();
    await this.#notePause(rollout);
    await rollout.number();
    if (rollout.deployment.spec.paused === true || isResized(rollout)) {
      await scale(rollout);
      if (rollout.deployment.spec.paused === true) await trimHistory(rollout);
      return status();
    }
    const hasMoved = await (isRolling(rollout.deployment) ? rollingUpdate(rollout) : recreate(rollout));
    if (!hasMoved && isComplete(rollout.deployment, rollout.deployment.status)) await trimHistory(rollout);
    return withProgress(rollout.deployment, status(), rollout.observation);
  }

  /** From then on nobody waits for progress; once it goes on, the time counts anew. */
  async #notePause(rollout: Rollout): Promise<void> {
    const { spec: { paused = false }, status } = rollout.deployment;
    const reason = conditionOf(status.conditions, 'Progressing')?.reason;
    if (!hasDeadline(rollout.deployment) || reason === 'ProgressDeadlineExceeded' || paused === (reason === 'DeploymentPaused')) return;
    const finding = paused ? progressing('Unknown', 'DeploymentPaused', 'Deployment is paused') : progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed');
    await rollout.report({ ...status, conditions: [...withFinding(status.conditions ?? [], finding, this.#clock.now())] });
  }

  #noted(deployment: Deployment | undefined, previous: Deployment | undefined): string[] {
    if (previous !== undefined && deployment?.metadata.uid !== previous.metadata.uid) this.#tools.expectations.forget(previous.metadata.uid);
    return deployment === undefined ? [] : [keyOf(deployment)];
  }

  /** The Deployment's own sets; undefined when it is not what the cache shows. */
  async #claimed(deployment: Deployment, standing: Standing, signal: AbortSignal): Promise<readonly ReplicaSet[] | undefined> {
    const claims = new Claims({
      client: this.#client, kind: Deployment, owner: deployment, selector: selectorOf(deployment), signal,
      of: ReplicaSet, isClaimable: (set: ReplicaSet) => !isDeleting(set),
    });
    const candidates = standing === 'unsure' ? await this.#live(deployment, signal) : this.#own.candidates(deployment);
    try {
      return await claims.claim(candidates);
    } catch (error) {
      if (error instanceof OwnerGoneError) return undefined;
      throw error;
    }
  }

  /** What the API server has. */
  async #live({ metadata: { uid, namespace } }: Deployment, signal: AbortSignal): Promise<readonly ReplicaSet[]> {
    const { items } = await this.#client.list(ReplicaSet, { namespace }, signal);
    this.#tools.expectations.forget(uid);
    const own = items.filter((set) => (controllerOf(set)?.uid ?? uid) === uid);
    for (const set of own) if (controllerOf(set) !== undefined) this.#tools.expectations.created(uid, set);
    return own;
  }
}
