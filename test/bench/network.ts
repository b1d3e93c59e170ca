import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { Namespaces, namespaceTools, referencePluginsInstalled } from '#test/fixtures/namespaces.ts';
import { unmet } from '#test/fixtures/requires.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { printTable } from './table.ts';

const own = ['bridge', 'shim', 'ports'];
const all = ['bridge', 'shim', 'reference', 'masquerade', 'runner', 'ports', 'portmap'];

/** What a pod's network costs, beside the reference plugins of the CNI project in the same run; dual stack, in a namespace of its own. */
export async function network(): Promise<void> {
  const missing = unmet(...namespaceTools);
  if (missing !== undefined) {
    process.stdout.write(`\nPod networks are not measured: ${missing}\n`);
    return;
  }
  const namespaces = new Namespaces();
  const folder = await temporaryFolder();
  try {
    const netns = await namespaces.make('bench');
    const child = fileURLToPath(new URL('network-child.ts', import.meta.url));
    const { stdout } = await execa('nsenter', [`--net=${netns}`, process.execPath, '--disable-warning=ExperimentalWarning', child, folder.path, namespaces.prefix, ...(referencePluginsInstalled.isMet() ? all : own)]);
    const rows = stdout.split('\n').map((line) => JSON.parse(line) as (string | number)[]);
    printTable('Interfaces of pods, both families, one after another; and four at once', ['', 'ADD p50 ms', 'p90', 'DEL p50 ms', 'until the link is gone', 'ADD/s ×4', 'DEL/s ×4'], rows);
  } finally {
    await namespaces.clear();
    await folder.remove();
  }
}
