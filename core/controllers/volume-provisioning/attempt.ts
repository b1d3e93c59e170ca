import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { StorageClass, VolumeAttributesClass } from '#core/api/schema/storage-v1.ts';
import type { Reader } from '#core/client/client.ts';
import { annotationOf, classOfClaim, limitOf, provisionedName, requestOf } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { annotations } from '#core/api/storage/names.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { canModify, checksParameters, type CreateVolumeRequest, type VolumeDriver } from '#core/spi/volume-driver.ts';
import { splitParameters } from '#core/controllers/storage/class-parameters.ts';
import { ContentSources } from './content-source.ts';
import { digestOf, type Intent, type Topology } from './intent.ts';
import { isAllowed, TopologyPlanner } from './topology.ts';

/** All that is needed to ask a driver for a claim's volume. */
export interface Attempt {
  readonly claim: PersistentVolumeClaim;
  readonly driver: VolumeDriver;
  readonly storageClass: StorageClass;
  readonly request: CreateVolumeRequest;
  /** The driver has got this request, or none at all: then its refusals prove that nothing was made. */
  readonly sameAsIntent: boolean;
}

export const provisionerOf = (claim: PersistentVolumeClaim): string | undefined =>
  annotationOf(claim, annotations.provisioner) ?? annotationOf(claim, annotations.betaProvisioner);

/** Puts a claim and its class together into a request. */
export class Attempts {
  readonly #classes: Informer<StorageClass>;
  readonly #attributes: Informer<VolumeAttributesClass>;
  readonly #topology: TopologyPlanner;
  readonly #sources: ContentSources;
  readonly #reader: Reader;

  constructor(informers: Informers, reader: Reader) {
    this.#classes = informers.for(StorageClass);
    this.#attributes = informers.for(VolumeAttributesClass);
    this.#topology = new TopologyPlanner(informers, reader);
    this.#sources = new ContentSources(reader);
    this.#reader = reader;
  }

  /**
   * Undefined as long as the claim must wait: for its pod's node, or for another class to be asked.
   * @param intent of an earlier attempt, whose topology is kept
   * @throws {ProviderError} Invalid, Unavailable @throws {RescheduleError}
   */
  async make(claim: PersistentVolumeClaim, driver: VolumeDriver, intent: Intent | undefined, signal: AbortSignal): Promise<Attempt | undefined> {
    const storageClass = await this.#classOf(claim, signal);
    if (storageClass.provisioner !== provisionerOf(claim)) return undefined;
    if (intent === undefined && awaitsNode(claim, storageClass)) return undefined;
    const mutableParameters = await this.#attributesOf(claim, driver, signal);
    const recorded = intent !== undefined && isCredible(intent, storageClass) ? intent : undefined;
    const topology = recorded === undefined ? await this.#topology.plan(claim, storageClass, driver, signal) : recorded.topology;
    const source = await this.#sources.of(claim, driver, signal);
    const request = requestFor(claim, storageClass, { topology, mutableParameters, source });
    if (checksParameters(driver)) driver.checkParameters(request.parameters);
    return { claim, driver, storageClass, request, sameAsIntent: intent === undefined || recorded?.digest === digestOf(request) };
  }

  async #classOf(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<StorageClass> {
    const name = classOfClaim(claim) ?? '';
    const found = this.#classes.get(name) ?? (await live(this.#reader, StorageClass, { name }, signal));
    if (found === undefined) throw new ProviderError('Invalid', `storageclass.storage.k8s.io "${name}" not found`);
    return found;
  }

  /** What the claim's VolumeAttributesClass says; undefined when it names none. */
  async #attributesOf({ spec: { volumeAttributesClassName: name = '' } }: PersistentVolumeClaim, driver: VolumeDriver, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    if (name === '') return undefined;
    if (!canModify(driver)) throw new ProviderError('Invalid', `driver ${driver.name} cannot apply VolumeAttributesClass "${name}": it does not modify volumes`);
    const found = this.#attributes.get(name) ?? (await live(this.#reader, VolumeAttributesClass, { name }, signal));
    if (found === undefined) throw new ProviderError('Invalid', `volumeattributesclass.storage.k8s.io "${name}" not found`);
    if (found.driverName === driver.name || driver.aliases?.includes(found.driverName) === true) return found.parameters ?? {};
    throw new ProviderError('Invalid', `VolumeAttributesClass "${name}" is for driver ${found.driverName}, and the volume is of ${driver.name}`);
  }
}

const awaitsNode = (claim: PersistentVolumeClaim, { volumeBindingMode }: StorageClass): boolean =>
  volumeBindingMode === 'WaitForFirstConsumer' && (annotationOf(claim, annotations.selectedNode) ?? '') === '';

/** The record stands on the claim, which its author may write: it must not reach where the class does not. */
const isCredible = ({ topology }: Intent, storageClass: StorageClass): boolean => topology === undefined || isAllowed(topology, storageClass);

interface Extras {
  readonly topology: Topology | undefined;
  readonly mutableParameters: Readonly<Record<string, string>> | undefined;
  readonly source: CreateVolumeRequest['source'] | undefined;
}

function requestFor(claim: PersistentVolumeClaim, storageClass: StorageClass, { topology, mutableParameters, source }: Extras): CreateVolumeRequest {
  const { parameters, fsType } = splitParameters(storageClass.parameters);
  const { namespace = '', name, uid } = claim.metadata;
  const limit = limitOf(claim);
  return {
    name: provisionedName(claim),
    provisioner: storageClass.provisioner,
    capacity: { required: requestOf(claim), ...(limit === undefined ? {} : { limit }) },
    parameters,
    use: {
      accessModes: claim.spec.accessModes ?? [],
      volumeMode: claim.spec.volumeMode ?? 'Filesystem',
      mountOptions: storageClass.mountOptions ?? [],
      ...(fsType === undefined ? {} : { fsType }),
    },
    ...(topology === undefined ? {} : { topology }),
    ...(mutableParameters === undefined ? {} : { mutableParameters }),
    ...(source === undefined ? {} : { source }),
    owner: { namespace, name, uid },
  };
}
