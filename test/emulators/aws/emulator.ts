import type { AddressInfo } from 'node:net';
import { Admin, adminDoor } from './admin.ts';
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import { ec2 } from './ec2/service.ts';
import { elb } from './elbv2/service.ts';
import { MetadataService } from './metadata.ts';
import { emulatorServer } from './server.ts';
import { Timeline, type TimeOptions } from './timeline.ts';
import { World, type WorldOptions } from './world.ts';

export interface AwsEmulatorOptions extends Partial<WorldOptions>, DispatcherOptions {
  /** 0, the default: any free one. */
  readonly port?: number;
  /** 127.0.0.1 when absent. */
  readonly host?: string;
  readonly time?: TimeOptions;
}

export interface AwsEmulator {
  /** For the endpoint of both services, and of the metadata service. */
  readonly url: string;
  readonly state: Admin;
  stop(): Promise<void>;
}

/** Starts an empty account with a default VPC in each region. It keeps everything in memory. */
export async function startAwsEmulator({ port = 0, host = '127.0.0.1', time, seed = 1, accountId = '123456789012', delays, quotas, ...dispatch }: AwsEmulatorOptions = {}): Promise<AwsEmulator> {
  const world = new World(new Timeline(time), { seed, accountId, delays, quotas });
  const dispatcher = new Dispatcher(world, [ec2, elb], dispatch);
  const metadata = new MetadataService(world, dispatcher.gate);
  const state = new Admin(world, dispatcher, metadata);
  const server = emulatorServer({ dispatcher, metadata, sideDoor: adminDoor(state) });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    state,
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
