import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import type { Reader } from '#core/client/client.ts';
import { cleanupFinalizer } from '#core/controllers/service-load-balancer/controller.ts';
import { canSurvey, type LoadBalancers } from '#core/spi/load-balancers.ts';
import type { Routes } from '#core/spi/routes.ts';
import { canSnapshot, canSurveyStorage, type OwnedStorage, type VolumeDriver } from '#core/spi/volume-driver.ts';
import { snapshotHandles } from './snapshot-handles.ts';

/** What the providers have in their platforms for the cluster. */
export interface Platforms {
  readonly volumes: readonly VolumeDriver[];
  readonly balancers: readonly LoadBalancers[];
  readonly routes: readonly Routes[];
}

/** Something on a platform that carries the cluster's mark, and that nothing in the cluster wants. */
export interface Stray {
  readonly platform: string;
  readonly kind: 'load balancer' | 'volume' | 'snapshot' | 'route';
  readonly name: string;
  /** The platform's handle; '' where the name is all. */
  readonly id: string;
  readonly why: string;
  /** Somebody may want what is in it. */
  readonly holdsData: boolean;
  remove(signal: AbortSignal): Promise<void>;
}

type Wanted = (name: string, id: string) => boolean;
/** Tells of a kind of things whether the cluster wants them; `undefined` for a cluster that is no more and wants nothing. */
type Cluster = Reader | undefined;

export interface Findings {
  readonly strays: readonly Stray[];
  /** Of platforms that could not be asked. */
  readonly failures: readonly unknown[];
}

/**
 * What is on the platforms and not wanted. The platforms are asked first, and then the cluster: whatever is made for somebody had its object before, so what is
 * wanted is never taken for a stray. Storage younger than `graceMs` is left to the controllers that are at work on it.
 */
export async function findStrays(platforms: Platforms, cluster: Cluster, options: { readonly now: number; readonly graceMs: number }, signal: AbortSignal): Promise<Findings> {
  const found = await Promise.allSettled([
    ...platforms.balancers.map((balancers) => strayBalancers(balancers, cluster, signal)),
    ...platforms.volumes.map((driver) => strayStorage(driver, cluster, options, signal)),
    ...platforms.routes.map((routes) => strayRoutes(routes, cluster, signal)),
  ]);
  signal.throwIfAborted();
  return { strays: found.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])), failures: found.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : [])) };
}

async function strayBalancers(balancers: LoadBalancers, cluster: Cluster, signal: AbortSignal): Promise<Stray[]> {
  if (!canSurvey(balancers)) return [];
  const owners = await balancers.owners(signal);
  if (owners.length === 0) return [];
  const services = await all(cluster, Service, signal);
  const wanted = new Set(services.filter(({ metadata }) => metadata.finalizers?.includes(cleanupFinalizer)).map(({ metadata }) => metadata.uid));
  return owners.filter(({ uid }) => !wanted.has(uid)).map((owner): Stray => ({
    platform: balancers.provider, kind: 'load balancer', name: `${owner.namespace}/${owner.name}`, id: owner.uid, why: cluster === undefined ? gone : `there is no such Service with UID ${owner.uid}`, holdsData: false,
    remove: (aborting) => balancers.delete(owner, aborting),
  }));
}

const gone = 'the cluster is gone';

async function strayStorage(driver: VolumeDriver, cluster: Cluster, { now, graceMs }: { readonly now: number; readonly graceMs: number }, signal: AbortSignal): Promise<Stray[]> {
  if (!canSurveyStorage(driver)) return [];
  const owned = (await driver.owned(signal)).filter(({ createdAt }) => cluster === undefined || now - createdAt >= graceMs);
  if (owned.length === 0) return [];
  const isWanted = { volume: await wantedVolumes(driver, cluster, signal), snapshot: await snapshotHandles(cluster, driver.name, signal) };
  return owned.filter(({ kind, name, id }) => !isWanted[kind](name, id)).map((one): Stray => ({
    platform: driver.name, kind: one.kind, name: one.name, id: one.id, holdsData: true,
    why: cluster === undefined ? gone : one.kind === 'volume' ? 'no PersistentVolume has it' : 'no VolumeSnapshotContent has it',
    remove: (aborting) => remove(driver, one, aborting),
  }));
}

async function remove(driver: VolumeDriver, { kind, id }: OwnedStorage, signal: AbortSignal): Promise<void> {
  if (kind === 'volume') await driver.delete(id, signal);
  else if (canSnapshot(driver)) await driver.deleteSnapshot(id, signal);
}

/** By handle, or by the claim for which it is being made. */
async function wantedVolumes(driver: VolumeDriver, cluster: Cluster, signal: AbortSignal): Promise<Wanted> {
  // Claims first: a volume is bound to one before the claim can go.
  const claims = new Set((await all(cluster, PersistentVolumeClaim, signal)).map(({ metadata }) => `pvc-${metadata.uid}`));
  const handles = new Set((await all(cluster, PersistentVolume, signal)).flatMap(({ spec: { csi } }) => (csi?.driver === driver.name ? [csi.volumeHandle] : [])));
  return (name, id) => handles.has(id) || claims.has(name);
}

async function strayRoutes(routes: Routes, cluster: Cluster, signal: AbortSignal): Promise<Stray[]> {
  const found = await routes.list(signal);
  if (found.length === 0) return [];
  const nodes = await all(cluster, Node, signal);
  const wanted = new Set(nodes.flatMap(({ spec }) => [...(spec.podCIDRs ?? []), ...(spec.podCIDR === undefined ? [] : [spec.podCIDR])]));
  return found.filter(({ destination }) => !wanted.has(destination)).map((route): Stray => ({
    platform: routes.provider, kind: 'route', name: route.destination, id: route.id, why: cluster === undefined ? gone : 'no Node has this range of pods', holdsData: false,
    remove: (aborting) => routes.delete(route, aborting),
  }));
}

async function all<T extends KubernetesObject>(cluster: Cluster, kind: Kind<T>, signal: AbortSignal): Promise<readonly T[]> {
  return cluster === undefined ? [] : (await cluster.list(kind, {}, signal)).items;
}
