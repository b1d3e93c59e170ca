import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { searchPath } from './node-needs.ts';

export interface EnginePlace {
  readonly socket: string;
  readonly hasSystemd: boolean;
  readonly path: string;
  readonly withinMs: number;
}

const usualSocket = '/var/run/docker.sock';
const usual = (): EnginePlace => ({ socket: usualSocket, hasSystemd: existsSync('/run/systemd/system'), path: searchPath(), withinMs: 30_000 });

/**
 * Starts Docker Engine unless it answers. It goes on when this process ends, as a service would.
 * @param log where it writes what it does, when no systemd runs it
 * @throws {Error} with what it says itself
 */
export async function startEngine(log: string, { socket, hasSystemd, path, withinMs }: EnginePlace = usual()): Promise<void> {
  if (await engineAnswers(socket)) return;
  process.stdout.write('Starting Docker Engine.\n');
  const problem = hasSystemd ? await startService(path) : await startProcess(log, path);
  for (const deadline = Date.now() + withinMs; !(await engineAnswers(socket)); await delay(100)) {
    const reason = await problem();
    if (reason !== undefined) throw new Error(`Docker Engine does not start: ${reason}`);
    if (Date.now() > deadline) throw new Error(`Docker Engine does not answer at ${socket}; what it says is in ${hasSystemd ? 'its journal (journalctl -u docker)' : log}`);
  }
}

/** Why it will not come; undefined while it may. */
type Problem = () => Promise<string | undefined>;

async function startService(path: string): Promise<Problem> {
  const { failed } = await execa('systemctl', ['enable', '--now', 'docker'], { env: { PATH: path }, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit', reject: false });
  return async () => (failed ? 'systemctl enable --now docker failed; journalctl -u docker says more' : undefined);
}

async function startProcess(log: string, path: string): Promise<Problem> {
  const before = await textOf(log);
  // A session of its own, and no pipe to this process: neither Ctrl-C nor our end is its end.
  const engine = execa('sh', ['-c', 'umask 077; exec dockerd >>"$0" 2>&1', log], { env: { PATH: path }, detached: true, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', reject: false });
  let isOver = false;
  void engine.then(() => {
    isOver = true;
  });
  return async () => (isOver ? `${lastLine((await textOf(log)).slice(before.length))} (${log})` : undefined);
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
const lastLine = (text: string): string => text.trim().split('\n').at(-1) || 'it ended and said nothing';

/** Its own question for that; the program `docker` may be in another package than the engine. */
export function engineAnswers(socket = usualSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request({ socketPath: socket, path: '/_ping', timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(false));
    asking.end();
  });
}
