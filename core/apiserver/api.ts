import type { KubernetesObject, KindNames } from '#core/api/schema/kind.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import type { User } from '#core/api/user.ts';
import type { AdmissionChain } from '#core/admission/admission.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { token } from '#core/kernel/token.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

/** What every verb works with. */
export interface Api {
  readonly objects: ObjectStore;
  readonly admission: AdmissionChain;
  readonly resources: ResourceIndex;
  readonly clock: Clock;
  readonly logger: Logger;
}

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
}

/** A decoded JSON body; `duplicates` are the paths of keys that occurred twice. */
export interface Body {
  readonly value: unknown;
  readonly duplicates: readonly string[];
}

export interface WriteParameters {
  readonly dryRun: boolean;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
}

/** Finds a resource by how a URL names it. */
export class ResourceIndex {
  readonly all: readonly AnyResource[];
  private readonly byUrl = new Map<string, AnyResource>();

  constructor(all: readonly AnyResource[]) {
    this.all = all;
    for (const resource of all) {
      const key = urlKey(resource.kind);
      if (this.byUrl.has(key)) throw new TypeError(`the resource ${key} is listed twice`);
      this.byUrl.set(key, resource);
    }
  }

  find(group: string, version: string, plural: string): AnyResource | undefined {
    return this.byUrl.get(`${group}/${version}/${plural}`);
  }

  of(kind: KindNames): AnyResource {
    const found = this.byUrl.get(urlKey(kind));
    if (!found) throw new TypeError(`the server has no resource for ${apiVersionOf(kind)} ${kind.kind}`);
    return found;
  }

  groupVersion(group: string, version: string): readonly AnyResource[] {
    return this.all.filter(({ kind }) => kind.group === group && kind.version === version);
  }
}

const urlKey = (kind: KindNames): string => `${kind.group}/${kind.version}/${kind.plural}`;

/** Where a resource's objects are kept: two kinds can be two views of one storage. */
export const storageNames = (resource: AnyResource): KindNames => resource.storedAs?.kind ?? resource.kind;

/** An object as its resource shows it. */
export const shown = (resource: AnyResource, stored: KubernetesObject): KubernetesObject => resource.storedAs?.decode(stored) ?? stored;
