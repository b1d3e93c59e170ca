import { annotations } from '#core/api/storage/names.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import { isBound, isEarlier, selectedNodeOf } from './claims.ts';
import type { StorageView } from './storage-view.ts';
import { isKeptFor, isReachable } from './volume-match.ts';
import type { VolumePlan } from './volume-plan.ts';

export interface VolumeReservationOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly view: StorageView;
  readonly plan: VolumePlan;
  readonly node: NodeInfo;
  readonly release: () => void;
}

/** So long a pod waits for its volumes before another node is looked for, in milliseconds. */
const patienceMs = 10 * 60_000;
/** Writes of one claim, when others write it too. */
const attempts = 3;

/** The volumes chosen for one pod on one node. */
export class VolumeReservation {
  readonly #options: VolumeReservationOptions;

  constructor(options: VolumeReservationOptions) {
    this.#options = options;
  }

  /** Others may have the volumes again, or see in the API whose they are. */
  release(): void {
    this.#options.release();
  }

  /** Says in the API what was chosen, and waits until all claims are bound. @throws {Error} when a claim cannot be had on the node */
  async bind(signal: AbortSignal): Promise<void> {
    try {
      await this.#bind(signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(`running PreBind plugin "VolumeBinding": binding volumes: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  async #bind(signal: AbortSignal): Promise<void> {
    const { plan: { bindings, provisions } } = this.#options;
    for (const { claim, volume } of bindings) await this.#give(volume, claim, signal);
    const told = await Promise.all(provisions.map((claim) => this.#select(claim, signal)));
    await this.#untilBound([...bindings.map(({ claim }) => claim), ...told], signal);
  }

  async #give(volume: PersistentVolume, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    if (isKeptFor(volume, claim) && volume.spec.claimRef?.uid === claim.metadata.uid) return;
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    const document = {
      metadata: {
        uid: volume.metadata.uid, resourceVersion: volume.metadata.resourceVersion,
        ...(isKeptFor(volume, claim) ? {} : { annotations: { [annotations.boundByController]: 'yes' } }),
      },
      spec: { claimRef: { apiVersion: apiVersionOf(PersistentVolumeClaim), kind: PersistentVolumeClaim.kind, namespace, name, uid, resourceVersion } },
    };
    await this.#options.client.patch(PersistentVolume, volume.metadata, { type: 'merge', document }, {}, signal);
  }

  async #select(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<PersistentVolumeClaim> {
    const { client, node } = this.#options;
    let current = claim;
    for (let attempt = 1; ; attempt++) {
      if (selectedNodeOf(current) === node.name || isBound(current)) return current;
      const { uid, resourceVersion } = current.metadata;
      const document = { metadata: { uid, resourceVersion, annotations: { [annotations.selectedNode]: node.name } } };
      try {
        return await client.patch(PersistentVolumeClaim, current.metadata, { type: 'merge', document }, {}, signal);
      } catch (error) {
        if (attempt === attempts || !StatusError.is(error, 'Conflict')) throw error;
      }
      // Whoever wrote in between may have chosen a node for another pod, or not have minded the choice at all.
      current = await client.get(PersistentVolumeClaim, claim.metadata, signal);
      if (current.metadata.uid !== uid || (selectedNodeOf(current) ?? node.name) !== node.name) throw StatusError.modified(PersistentVolumeClaim, claim.metadata.name);
    }
  }

  async #untilBound(claims: readonly PersistentVolumeClaim[], signal: AbortSignal): Promise<void> {
    const { view, clock } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const ends: (() => void)[] = [];
      const finish = (error?: Error): void => {
        for (const end of ends.splice(0)) end();
        signal.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onAbort = (): void => finish(new Error('the wait for volumes was given up'));
      const look = (): void => {
        try {
          if (claims.every((claim) => this.#isReady(claim))) finish();
        } catch (error) {
          finish(error instanceof Error ? error : new Error('the claims could not be looked at', { cause: error }));
        }
      };
      const keys = new Set(claims.map(keyOf));
      const follow = (object: PersistentVolumeClaim | undefined, previous: PersistentVolumeClaim | undefined): void => {
        const either = object ?? previous;
        if (either !== undefined && keys.has(keyOf(either))) look();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      ends.push(clock.after(patienceMs, () => finish(new Error('context deadline exceeded'))), view.claims.subscribe(follow), view.volumes.subscribe(look));
      look();
    });
  }

  /** @throws {Error} when it never will be */
  #isReady(told: PersistentVolumeClaim): boolean {
    const { view, node, plan } = this.#options;
    const { name, uid } = told.metadata;
    const claim = view.claims.get(keyOf(told));
    if (claim === undefined || claim.metadata.uid !== uid) throw new Error(`persistentvolumeclaim "${name}" not found`);
    if (isEarlier(claim, told)) return false;
    if (claim.metadata.deletionTimestamp !== undefined) throw new Error(`persistentvolumeclaim "${name}" is being deleted`);
    const volumeName = claim.spec.volumeName ?? '';
    const volume = view.volumes.get(volumeName);
    if (volume !== undefined && !isReachable(volume, node)) throw new Error(`pv "${volumeName}" node affinity doesn't match node "${node.name}": no matching NodeSelectorTerms`);
    if (isBound(claim)) return volume !== undefined;
    // Whoever makes volumes cannot make one there, and asks for another choice.
    const wasSelected = plan.provisions.some(({ metadata }) => metadata.uid === uid);
    if (wasSelected && selectedNodeOf(claim) === undefined) throw new Error(`selectedNode annotation reset for PVC "${name}"`);
    return false;
  }
}
