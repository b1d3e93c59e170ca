import { agentFlags } from './agent-flags.ts';
import { explainFailure, stackOfBug, UsageError } from './failure.ts';
import { backupFlags, downFlags, ephemeralFlags, parseFlags, platformFlags, restoreFlags, upFlags, type Flag, type FlagValues, type Operand } from './flags.ts';
import { sweepFlags } from './sweep/flags.ts';
import { tokenFlags } from './token-flags.ts';
import { keelsonVersion, kubernetesVersion } from './version.ts';

interface Command {
  readonly summary: string;
  readonly flags: readonly Flag[];
  readonly operands?: readonly Operand[];
  /** Resolves to the exit code. */
  run(values: FlagValues): Promise<number>;
}

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['up', { summary: 'run the control plane until SIGINT or SIGTERM', flags: upFlags, run: async (values) => (await import('./up.ts')).up(values) }],
  ['ephemeral', { summary: 'run one in memory for a test, as long as whoever starts it lives; prints its address as JSON', flags: ephemeralFlags, run: async (values) => (await import('./ephemeral.ts')).ephemeral(values) }],
  ['agent', { summary: 'join a cluster with this machine and run pods until SIGINT or SIGTERM; the pods run on', flags: agentFlags, run: async (values) => (await import('./agent.ts')).agent(values) }],
  ['token', { summary: 'create, list or delete the tokens with which nodes join', operands: ['ACTION', '[TOKEN]'], flags: tokenFlags, run: async (values) => (await import('./token.ts')).token(values) }],
  ['down', { summary: 'remove what the nodes of a data directory have on this computer: containers, mounts, networks; objects and volumes stay', flags: downFlags, run: async (values) => (await import('./down.ts')).down(values) }],
  ['sweep', { summary: 'list and delete what a cluster has left on the platforms of its providers, also when it is gone', flags: sweepFlags, run: async (values) => (await import('./sweep/sweep.ts')).sweep(values) }],
  ['backup', { summary: 'write store and certificates to FILE, also while the server runs', operands: ['FILE'], flags: backupFlags, run: async (values) => (await import('./backup.ts')).backup(values) }],
  ['restore', { summary: 'make a data directory from the backup FILE', operands: ['FILE'], flags: restoreFlags, run: async (values) => (await import('./restore.ts')).restore(values) }],
  ['doctor', { summary: 'list what this machine can and cannot do, and how to turn on the rest', flags: platformFlags, run: async (values) => (await import('./doctor.ts')).doctor(values) }],
  ['version', { summary: 'print the version', flags: [], run: () => print(`keelson ${keelsonVersion()} (Kubernetes API ${kubernetesVersion().gitVersion}, Node.js ${process.version})\n`) }],
  ['help', { summary: 'print this page', flags: [], run: () => print(overview()) }],
]);

/** Runs what the arguments say and resolves to the exit code: 0 done, 1 failed, 2 not understood. */
export async function runCommand(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    const stack = stackOfBug(error);
    process.stderr.write(`keelson: ${explainFailure(error)}\n${stack === undefined ? '' : `${stack}\n`}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h') return print(overview());
  if (name === '--version') return dispatch(['version']);
  if (name === 'help' && rest[0] !== undefined) return dispatch([rest[0], '--help']);
  const command = commands.get(name);
  if (!command) throw new UsageError(`unknown ${name.startsWith('-') ? 'flag' : 'command'} ${name}; the commands are ${[...commands.keys()].join(', ')}`);
  const values = parseFlags(`keelson ${name}`, command.flags, rest, command.operands);
  return values === 'help' ? print(helpFor(name, command)) : command.run(values);
}

/** Resolves when the text has left, so that the process may end. */
const print = (text: string): Promise<number> => new Promise((resolve) => {
  process.stdout.write(text, () => resolve(0));
});

const overview = (): string => `Keelson ${keelsonVersion()}: a Kubernetes-API-compatible control plane.

Usage: keelson COMMAND [FLAGS]

Commands:
${[...commands].map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}\n`).join('')}
Say "keelson COMMAND --help" for a command's flags.
`;

const helpFor = (name: string, { summary, flags, operands = [] }: Command): string => `keelson ${name}: ${summary}

Usage: keelson ${[name, ...operands].join(' ')}${flags.length === 0 ? '' : ' [FLAGS]'}
${flags.length === 0 ? '' : `\nFlags:\n${flags.map(describeFlag).join('')}`}`;

/** Names that are too long for their column have a line of their own. */
function describeFlag(flag: Flag): string {
  const label = `--${flag.name} ${flag.placeholder}`.trimEnd();
  const name = label.length < 30 ? label.padEnd(30) : `${label}\n${' '.repeat(32)}`;
  return `  ${name}${flag.help}${flag.isSwitch || flag.initial === '' ? '' : ` (default ${flag.initial})`}\n`;
}
