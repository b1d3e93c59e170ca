import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { NodeVolumeDriver, PublishRequest, Volume, VolumeUse } from '#core/spi/volume-driver.ts';
import { filesystemUse, never } from './volume-driver-subject.ts';

/** Stages and publishes volumes under a folder of its own, and undoes at the end whatever a check left. */
export class NodeBench {
  readonly node: NodeVolumeDriver;
  readonly folder: string;
  readonly #undo: (() => Promise<void>)[] = [];

  constructor(node: NodeVolumeDriver, folder: string) {
    this.node = node;
    this.folder = folder;
  }

  static async make(node: NodeVolumeDriver): Promise<NodeBench> {
    return new NodeBench(node, await mkdtemp(join(tmpdir(), 'keelson-node-')));
  }

  /** How a volume is staged and published; the paths differ per volume and pod, the staging folder exists. */
  async request(volume: Volume, pod = 'pod', use: VolumeUse = filesystemUse): Promise<PublishRequest> {
    const stagingPath = join(this.folder, `staging-${this.#key(volume)}`);
    const targetPath = join(this.folder, `${pod}-${this.#key(volume)}`);
    await mkdir(stagingPath, { recursive: true });
    this.#undo.push(
      () => this.node.unpublish(volume.id, targetPath, never),
      () => this.node.unstage(volume.id, stagingPath, never),
    );
    return { volumeId: volume.id, stagingPath, targetPath, readOnly: false, use, volumeContext: volume.context, publishContext: {} };
  }

  /** Stages and publishes. */
  async bring(volume: Volume, pod?: string, use?: VolumeUse): Promise<PublishRequest> {
    const request = await this.request(volume, pod, use);
    await this.node.stage(request, never);
    await this.node.publish(request, never);
    return request;
  }

  async takeAway(request: PublishRequest): Promise<void> {
    await this.node.unpublish(request.volumeId, request.targetPath, never);
    await this.node.unstage(request.volumeId, request.stagingPath, never);
  }

  /** Pods first, then staging: what refuses in the first round goes in the second. */
  async clear(): Promise<void> {
    let failures: unknown[] = [];
    for (let round = 0; round < 2; round++) {
      failures = [];
      for (const undo of this.#undo) await undo().catch((error: unknown) => failures.push(error));
      if (failures.length === 0) break;
    }
    await unmountBelow(this.folder);
    await rm(this.folder, { recursive: true, force: true });
    if (failures.length > 0) throw new AggregateError(failures, `the driver could not take its volumes away from ${this.folder}`);
  }

  #key(volume: Volume): string {
    return Buffer.from(volume.id).toString('hex').slice(-40);
  }
}

/** What a driver that fails leaves mounted must not stay, nor be emptied with the folder. */
async function unmountBelow(folder: string): Promise<void> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const paths = table.split('\n').map((line) => line.split(' ')[4] ?? '').filter((path) => path.startsWith(`${folder}/`));
  for (const path of paths.toReversed()) await execa('umount', ['--lazy', path]);
}
