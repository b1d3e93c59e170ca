import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { ApiObjects } from './api-objects.ts';
import { DriverVolumes } from './csi/driver-volumes.ts';
import type { NodeDrivers } from './csi/node-drivers.ts';
import type { StagedVolumes } from './csi/staged-volumes.ts';
import type { Layout } from './layout.ts';
import type { NodeFacts } from '#core/api/node-selector.ts';
import type { Operations } from './operations.ts';
import type { Allocatable } from './pod-facts.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';
import type { Mounter } from './system/mounter.ts';
import { ClaimVolumes, EphemeralVolume, PersistentVolumeClaimVolume } from './types/claim-volume.ts';
import { ConfigMapVolume } from './types/config-map.ts';
import { DownwardApiVolume } from './types/downward-api.ts';
import { EmptyDir } from './types/empty-dir.ts';
import { FileVolumes } from './types/file-volumes.ts';
import { HostPath } from './types/host-path.ts';
import { LocalVolume } from './types/local-volume.ts';
import { ProjectedVolume } from './types/projected.ts';
import { SecretVolume } from './types/secret.ts';
import type { SourceName, VolumePlugin } from './volume-plugin.ts';

export interface PluginParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly layout: Layout;
  readonly mounter: Mounter;
  readonly operations: Operations;
  readonly drivers: NodeDrivers;
  readonly staged: StagedVolumes;
  readonly tokens: ServiceAccountTokens;
  readonly nodeName: string;
  readonly allocatable?: () => Allocatable;
  readonly node?: () => NodeFacts | undefined;
}

/** The types of volumes that this agent knows, by the member of a volume that asks for them. */
export function volumePlugins(parts: PluginParts): ReadonlyMap<SourceName, VolumePlugin> {
  const { client, clock, layout, mounter, tokens, allocatable = () => ({}), node = () => undefined } = parts;
  const objects = new ApiObjects(client, clock);
  const files = new FileVolumes(layout, mounter, clock);
  const hostPath = new HostPath(mounter);
  const drivers = new DriverVolumes({ ...parts, objects });
  const claims = new ClaimVolumes({ layout, objects, mounter, drivers, hostPath, local: new LocalVolume(layout, mounter, parts.operations), node });
  const plugins = [
    new EmptyDir(layout, mounter), hostPath, new ConfigMapVolume(files, objects), new SecretVolume(files, objects),
    new ProjectedVolume({ volumes: files, objects, tokens, allocatable }), new DownwardApiVolume(files, allocatable),
    new PersistentVolumeClaimVolume(claims), new EphemeralVolume(claims),
  ];
  return new Map(plugins.map((plugin) => [plugin.source, plugin as VolumePlugin]));
}
