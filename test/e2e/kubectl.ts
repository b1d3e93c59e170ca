import { readdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';

export interface KubectlBinary {
  readonly path: string;
  /** The 27 of 1.27. */
  readonly minor: number;
}

export interface KubectlResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A kubectl that talks to one cluster as its administrator, with a home directory of its own. */
export class Kubectl {
  readonly minor: number;
  readonly #path: string;
  /** What it is started with. */
  readonly env: Record<string, string>;

  constructor(binary: KubectlBinary, kubeconfig: string, home: string) {
    this.minor = binary.minor;
    this.#path = binary.path;
    this.env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: kubeconfig, TMPDIR: home };
  }

  /** What it prints. @throws when it fails, with all that it said */
  async run(...args: string[]): Promise<string> {
    return this.feed('', ...args);
  }

  /** As `run`, with a text on its standard input, for `-f -`. */
  async feed(input: string, ...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.attempt(args, { input });
    if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${exitCode}\n${stderr}\n${stdout}`);
    return stdout;
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- tests reach into documents of every shape
  async json(...args: string[]): Promise<any> {
    return JSON.parse(await this.run(...args, '-o', 'json'));
  }

  /** Applies a manifest. JSON is YAML too. */
  apply(manifest: object, ...args: string[]): Promise<string> {
    return this.feed(JSON.stringify(manifest), 'apply', '-f', '-', ...args);
  }

  /** The words of a refusal. @throws when it is not refused */
  async refused(input: string | object, ...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.attempt(args, { input: typeof input === 'string' ? input : JSON.stringify(input) });
    if (exitCode === 0) throw new Error(`kubectl ${args.join(' ')} succeeded\n${stdout}`);
    return stderr;
  }

  async attempt(args: readonly string[], options: { input?: string; env?: Record<string, string> } = {}): Promise<KubectlResult> {
    const { exitCode, stdout, stderr } = await this.spawn(args, { ...options, timeout: 30_000 });
    return { exitCode, stdout, stderr };
  }

  /** Starts it and does not wait. */
  spawn(args: readonly string[], { input = '', env = {}, timeout }: { input?: string; env?: Record<string, string>; timeout?: number } = {}) {
    return execa(this.#path, args, { env: { ...this.env, ...env }, extendEnv: false, input, reject: false, ...(timeout === undefined ? {} : { timeout }) });
  }
}

/** Every kubectl of this machine, the oldest first: the one on the path, and those beside it that carry their version in their name. */
export async function findKubectls(): Promise<KubectlBinary[]> {
  const [onPath] = await candidates((process.env['PATH'] ?? '').split(delimiter), /^kubectl$/);
  if (onPath === undefined) return [];
  const siblings = await candidates([dirname(onPath), dirname(await realpath(onPath))], /^kubectl\.1\.\d+$/);
  const binaries = await Promise.all([...new Set([onPath, ...siblings])].map(async (path) => ({ path, minor: await minorOf(path) })));
  return binaries.filter(({ minor }) => minor > 0).toSorted((a, b) => a.minor - b.minor);
}

/** The oldest and the newest kubectl; one when there is only one. */
export async function oldestAndNewest(): Promise<KubectlBinary[]> {
  const all = await findKubectls();
  return [...new Set([all.at(0), all.at(-1)])].filter((binary) => binary !== undefined);
}

async function candidates(folders: readonly string[], name: RegExp): Promise<string[]> {
  const found = await Promise.all(folders.map(async (folder) => (await readdir(folder).catch(() => [])).filter((file) => name.test(file)).map((file) => join(folder, file))));
  return found.flat();
}

async function minorOf(path: string): Promise<number> {
  const { stdout } = await execa(path, ['version', '--client', '-o', 'json'], { reject: false, timeout: 20_000 });
  return Number(/"minor": *"(\d+)/.exec(stdout)?.[1] ?? 0);
}
