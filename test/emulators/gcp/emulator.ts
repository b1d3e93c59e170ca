import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { Admin } from './admin.ts';
import { Api } from './api.ts';
import { Cloud, type CloudOptions } from './cloud.ts';
import { Credentials } from './credentials.ts';
import { emulatorServer } from './http-server.ts';
import type { MachineIdentity } from './metadata-server.ts';

export interface GcpEmulatorOptions extends CloudOptions {
  /** 0, the default: any free one. */
  readonly port?: number;
  readonly host?: string;
  /** What the metadata server says of the machine that asks. */
  readonly identity?: Partial<MachineIdentity>;
}

export interface GcpEmulator {
  /** `http://127.0.0.1:4567` */
  readonly url: string;
  readonly port: number;
  /** All that exists, and what happens behind the back of clients. */
  readonly state: Admin;
  readonly credentials: Credentials;
  stop(): Promise<void>;
}

/** Starts a Compute Engine of one's own, empty but for the vendor's public images. */
export async function startGcpEmulator({ port = 0, host = '127.0.0.1', identity, ...options }: GcpEmulatorOptions = {}): Promise<GcpEmulator> {
  const cloud = new Cloud(options);
  const credentials = new Credentials();
  const admin = new Admin(cloud);
  const server = emulatorServer({ api: new Api(cloud, credentials), credentials, admin, identity: { project: 'emulated-project', zone: 'us-central1-a', instance: 'emulated', machineType: 'e2-standard-2', ...identity } });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: listening } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${listening}`,
    port: listening,
    state: admin,
    credentials,
    stop: async () => {
      cloud.stop();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
