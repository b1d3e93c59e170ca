import { gcpBalancers } from './balancers.ts';
import { GIB, type AttachedDisk, type Cloud, type CloudDisk, type CloudInstance, type CloudSnapshot, type CloudView } from './cloud-view.ts';

/** An instance with this label is a node, which is called as the instance is. */
export const nodeLabel = 'keelson-node';

/** Resources by their paths, as the emulator's side door shows them: `GET /_emulator/resources`. */
export type GcpState = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface GcpInstance {
  readonly name: string;
  readonly status: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly networkInterfaces?: readonly { readonly networkIP?: string }[];
  readonly disks?: readonly { readonly deviceName: string; readonly source: string; readonly mode: string; readonly boot: boolean }[];
}

interface GcpDisk {
  readonly sizeGb: string;
  readonly sourceSnapshot?: string;
  readonly sourceDisk?: string;
}

/** The instances of groups, by their paths: `GET /_emulator/members`. */
export type GcpMembers = Readonly<Record<string, readonly string[]>>;

export interface GcpReads {
  resources(): Promise<GcpState>;
  members(): Promise<GcpMembers>;
}

/** @param reads in process or over HTTP */
export function gcpCloud(reads: GcpReads, watch?: (changed: () => void) => () => void): Cloud {
  return { name: 'the emulator of Compute Engine', view: async () => gcpView(await reads.resources(), await reads.members()), ...(watch === undefined ? {} : { watch }) };
}

export function gcpView(state: GcpState, members: GcpMembers = {}): CloudView {
  const instances: CloudInstance[] = [];
  const disks = new Map<string, CloudDisk>();
  const snapshots = new Map<string, CloudSnapshot>();
  for (const [path, resource] of Object.entries(state)) {
    const [, project = '', place, collection, name] = /^projects\/([^/]+)\/(global|(?:zones|regions)\/[^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (collection === 'instances') instances.push(...instanceOf(resource as unknown as GcpInstance, `gce://${project}/${place?.slice('zones/'.length)}/${name}`));
    if (collection === 'disks') {
      const { sizeGb, sourceSnapshot, sourceDisk } = resource as unknown as GcpDisk;
      const source = sourceSnapshot ?? sourceDisk;
      disks.set(path, { bytes: Number(sizeGb) * GIB, source: source === undefined ? undefined : pathOf(source) });
    }
    if (collection === 'snapshots') snapshots.set(path, { disk: pathOf((resource as unknown as GcpDisk).sourceDisk ?? '') });
  }
  const addresses = new Map(instances.map(({ providerId, address }) => [providerId, address]));
  const addressOf = (path: string): string | undefined => addresses.get(path.replace(/^projects\/([^/]+)\/zones\/([^/]+)\/instances\//, 'gce://$1/$2/'));
  return { instances, disks, snapshots, balancers: gcpBalancers(state, (group) => members[group] ?? [], addressOf) };
}

function instanceOf({ name, status, labels = {}, networkInterfaces = [], disks = [] }: GcpInstance, providerId: string): readonly CloudInstance[] {
  const address = networkInterfaces[0]?.networkIP;
  if (!Object.hasOwn(labels, nodeLabel) || address === undefined || status === 'PROVISIONING') return [];
  const attached = disks.filter(({ boot }) => !boot).map(({ deviceName, source, mode }): AttachedDisk => ({
    id: pathOf(source), readOnly: mode === 'READ_ONLY', links: [`disk/by-id/google-${deviceName}`, `disk/by-id/scsi-0Google_PersistentDisk_${deviceName}`],
  }));
  return [{ name, provider: 'gcp', providerId, isRunning: status === 'RUNNING', address, disks: attached }];
}

/** Links begin with the API's own address. */
const pathOf = (link: string): string => link.slice(Math.max(0, link.indexOf('projects/')));
