import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Informers } from '#core/reconcile/informer.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { unresolvable, type Verdict } from '#core/scheduler/plugin.ts';
import { classOf, requestOf, selectedNodeOf } from './claims.ts';
import { podClaims, type PodClaims } from './pod-claims.ts';
import { Promises } from './promises.ts';
import { StorageView } from './storage-view.ts';
import type { VolumePlan } from './volume-plan.ts';
import { bestVolume, hasRoom, isAllowed, isReachable, suits } from './volume-match.ts';
import { VolumeReservation } from './volume-reservation.ts';

export interface VolumePlannerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
}

const elsewhere = unresolvable('node(s) had volume node affinity conflict');
const noVolume = unresolvable("node(s) didn't find available persistent volumes to bind");
const noRoom = unresolvable('node(s) did not have enough free storage');
const lost = unresolvable('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)');

const noProvisioner = 'kubernetes.io/no-provisioner';
const nothing: VolumePlan = { bindings: [], provisions: [] };

type Claims = Extract<PodClaims, { readonly problem: undefined }>;

/** Says which volumes a pod would have on a node, and keeps those that were chosen from other pods until the API shows whose they are. */
export class VolumePlanner {
  readonly #options: VolumePlannerOptions;
  readonly #view: StorageView;
  readonly #promises = new Promises();

  constructor(options: VolumePlannerOptions) {
    this.#options = options;
    this.#view = new StorageView(options.informers);
  }

  claimsOf({ pod }: PodInfo): PodClaims {
    return podClaims(pod, this.#view);
  }

  /** @returns why not, when the volumes cannot be had on the node */
  plan({ bound, waiting }: Claims, node: NodeInfo): VolumePlan | Verdict {
    for (const claim of bound) {
      const volume = this.#view.volumes.get(claim.spec.volumeName ?? '');
      if (volume === undefined) return lost;
      if (!isReachable(volume, node)) return elsewhere;
    }
    return waiting.length === 0 ? nothing : this.#planWaiting(waiting, node);
  }

  /** Keeps what the plan needs from other pods. Undefined when there is nothing to do for the pod's volumes. */
  reserve(pod: PodInfo, node: NodeInfo): VolumeReservation | undefined {
    if (pod.claims.length === 0) return undefined;
    const claims = this.claimsOf(pod);
    if (claims.problem !== undefined) throw new Error(claims.problem);
    const plan = this.plan(claims, node);
    if ('reasons' in plan) throw new Error(plan.reasons.join(', '));
    if (claims.waiting.length === 0) return undefined;
    const release = this.#promises.make(plan, node.name);
    return new VolumeReservation({ ...this.#options, view: this.#view, plan, node, release });
  }

  #planWaiting(waiting: readonly PersistentVolumeClaim[], node: NodeInfo): VolumePlan | Verdict {
    const bindings: VolumePlan['bindings'][number][] = [];
    const provisions: PersistentVolumeClaim[] = [];
    // The largest would find nothing when smaller ones have taken what suits it only by luck; so the smallest go first, as upstream.
    for (const claim of waiting.toSorted((a, b) => (requestOf(a) < requestOf(b) ? -1 : 1))) {
      const selected = this.#promises.nodeOf(claim) ?? selectedNodeOf(claim);
      if (selected !== undefined && selected !== node.name) return noVolume;
      const volume = selected === undefined ? this.#find(claim, node, new Set(bindings.map((binding) => binding.volume))) : undefined;
      if (volume !== undefined) bindings.push({ claim, volume });
      else provisions.push(claim);
    }
    for (const claim of provisions) {
      const problem = this.#provisionProblem(claim, node);
      if (problem !== undefined) return problem;
    }
    return { bindings, provisions };
  }

  #find(claim: PersistentVolumeClaim, node: NodeInfo, taken: ReadonlySet<PersistentVolume>): PersistentVolume | undefined {
    const candidates = this.#view.volumesOfClass(classOf(claim)).filter((volume) =>
      !taken.has(volume) && this.#promises.allows(volume, claim) && suits(volume, claim) && isReachable(volume, node));
    return bestVolume(candidates, claim);
  }

  #provisionProblem(claim: PersistentVolumeClaim, node: NodeInfo): Verdict | undefined {
    const found = this.#view.class(classOf(claim));
    if (found === undefined || found.provisioner === '' || found.provisioner === noProvisioner || !isAllowed(found, node)) return noVolume;
    const capacities = this.#view.capacitiesOf(found);
    return capacities === undefined || hasRoom(capacities, claim, node) ? undefined : noRoom;
  }
}
