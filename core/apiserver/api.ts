import type { KubernetesObject, KindNames } from '#core/api/schema/kind.ts';
import type { User } from '#core/api/user.ts';
import type { AdmissionChain } from '#core/admission/admission.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { token } from '#core/kernel/token.ts';
import type { AnyResource, Subresource } from '#core/registry/resource.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { ResourceIndex } from './resource-index.ts';

/** What every verb works with. */
export interface Api {
  readonly objects: ObjectStore;
  readonly admission: AdmissionChain;
  readonly resources: ResourceIndex;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Objects of the kinds of which nothing is stored, by plural. */
  readonly observed?: Observers;
}

export type Observers = Readonly<Record<string, () => readonly KubernetesObject[]>>;

export const Api = token<Api>('Api');

/** What a request is aimed at. `name` is '' for a collection. */
export interface Target {
  readonly resource: AnyResource;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Who asks, and how to tell them something besides the answer. */
export interface Caller {
  readonly user: User;
  readonly warn: (text: string) => void;
  /** Leaves a remark in the audit log. */
  readonly annotate?: (key: string, value: string) => void;
  /** Asks whether the caller may also create what the request is aimed at. @throws {StatusError} Forbidden */
  readonly mayCreate?: () => void;
}

/** A decoded JSON body; `duplicates` are the paths of keys that occurred twice. */
export interface Body {
  readonly value: unknown;
  readonly duplicates: readonly string[];
  /** What a patch makes of an object: its fields have no order, so unknown ones are named in that of the alphabet. */
  readonly unordered?: boolean;
}

export interface WriteParameters {
  readonly dryRun: boolean;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** Who `managedFields` says it was. */
  readonly fieldManager: string;
  /** Server-side apply takes fields that others own. */
  readonly force: boolean;
}

/** Where a resource's objects are kept: two kinds can be two views of one storage. */
export const storageNames = (resource: AnyResource): KindNames => resource.storedAs?.kind ?? resource.kind;

/** An object as its resource shows it. */
export const shown = (resource: AnyResource, stored: KubernetesObject): KubernetesObject => resource.storedAs?.decode(stored) ?? stored;

/** What goes into the store for it. */
export const encoded = async (resource: AnyResource, object: KubernetesObject): Promise<KubernetesObject> =>
  (resource.conversion ? resource.conversion.encode(object) : resource.storedAs?.encode(object) ?? object);

/** As `shown`, when that may take a call to someone outside. @throws {StatusError} */
export async function showing(resource: AnyResource, stored: KubernetesObject): Promise<KubernetesObject> {
  await resource.conversion?.prepare([stored]);
  return shown(resource, stored);
}

/** What a resource says of one of its subresources. */
export const subresourceOf = (resource: AnyResource, name: string): Subresource | undefined => resource.subresources?.find((candidate) => candidate.name === name);
