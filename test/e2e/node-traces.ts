import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

const lines = async (program: string, ...args: readonly string[]): Promise<string[]> =>
  (await execa(program, args, { reject: false })).stdout.split('\n').map((line) => line.trim()).filter((line) => line !== '');

/** Counters and times say nothing of who made a rule. */
const ruleOf = (line: string): string => line.replace(/^\[\d+:\d+\] |\s*\[\d+:\d+\]$/g, '');

/** What nodes leave on a computer, if anything: compared before and after, it must be the same. */
export async function traces(): Promise<Record<string, readonly string[]>> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '').filter((path) => path.includes('keelson'));
  const rules = await Promise.all(['iptables-save', 'ip6tables-save'].map((program) => lines(program)));
  return {
    mounts,
    namespaces: (await lines('ip', 'netns', 'list')).map((line) => line.split(' ')[0] ?? '').filter((name) => name.startsWith('keelson')),
    links: (await lines('ip', '-brief', 'link')).map((line) => line.split(/[ @]/)[0] ?? '').filter((name) => /^(kl-|keelson|kn)/.test(name)),
    addresses: (await lines('ip', '-brief', 'address', 'show', 'dev', 'lo')),
    routes: (await lines('ip', 'route')).filter((line) => !line.includes('docker')),
    // Only rules: an empty chain of the kernel's own may come with the first look at a table.
    rules: rules.flat().filter((line) => line.startsWith('-A') || /^:(KEELSON|KUBE)/.test(line)).map(ruleOf),
    loops: await lines('losetup', '--list', '--noheadings', '--output', 'BACK-FILE'),
  };
}

/** Containers whose pods are of a cluster, by the folder that its agents have. */
export const containersOf = async (dataDir: string): Promise<string[]> => {
  const ids = await lines('docker', 'ps', '--all', '--quiet', '--no-trunc');
  if (ids.length === 0) return [];
  const { stdout } = await execa('docker', ['inspect', ...ids], { reject: false });
  return (JSON.parse(stdout) as { Name: string; Config: { Labels: Record<string, string> } }[])
    .filter(({ Config }) => Object.values(Config.Labels).some((value) => value.startsWith(dataDir))).map(({ Name }) => Name.slice(1));
};
