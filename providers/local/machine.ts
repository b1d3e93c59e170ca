import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Ability } from '#core/kernel/module.ts';
import { programPath } from '#plugins/volumes/block-device/block-device.module.ts';

/** Why the machine cannot do a thing, and the one command that changes it. */
export interface Lack {
  readonly reason: string;
  readonly remedy: string;
}

/** What the machine under the driver can do. */
export interface Machine {
  /** What it lacks to mount anything. */
  mountLack(): Promise<Lack | undefined>;
  /** What it lacks for volumes that cannot grow over their capacity. */
  enforceLack(): Promise<Lack | undefined>;
}

const CAP_SYS_ADMIN = 21n;

const packages: Readonly<Record<string, string>> = {
  mount: 'mount', umount: 'mount', losetup: 'mount', blkid: 'util-linux', 'mkfs.ext4': 'e2fsprogs', e2fsck: 'e2fsprogs',
};

/** This machine. What it can do is kept for good; what it cannot is looked at again each time, for it may be repaired meanwhile. */
export function thisMachine(): Machine {
  return { mountLack: untilNone(mountLack), enforceLack: untilNone(enforceLack) };
}

function untilNone(find: () => Promise<Lack | undefined>): () => Promise<Lack | undefined> {
  let able = false;
  return async () => {
    if (able) return undefined;
    const lack = await find();
    able = lack === undefined;
    return lack;
  };
}

export async function describeAbilities(machine: Machine): Promise<readonly Ability[]> {
  const ability = (name: string, lack: Lack | undefined): Ability => ({ name, available: lack === undefined, ...lack });
  return [
    ability('local volumes whose capacity is enforced', await machine.enforceLack()),
    ability('mounting local volumes for pods', await machine.mountLack()),
  ];
}

async function mountLack(): Promise<Lack | undefined> {
  if (process.platform !== 'linux') return { reason: `this is ${process.platform}; mounting volumes needs Linux`, remedy: 'run Keelson on a Linux machine' };
  if (process.geteuid?.() !== 0) return { reason: 'mounting volumes needs root, and this process is not root', remedy: 'sudo npm start' };
  if (!(await mayMount())) return { reason: 'root lacks the capability CAP_SYS_ADMIN here, as in a container without privileges', remedy: 'docker run --privileged …' };
  return missingProgram(['mount', 'umount']);
}

async function enforceLack(): Promise<Lack | undefined> {
  const lack = (await mountLack()) ?? (await missingProgram(['losetup', 'blkid', 'mkfs.ext4', 'e2fsck']));
  if (lack !== undefined) return lack;
  return (await isThere('/dev/loop-control')) ? undefined : { reason: 'the kernel offers no loop devices (/dev/loop-control is missing)', remedy: 'modprobe loop' };
}

async function mayMount(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}

async function missingProgram(names: readonly string[]): Promise<Lack | undefined> {
  for (const name of names) {
    const places = programPath().split(delimiter).filter((folder) => folder !== '');
    const found = await Promise.all(places.map((folder) => isThere(join(folder, name), constants.X_OK)));
    if (!found.includes(true)) return { reason: `the program ${name} is not installed`, remedy: `apt-get install ${packages[name] ?? name}` };
  }
  return undefined;
}

const isThere = (path: string, mode?: number): Promise<boolean> => access(path, mode).then(() => true, () => false);
