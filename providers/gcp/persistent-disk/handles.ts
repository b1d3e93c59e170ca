/** A zonal or a regional disk. Its handle is `projects/p/zones/z/disks/n` or `projects/p/regions/r/disks/n`. */
export interface DiskPlace {
  readonly project: string;
  readonly kind: 'zones' | 'regions';
  /** The zone or region. */
  readonly place: string;
  readonly name: string;
}

/** Takes the place of what handles made from those of `kubernetes.io/gce-pd` do not say. */
const unspecified = 'UNSPECIFIED';
/** Takes the place of the zone where a disk of this name is in each zone. */
const multiZone = 'multi-zone';

const nameText = '[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?';
const projectText = '(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{0,61}[a-z0-9]';
const diskPattern = new RegExp(`^projects/(${projectText}|${unspecified})/(zones|regions)/(${nameText}|${unspecified})/disks/(${nameText})$`);
const instancePattern = new RegExp(`^projects/(${projectText})/zones/(${nameText})/instances/(${nameText})$`);
const providerPattern = new RegExp(`^gce://(${projectText})/(${nameText})/(${nameText})$`);
const snapshotPattern = new RegExp(`^projects/(${projectText})/global/(snapshots|images)/(${nameText})$`);

/** What Compute Engine takes for the name of a disk or a snapshot. */
export const isResourceName = (name: string): boolean => new RegExp(`^${nameText}$`).test(name);

/** A handle, maybe one that does not say everything; undefined for what no driver gave. */
export function parseHandle(handle: string): DiskPlace | undefined {
  const [, project, kind, place, name] = handle.length > 400 ? [] : (diskPattern.exec(handle) ?? []);
  if (project === undefined || place === undefined || name === undefined) return undefined;
  return { project, kind: kind === 'regions' ? 'regions' : 'zones', place, name };
}

export const handleOf = ({ project, kind, place, name }: DiskPlace): string => `projects/${project}/${kind}/${place}/disks/${name}`;

export const lacksProject = ({ project }: DiskPlace): boolean => project === unspecified;
export const lacksPlace = ({ place }: DiskPlace): boolean => place === unspecified;
export const isMultiZone = ({ kind, place }: DiskPlace): boolean => kind === 'zones' && place === multiZone;

/** A handle may leave out in which zone or region the disk is. */
export const isSameDisk = (disk: DiskPlace | undefined, wanted: DiskPlace): boolean =>
  disk !== undefined && disk.name === wanted.name && disk.project === wanted.project && disk.kind === wanted.kind && (disk.place === wanted.place || lacksPlace(wanted));

/** All handles by which a disk may be known. */
export function handlesOf(disk: DiskPlace): readonly string[] {
  const places = disk.kind === 'zones' ? [disk.place, unspecified, multiZone] : [disk.place, unspecified];
  return places.flatMap((place) => [disk.project, unspecified].map((project) => handleOf({ ...disk, project, place })));
}

export interface InstancePlace {
  readonly project: string;
  readonly zone: string;
  readonly name: string;
}

/** By the node's id, `projects/p/zones/z/instances/n`, or else its `gce://p/z/n`. */
export function parseInstance({ nodeId, providerId }: { readonly nodeId: string; readonly providerId?: string }): InstancePlace | undefined {
  const [, project, zone, name] = instancePattern.exec(nodeId.slice(0, 400)) ?? providerPattern.exec((providerId ?? '').slice(0, 400)) ?? [];
  return project === undefined || zone === undefined || name === undefined ? undefined : { project, zone, name };
}

export const instanceId = ({ project, zone, name }: InstancePlace): string => `projects/${project}/zones/${zone}/instances/${name}`;

/** A snapshot, or an image that serves as one. */
export interface SnapshotPlace {
  readonly project: string;
  readonly kind: 'snapshots' | 'images';
  readonly name: string;
}

export function parseSnapshot(id: string): SnapshotPlace | undefined {
  const [, project, kind, name] = id.length > 400 ? [] : (snapshotPattern.exec(id) ?? []);
  return project === undefined || name === undefined ? undefined : { project, kind: kind === 'images' ? 'images' : 'snapshots', name };
}

export const snapshotId = ({ project, kind, name }: SnapshotPlace): string => `projects/${project}/global/${kind}/${name}`;

/** `projects/…` of a link, whatever host and version of the API stand before it. */
export const pathOf = (link: string): string => link.replace(/^.*?(?=projects\/)/, '');

export const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** `us-central1` of `us-central1-a`. */
export const regionOfZone = (zone: string): string => zone.slice(0, zone.lastIndexOf('-'));
