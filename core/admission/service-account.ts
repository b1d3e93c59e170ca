import { generatedName } from '#core/api/names.ts';
import type { Container } from '#core/api/schema/core-v1/container.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

const mirror = 'kubernetes.io/config.mirror';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A new namespace gets its default account within moments. */
const patienceMs = 1000;

/** Pods run as a service account that exists, by default `default`, and get its token mounted unless somebody says otherwise. */
export class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = 'ServiceAccount';
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  mutate({ operation, subresource, object, name }: AdmissionRequest, objects: ObjectStore): Promise<void> | void {
    if (operation !== 'CREATE' || subresource !== '' || object === undefined || !isKindOf(object, Pod)) return undefined;
    return object.metadata.annotations?.[mirror] === undefined ? this.equip(object, name, objects) : refuseMirror(object);
  }

  private async equip(object: Pod, name: string, objects: ObjectStore): Promise<void> {
    const { spec, metadata } = object;
    spec.serviceAccountName ||= 'default';
    spec.serviceAccount = spec.serviceAccountName;
    const account = await this.find(objects, metadata.namespace ?? '', spec.serviceAccountName);
    if (account === undefined) {
      throw StatusError.forbidden(Pod, name, `error looking up service account ${metadata.namespace ?? ''}/${spec.serviceAccountName}: serviceaccount "${spec.serviceAccountName}" not found`);
    }
    if (mounts(object, account)) mountToken(object);
    if ((spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets) spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
  }

  private async find(objects: ObjectStore, namespace: string, name: string): Promise<ServiceAccount | undefined> {
    const look = (): ServiceAccount | undefined => {
      const found = objects.get(ServiceAccount, namespace, name);
      return found && isKindOf(found, ServiceAccount) ? found : undefined;
    };
    const found = look();
    if (found !== undefined || name !== 'default') return found;
    if (await objects.catchUp()) return look() ?? this.appears(objects, look);
    return this.appears(objects, look);
  }

  private appears(objects: ObjectStore, look: () => ServiceAccount | undefined): Promise<ServiceAccount | undefined> {
    return new Promise((resolve) => {
      const end = (account: ServiceAccount | undefined): void => {
        cancel();
        unsubscribe();
        resolve(account);
      };
      const unsubscribe = objects.cache(ServiceAccount).subscribe(() => {
        const account = look();
        if (account) end(account);
      });
      const cancel = this.clock.after(patienceMs, () => end(look()));
    });
  }
}

/** The API shows pods that a node runs on its own; it gives them no rights. */
function refuseMirror({ metadata, spec }: Pod): void {
  const refuse = (what: string): never => {
    throw StatusError.forbidden(Pod, metadata.name, `a mirror pod may not reference ${what}`);
  };
  if (spec.serviceAccountName) refuse('service accounts');
  for (const volume of spec.volumes ?? []) {
    if (volume.projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)) refuse('a ServiceAccount volume projections');
    if (volume.secret) refuse('secrets');
  }
}

const mounts = ({ spec }: Pod, account: ServiceAccount): boolean => spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;

function mountToken({ spec }: Pod): void {
  const containers: Container[] = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const without = containers.filter(({ volumeMounts = [] }) => !volumeMounts.some((mount) => mount.mountPath === mountPath));
  if (without.length === 0) return;
  const known = spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name;
  const name = known ?? generatedName('kube-api-access-');
  for (const container of without) container.volumeMounts = [...(container.volumeMounts ?? []), { name, mountPath, readOnly: true }];
  if (known === undefined) spec.volumes = [...(spec.volumes ?? []), accessVolume(name)];
}

type Volume = NonNullable<Pod['spec']['volumes']>[number];

/** Token, authority and namespace, as programs inside the cluster look for them. */
const accessVolume = (name: string): Volume => ({
  name,
  projected: {
    defaultMode: 0o644,
    sources: [
      // A little more than an hour, by which old clients that never read the file again are told from others.
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
    ],
  },
});
