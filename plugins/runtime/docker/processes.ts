import { readFile } from 'node:fs/promises';

/**
 * Kills a process in a container and all that it has started, seen from the host. The engine has no call for this.
 * False when the process is not to be seen from here, because the engine runs elsewhere or this process in another process namespace.
 */
export async function killInContainer(pid: number, containerId: string): Promise<boolean> {
  // A number says nothing about whose process it is: the name of its cgroup does, on cgroup v1 and v2.
  if (!(await read(`/proc/${pid}/cgroup`)).includes(containerId)) return false;
  for (const each of [pid, ...(await descendants(pid))]) kill(each);
  return true;
}

async function descendants(pid: number): Promise<number[]> {
  const children = (await read(`/proc/${pid}/task/${pid}/children`)).split(' ').map(Number).filter((child) => child > 0);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

const read = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
