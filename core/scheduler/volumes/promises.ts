import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { VolumePlan } from './volume-plan.ts';

/** Volumes and nodes that were chosen for claims, before the API shows it. */
export class Promises {
  /** UID of the claim by the volume's name. */
  readonly #volumes = new Map<string, string>();
  /** Name of the node by the claim's UID. */
  readonly #nodes = new Map<string, string>();

  nodeOf({ metadata }: PersistentVolumeClaim): string | undefined {
    return this.#nodes.get(metadata.uid);
  }

  /** Whether the volume was promised to nobody else. */
  allows({ metadata: { name } }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
    const promised = this.#volumes.get(name);
    return promised === undefined || promised === claim.metadata.uid;
  }

  /** Returns the way to take it back. What another pod has a promise of already stays when this one's is taken back. */
  make({ bindings, provisions }: VolumePlan, nodeName: string): () => void {
    const volumes = bindings.filter(({ volume }) => !this.#volumes.has(volume.metadata.name));
    const claims = [...bindings.map(({ claim }) => claim), ...provisions].filter(({ metadata }) => !this.#nodes.has(metadata.uid));
    for (const { volume, claim } of volumes) this.#volumes.set(volume.metadata.name, claim.metadata.uid);
    for (const { metadata } of claims) this.#nodes.set(metadata.uid, nodeName);
    return () => {
      for (const { volume } of volumes) this.#volumes.delete(volume.metadata.name);
      for (const { metadata } of claims) this.#nodes.delete(metadata.uid);
    };
  }
}
