/** What machines are to be made of a cloud, as it is at one moment. */
export interface CloudView {
  readonly instances: readonly CloudInstance[];
  /** Everything that can be in a machine. */
  readonly disks: ReadonlyMap<string, CloudDisk>;
  /** Disks, as they were at some moment, by their ids. */
  readonly snapshots: ReadonlyMap<string, CloudSnapshot>;
  readonly balancers: readonly CloudBalancer[];
}

/** One listener of a load balancer that hands connections on, or a load balancer that lets packets through. */
export interface CloudBalancer {
  readonly kind: 'proxy' | 'passthrough';
  /** The host name or address by which clients reach it. */
  readonly name: string;
  /** On which it listens; of a passthrough one, at which its health check asks. */
  readonly port: number;
  /** Of a health check by HTTP. */
  readonly path?: string;
  readonly targets: readonly { readonly address: string; readonly port: number }[];
}

export interface CloudInstance {
  /** Of its node, and of its machine. */
  readonly name: string;
  readonly provider: 'aws' | 'gcp';
  readonly providerId: string;
  /** A stopped one keeps what is on its disks, and nothing else. */
  readonly isRunning: boolean;
  /** In the cloud's own network. */
  readonly address: string;
  readonly disks: readonly AttachedDisk[];
}

export interface AttachedDisk {
  readonly id: string;
  readonly readOnly: boolean;
  /** Paths below the folder of devices by which its machine finds it. */
  readonly links: readonly string[];
}

export interface CloudDisk {
  readonly bytes: number;
  /** Id of the snapshot, or of the disk, whose copy it is. */
  readonly source?: string | undefined;
}

export interface CloudSnapshot {
  readonly disk: string;
}

export interface Cloud {
  /** For messages. */
  readonly name: string;
  view(): Promise<CloudView>;
  /** Calls when something may have changed. @returns what ends it */
  watch?(changed: () => void): () => void;
}

export const noView: CloudView = { instances: [], disks: new Map(), snapshots: new Map(), balancers: [] };
export const GIB = 1024 ** 3;
