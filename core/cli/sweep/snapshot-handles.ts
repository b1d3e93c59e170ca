import { customKind } from '#core/api/schema/custom-kind.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Reader } from '#core/client/client.ts';

interface Content extends KubernetesObject {
  readonly spec: { readonly driver?: string; readonly source?: { readonly snapshotHandle?: string }; readonly volumeSnapshotRef?: { readonly uid?: string } };
  readonly status?: { readonly snapshotHandle?: string };
}
const VolumeSnapshotContent = customKind<Content>({ group: 'snapshot.storage.k8s.io', version: 'v1', kind: 'VolumeSnapshotContent', namespaced: false });

/** Tells whether the cluster has a snapshot of this driver: by handle, or by the object for which it is being taken. */
export async function snapshotHandles(cluster: Reader | undefined, driver: string, signal: AbortSignal): Promise<(name: string, id: string) => boolean> {
  const contents = (await listed(cluster, signal)).filter(({ spec }) => spec.driver === driver);
  const handles = new Set(contents.flatMap(({ spec, status }) => [spec.source?.snapshotHandle, status?.snapshotHandle]));
  const names = new Set(contents.map(({ spec }) => `snapshot-${spec.volumeSnapshotRef?.uid ?? ''}`));
  return (name, id) => handles.has(id) || names.has(name);
}

async function listed(cluster: Reader | undefined, signal: AbortSignal): Promise<readonly Content[]> {
  try {
    return cluster === undefined ? [] : (await cluster.list(VolumeSnapshotContent, {}, signal)).items;
  } catch (error) {
    // A cluster need not know the kind.
    if (StatusError.is(error, 'NotFound')) return [];
    throw error;
  }
}
