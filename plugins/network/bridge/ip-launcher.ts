import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { isNamespacePath } from '#plugins/network/cni-names.ts';
import { programPath } from './commands.ts';

const TIMEOUT_MS = 30_000;

/**
 * Nothing that is read is ever a command: a number, which names the files, what is to be done about IPv6, and a path of a namespace, which stand in quotes.
 * `$1` is the folder of the files. Runtimes, Docker among them, make namespaces in which IPv6 is switched off.
 */
const script = `
inside() {
  if [ "$1" = 6 ]; then nsenter --net="$2" sh -c 'echo 0 2>/dev/null >/proc/sys/net/ipv6/conf/all/disable_ipv6; exec ip -batch "$1"' sh "$3"
  else nsenter --net="$2" ip -batch "$3"; fi
}
while read -r number family netns; do
  { ip -batch "$1/$number.node" && inside "$family" "$netns" "$1/$number.pod"; } >/dev/null 2>"$1/$number.error" && echo "$number 0" || echo "$number 1" &
done
wait
`;

/** Lines for `ip -batch`: those for the node's namespace, and then those for the pod's. */
export interface IpWork {
  readonly node: readonly string[];
  readonly netns: string;
  readonly pod: readonly string[];
  /** The pod's namespace needs IPv6, whatever it was made with. */
  readonly hasIpv6?: boolean;
}

/**
 * Runs `ip` by way of a small process that stays: Node copies its page tables for every program that it starts, which takes a large process
 * five milliseconds, and this thread waits for it.
 */
export class IpLauncher {
  readonly #folder: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<boolean>>();
  readonly #taken = new Set<number>();
  #helper: Promise<Helper> | undefined;
  /** Of helpers: one that was closed may end after the next has begun. */
  #generation = 0;

  /** @param folder for files that are of no use later */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws {NetworkError} 102 when a line failed; those before it were done */
  async run(work: IpWork): Promise<void> {
    if (!isNamespacePath(work.netns)) throw new NetworkError(cniCodes.invalidEnvironment, `${JSON.stringify(work.netns)} is not a path of a network namespace`);
    let isLate = false;
    const number = this.#takeNumber();
    const done = Promise.withResolvers<boolean>();
    done.promise.catch(() => undefined);
    try {
      const helper = await (this.#helper ??= this.#start());
      this.#waiting.set(number, done);
      await Promise.all([writeFile(this.#path(number, 'node'), lines(work.node)), writeFile(this.#path(number, 'pod'), lines(work.pod))]);
      helper.write(`${number} ${work.hasIpv6 === true ? 6 : 4} ${work.netns}\n`);
      const late = setTimeout(() => {
        isLate = true;
        done.reject(new NetworkError(cniCodes.refused, `ip did not end in ${TIMEOUT_MS / 1000} seconds`));
      }, TIMEOUT_MS);
      const isDone = await done.promise.finally(() => clearTimeout(late));
      if (!isDone) throw failureOf(work, await readFile(this.#path(number, 'error'), 'utf8').catch(() => ''));
    } finally {
      // One that is late keeps its files: the program may still be reading them.
      if (!isLate) {
        this.#waiting.delete(number);
        this.#taken.delete(number);
      }
    }
  }

  async close(): Promise<void> {
    const helper = this.#helper;
    this.#helper = undefined;
    await helper?.then((each) => each.end(), () => undefined);
  }

  async #start(): Promise<Helper> {
    const generation = ++this.#generation;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const { execa } = await import('execa');
    const child = execa('sh', ['-c', script, 'keelson-ip', this.#folder], { reject: false, buffer: false, stderr: 'ignore', env: { PATH: programPath(), LC_ALL: 'C' } });
    child.stdin.on('error', () => undefined);
    createInterface(child.stdout).on('line', (line) => {
      const number = Number(line.split(' ')[0]);
      this.#waiting.get(number)?.resolve(line.endsWith(' 0'));
      this.#waiting.delete(number);
    });
    let hasEnded = false;
    const gone = new NetworkError(cniCodes.refused, 'the process that runs ip has ended');
    const ended = child.then(() => {
      hasEnded = true;
      if (generation !== this.#generation) return;
      this.#helper = undefined;
      for (const { reject } of this.#waiting.values()) reject(gone);
      this.#waiting.clear();
    });
    return {
      write(text) {
        if (hasEnded) throw gone;
        child.stdin.write(text);
      },
      end: async () => {
        child.stdin.end();
        await ended;
      },
    };
  }

  #takeNumber(): number {
    let number = 0;
    while (this.#taken.has(number)) number++;
    this.#taken.add(number);
    return number;
  }

  #path(number: number, what: 'node' | 'pod' | 'error'): string {
    return join(this.#folder, `${number}.${what}`);
  }
}

interface Helper {
  write(text: string): void;
  end(): Promise<void>;
}

const lines = (each: readonly string[]): string => `${each.join('\n')}\n`;

function failureOf({ node, pod }: IpWork, complaint: string): NetworkError {
  const [, where, number] = /Command failed .*\.(node|pod):(\d+)/.exec(complaint) ?? [];
  const line = (where === 'node' ? node : pod)[Number(number) - 1];
  return new NetworkError(cniCodes.refused, `${line === undefined ? '' : `ip ${line}: `}${complaint.replaceAll(/^Command failed .*$/gm, '').trim()}`);
}
