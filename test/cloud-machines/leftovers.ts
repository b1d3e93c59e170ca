import { readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import Docker from 'dockerode';
import { execa } from 'execa';

/**
 * What a machine that loses its power has no more: containers and mounts of the agent whose folder it is. It has a namespace of its own for nothing but its
 * network, so all else is this computer's, and would stay.
 */
export async function powerOff(folder: string): Promise<void> {
  await removeContainers(folder);
  await unmountBelow(folder);
}

/** The engine's labels tell whose a container is, by the folder of its agent. */
async function removeContainers(folder: string): Promise<void> {
  const docker = new Docker();
  const all = await docker.listContainers({ all: true }).catch((error: unknown) => {
    // Without an engine there are no containers.
    if (['ENOENT', 'ECONNREFUSED', 'EACCES'].includes(String((error as NodeJS.ErrnoException).code))) return [];
    throw error;
  });
  const ours = all.filter(({ Labels }) => Object.values(Labels ?? {}).some((value) => isBelow(value, folder)));
  await Promise.all(ours.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }).catch((error: { readonly statusCode?: number }) => {
    if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
  })));
}

/** In the order in which they lie on each other; what somebody holds goes when he lets go of it. */
export async function unmountBelow(folder: string): Promise<void> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const paths = table.split('\n').map((line) => (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))).filter((path) => isBelow(path, folder));
  for (const path of paths.toReversed()) {
    const { exitCode } = await execa('umount', [path], { reject: false, stdin: 'ignore' });
    if (exitCode !== 0) await execa('umount', ['--lazy', path], { reject: false, stdin: 'ignore' });
  }
}

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + sep);
