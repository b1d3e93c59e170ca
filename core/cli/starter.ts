import { fstatSync } from 'node:fs';
import { commandLineOf, parentOf, sessionOf } from './process-identity.ts';

/** How long a process may outlive the one that started it, in milliseconds. */
const lookEveryMs = 250;

/**
 * Aborts when whoever started this process has ended, however that came about, or closes its end of our standard input. A standard input
 * that is no pipe, such as a terminal or /dev/null, says nothing. A terminal that closes counts as an end.
 */
export function untilStarterEnds(): AbortSignal {
  const ended = new AbortController();
  const end = (reason: string): void => ended.abort(new Error(reason));
  process.on('SIGHUP', () => end('the terminal was closed'));
  if (isPipe(0)) {
    for (const event of ['end', 'close', 'error']) process.stdin.on(event, () => end('standard input was closed'));
    process.stdin.resume();
  }
  const links = linksToStarter();
  if (links.some(isAdoption)) end('the process that started this one had ended');
  const timer = setInterval(() => {
    if (!links.every(({ child, parent }) => parentNow(child) === parent)) end('the process that started this one ended');
  }, lookEveryMs);
  ended.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  if (ended.signal.aborted) clearInterval(timer);
  return ended.signal;
}

function isPipe(descriptor: number): boolean {
  const found = fstatSync(descriptor);
  return found.isFIFO() || found.isSocket();
}

interface Link {
  readonly child: number;
  readonly parent: number;
}

/** To the parent; below npm, which does not end with the one that started it, on to npm's own parent. */
function linksToStarter(): readonly Link[] {
  const own = { child: process.pid, parent: process.ppid };
  const shell = isNpmShell(own.parent) ? linkAbove(own.parent) : undefined;
  const npm = (shell ?? own).parent;
  const above = isNpm(npm) ? linkAbove(npm) : undefined;
  return above === undefined ? [own] : [own, shell, above].filter((link) => link !== undefined);
}

function linkAbove(child: number): Link | undefined {
  const parent = parentOf(child);
  return parent === undefined ? undefined : { child, parent };
}

const parentNow = (pid: number): number | undefined => (pid === process.pid ? process.ppid : parentOf(pid));

/**
 * Whether the child was left by whoever started it, and taken in by another, before anybody looked: a session is inherited, so a process
 * that has not opened one of its own is no child of somebody in another one.
 */
function isAdoption({ child, parent }: Link): boolean {
  const [session, parents] = [sessionOf(child), sessionOf(parent)];
  return session !== undefined && parents !== undefined && session !== child && session !== parents;
}

/** npm calls its process `npm exec keelson …`, and starts programs through a shell. */
const isNpm = (pid: number): boolean => /^(npm|npx)\b/.test(commandLineOf(pid));
const isNpmShell = (pid: number): boolean => /^\S*sh -c /.test(commandLineOf(pid));
