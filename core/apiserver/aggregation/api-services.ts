import { APIService } from '#core/api/schema/apiregistration-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { localPriority, type Priority } from './priorities.ts';

/** An APIService that another server answers for. */
export type ExtensionService = APIService & { readonly spec: { readonly service: NonNullable<APIService['spec']['service']> } };

export const isExtension = (service: APIService): service is ExtensionService => service.spec.service !== undefined;

/** The name of the APIService of a group-version: `v1.apps`. */
export const serviceName = (group: string, version: string): string => `${version}.${group}`;

/** `namespace/name:port` of the service behind which the server stands. */
export const serverName = ({ spec: { service: { namespace = '', name = '', port = 443 } } }: ExtensionService): string => `${namespace}/${name}:${port}`;

/** False only when it was looked at and found missing: before that it may be tried. */
export const mayAnswer = ({ status: { conditions = [] } }: APIService): boolean => conditions.find(({ type }) => type === 'Available')?.status !== 'False';

/** What is stored of who serves which group-version. */
export class ApiServices {
  private readonly objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.objects = objects;
  }

  find(group: string, version: string): APIService | undefined {
    const found = this.objects.cache(APIService).get(serviceName(group, version));
    return found !== undefined && isKindOf(found, APIService) ? found : undefined;
  }

  /** Undefined for what this server answers itself. The core group always is its own. */
  extension(group: string, version: string): ExtensionService | undefined {
    const found = group === '' ? undefined : this.find(group, version);
    return found && isExtension(found) ? found : undefined;
  }

  get extensions(): readonly ExtensionService[] {
    return this.all.filter(isExtension).filter(({ spec }) => spec.group !== undefined && spec.group !== '');
  }

  get all(): readonly APIService[] {
    return [...this.objects.cache(APIService).range('')].map(([, object]) => object).filter((object) => isKindOf(object, APIService));
  }

  priority(group: string, version: string): Priority {
    const spec = this.find(group, version)?.spec;
    return spec ? { group: spec.groupPriorityMinimum, version: spec.versionPriority } : localPriority(group, version);
  }

  /** Returns an unsubscribe function. */
  onChange(listener: (now: APIService | undefined, before: APIService | undefined) => void): () => void {
    return this.objects.cache(APIService).subscribe(({ deleted, object, previous }) => listener(deleted ? undefined : object as APIService, previous as APIService | undefined));
  }
}
