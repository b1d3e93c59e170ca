import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { StorageClass } from '#core/api/schema/storage-v1.ts';
import { keyOf } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { annotationOf, classOfClaim } from '#core/controllers/storage/claims.ts';
import type { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import { annotations } from '#core/api/storage/names.ts';
import { podsOfClaim } from '#core/controllers/storage/pods.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import type { Binder } from './binder.ts';
import type { ClassRule, ClassRules } from './class-rules.ts';

interface Parts {
  readonly binder: Binder;
  readonly pods: Informer<Pod>;
  readonly classes: ClassRules;
  readonly drivers: DriverDirectory;
  readonly events: EventRecorder;
}

/** Classes of this provisioner have only volumes that somebody made by hand. */
const noProvisioner = 'kubernetes.io/no-provisioner';

/** What becomes of a claim for which there is no volume yet: it gets a class, waits, or its provisioner is asked. */
export class ProvisioningRequests {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async ask(claim: PersistentVolumeClaim, rule: ClassRule, signal: AbortSignal): Promise<void> {
    const { classes, events } = this.#parts;
    if (classOfClaim(claim) === undefined) {
      const { default: chosen } = classes;
      if (chosen !== undefined) return this.#assignClass(claim, chosen, signal);
    }
    if (rule.name === '') {
      events.normal(claim, 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set');
    } else if (rule.found === undefined) {
      events.warning(claim, 'ProvisioningFailed', `storageclass.storage.k8s.io "${rule.name}" not found`);
    } else if (rule.waitsForConsumer && !classes.isScheduled(claim)) {
      this.#tellWhoIsAwaited(claim);
    } else if (rule.found.provisioner === noProvisioner) {
      events.normal(claim, 'FailedBinding', `no persistent volumes available for this claim and storage class "${rule.name}" does not make any`);
    } else {
      await this.#request(claim, rule.found.provisioner, signal);
    }
  }

  async #assignClass(claim: PersistentVolumeClaim, chosen: StorageClass, signal: AbortSignal): Promise<void> {
    const patch = metadataPatch(claim, {}, { spec: { storageClassName: chosen.metadata.name } });
    await this.#parts.binder.patchClaim(claim, patch, signal);
  }

  #tellWhoIsAwaited(claim: PersistentVolumeClaim): void {
    const names = this.#parts.pods.byIndex(podsOfClaim.name, keyOf(claim)).filter((pod) => !pod.spec.nodeName).map((pod) => pod.metadata.name);
    if (names.length === 0) this.#parts.events.normal(claim, 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
    else this.#parts.events.normal(claim, 'WaitForPodScheduled', `waiting for pod ${names.toSorted().slice(0, 10).join(', ')} to be scheduled`);
  }

  async #request(claim: PersistentVolumeClaim, provisioner: string, signal: AbortSignal): Promise<void> {
    const { binder, drivers, events } = this.#parts;
    const asked = annotationOf(claim, annotations.provisioner) === provisioner && annotationOf(claim, annotations.betaProvisioner) === provisioner;
    if (!asked) {
      const patch = metadataPatch(claim, { annotations: { [annotations.provisioner]: provisioner, [annotations.betaProvisioner]: provisioner } });
      await binder.patchClaim(claim, patch, signal);
    }
    // Of a driver in this process there is nothing to say yet: it speaks for itself.
    if (drivers.find(provisioner) !== undefined) return;
    events.normal(claim, 'ExternalProvisioning',
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. ` +
      'If volume creation is delayed, please verify that the provisioner is running and correctly registered.');
  }
}
