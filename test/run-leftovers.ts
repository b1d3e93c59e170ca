import { readdir, readFile, rm } from 'node:fs/promises';
import { execa } from 'execa';

/**
 * Clears what tests left in their folder for temporary files: mounts, loop devices, and the files.
 * Resolves to what should not have been there; plain files are taken for granted.
 */
export async function clearLeftovers(dir: string): Promise<string[]> {
  const mounts = await mountsBelow(dir);
  for (const path of mounts.toReversed()) await execa('umount', ['--lazy', path], { reject: false });
  const loops = await loopDevicesBelow(dir);
  for (const device of loops) await execa('losetup', ['--detach', device], { reject: false });
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  return [...mounts.map((path) => `the mount ${path}`), ...loops.map((device) => `the loop device ${device}`)];
}

async function mountsBelow(dir: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mounts', 'utf8').catch(() => '')).split('\n');
  const paths = lines.map((line) => (line.split(' ')[1] ?? '').replaceAll(/\\(\d{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
  return paths.filter((path) => path.startsWith(`${dir}/`));
}

async function loopDevicesBelow(dir: string): Promise<string[]> {
  const names = (await readdir('/sys/block').catch(() => [])).filter((name) => name.startsWith('loop'));
  const files = await Promise.all(names.map(async (name) => ({ name, file: await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '') })));
  return files.filter(({ file }) => file.startsWith(`${dir}/`)).map(({ name }) => `/dev/${name}`);
}
