import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { dnsSubdomainProblem } from '#core/api/names.ts';

/** Folders of volume types, as a kubelet names them. */
export type VolumeFolder = 'empty-dir' | 'configmap' | 'secret' | 'projected' | 'downward-api' | 'csi' | 'local-volume';

export const prefix = 'kubernetes.io~';

/**
 * Where things lie below the agent's folder, as below a kubelet's. Every name that becomes part of a path is checked here.
 *
 * - `pods/UID/volumes/kubernetes.io~TYPE/NAME`: what containers see
 * - `pods/UID/volumeDevices/kubernetes.io~csi/PV`: devices
 * - `pods/UID/volume-subpaths/VOLUME/CONTAINER/INDEX`: parts of volumes (`subPath`)
 * - `plugins/kubernetes.io/csi/DRIVER/SHA256/globalmount`: a driver's volume, mounted once for all pods of the node
 */
export class Layout {
  readonly root: string;

  /** @param root absolute, without links: mount tables are searched for it */
  constructor(root: string) {
    this.root = root;
  }

  get pods(): string {
    return join(this.root, 'pods');
  }

  /** @throws {RangeError} when the UID cannot be part of a path */
  pod(uid: string): string {
    if (!isPodUid(uid)) throw new RangeError(`${quoted(uid)} cannot be the UID of a pod`);
    return join(this.pods, uid);
  }

  volumes(uid: string): string {
    return join(this.pod(uid), 'volumes');
  }

  devices(uid: string): string {
    return join(this.pod(uid), 'volumeDevices');
  }

  /** Parts of volumes that single containers get; to be undone before the volumes. */
  subPaths(uid: string): string {
    return join(this.pod(uid), 'volume-subpaths');
  }

  /** @throws {RangeError} when a name cannot be part of a path */
  subPath(uid: string, volume: string, container: string, index: number): string {
    return join(this.subPaths(uid), checked(volume), checked(container), String(index));
  }

  /** All that this part of the agent keeps for a pod. */
  partsOf(uid: string): readonly string[] {
    return [this.subPaths(uid), this.devices(uid), this.volumes(uid)];
  }

  /** @throws {RangeError} when the name cannot be part of a path */
  volume(uid: string, folder: VolumeFolder, name: string): string {
    return join(this.volumes(uid), `${prefix}${folder}`, checked(name));
  }

  device(uid: string, name: string): string {
    return join(this.devices(uid), `${prefix}csi`, checked(name));
  }

  /** Handles are any text, so the folder's name is a digest, as upstream's. */
  staged(driver: string, handle: string): string {
    return join(this.root, 'plugins', 'kubernetes.io', 'csi', checked(driver), createHash('sha256').update(handle).digest('hex'));
  }
}

/** UIDs of the API, and digests of static pods. */
export const isPodUid = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9-]{0,127}$/.test(text);

function checked(name: string): string {
  if (dnsSubdomainProblem(name.toLowerCase()) !== undefined) throw new RangeError(`${quoted(name)} cannot be the name of a volume`);
  return name;
}

/** A text from outside, cut and escaped for a message. */
export const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
