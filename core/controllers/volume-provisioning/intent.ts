import { createHash } from 'node:crypto';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { isObject } from '#core/api/value.ts';
import type { Writer } from '#core/client/client.ts';
import { annotationOf } from '#core/controllers/storage/claims.ts';
import { metadataPatch, withFinalizer, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { annotations, finalizers } from '#core/api/storage/names.ts';
import type { CreateVolumeRequest, TopologySegment } from '#core/spi/volume-driver.ts';

export type Topology = NonNullable<CreateVolumeRequest['topology']>;

/** What is remembered of a request that its driver may have got. */
export interface Intent {
  /** Tells whether the request would be the same today; see `digestOf`. */
  readonly digest: string;
  /** Where the volume was asked for: the nodes' labels may have changed since, the request must not. */
  readonly topology: Topology | undefined;
}

/**
 * Stores on the claim that its driver is about to be asked for a volume: a finalizer, which holds the claim until it is known what
 * came of that, and an annotation with the arguments. Claims are their authors' to write, so nothing that gives power is read back
 * from there: a wrong digest only means that the request counts as another one.
 */
export class Intents {
  readonly #writer: Writer;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /** Holds only for this very version of the claim, so that nothing is made for a claim that is gone, bound or being deleted. */
  async record(claim: PersistentVolumeClaim, request: CreateVolumeRequest, signal: AbortSignal): Promise<PersistentVolumeClaim> {
    const intent: Intent = { digest: digestOf(request), topology: request.topology };
    const patch = metadataPatch(claim, {
      finalizers: withFinalizer(claim, finalizers.intent),
      annotations: { [annotations.intent]: JSON.stringify(intent) },
    });
    return this.#writer.patch(PersistentVolumeClaim, claim.metadata, patch, {}, signal);
  }

  /** Only for when the volume is stored as a PersistentVolume, or when there certainly is none. */
  async drop(claim: PersistentVolumeClaim, signal: AbortSignal, options: { readonly reschedule?: boolean } = {}): Promise<void> {
    const patch = metadataPatch(claim, {
      finalizers: withoutFinalizer(claim, finalizers.intent),
      annotations: { [annotations.intent]: null, ...(options.reschedule === true ? { [annotations.selectedNode]: null } : {}) },
    });
    await this.#writer.patch(PersistentVolumeClaim, claim.metadata, patch, {}, signal);
  }
}

export function intentOf(claim: PersistentVolumeClaim): Intent {
  let value: unknown;
  try {
    value = JSON.parse(annotationOf(claim, annotations.intent) ?? '');
  } catch {
    value = undefined;
  }
  if (!isObject(value)) return { digest: '', topology: undefined };
  const { digest, topology } = value;
  return { digest: typeof digest === 'string' ? digest : '', topology: isTopology(topology) ? topology : undefined };
}

const isSegments = (value: unknown): value is readonly TopologySegment[] =>
  Array.isArray(value) && value.every((segment) => isObject(segment) && Object.values(segment).every((label) => typeof label === 'string'));

const isTopology = (value: unknown): value is Topology => isObject(value) && isSegments(value['requisite']) && isSegments(value['preferred']);

const sorted = (parameters: Readonly<Record<string, string>>): [string, string][] => Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** The same for requests that differ at most in topology and owner. */
export function digestOf({ provisioner, capacity, parameters, use, mutableParameters, source }: CreateVolumeRequest): string {
  const text = JSON.stringify([
    provisioner, String(capacity.required), String(capacity.limit ?? ''), sorted(parameters),
    use.accessModes, use.volumeMode, use.fsType ?? '', use.mountOptions,
    ...(mutableParameters === undefined ? [] : [{ attributes: sorted(mutableParameters) }]), ...(source === undefined ? [] : [{ source: [source.kind, source.id] }]),
  ]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
