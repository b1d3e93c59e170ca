import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';

const socket = '/var/run/docker.sock';
const startWithinMs = 30_000;

/** An engine that was started for the tests; `stop` leaves none of its processes behind. */
export interface StartedEngine {
  /** Why there is none, for those tests that would have used it. */
  readonly problem?: string;
  stop(): Promise<void>;
}

const nothing = { stop: async (): Promise<void> => undefined };

/** Starts Docker Engine where it is installed and does not run: there is no systemd on a test machine. */
export async function startEngine(): Promise<StartedEngine> {
  if (process.geteuid?.() !== 0 || !existsSync('/usr/sbin/dockerd') || (await answers())) return nothing;
  const engine = execa('dockerd', [], { stdin: 'ignore', reject: false, all: true, detached: true, env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }, maxBuffer: 64 * 1024 * 1024 });
  const stop = async (): Promise<void> => {
    engine.kill('SIGTERM');
    const killed = setTimeout(() => engine.kill('SIGKILL'), 20_000);
    await engine;
    clearTimeout(killed);
  };
  let ended = false;
  void engine.then(() => {
    ended = true;
  });
  const deadline = Date.now() + startWithinMs;
  while (!ended && Date.now() < deadline) {
    if (await answers()) return { stop };
    await delay(200);
  }
  await stop();
  const { all } = await engine;
  const said = all.trim().split('\n').at(-1) ?? '';
  return { ...nothing, problem: `dockerd does not start on this machine: ${said.slice(0, 300)}` };
}

const answers = async (): Promise<boolean> => existsSync(socket) && !(await execa('docker', ['version'], { reject: false, timeout: 5000 })).failed;
