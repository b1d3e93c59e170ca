import { fstatSync } from 'node:fs';
import { commandLineOf, parentOf } from './process-identity.ts';

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
  const [parent, ...above] = startersOf(process.ppid);
  const timer = setInterval(() => {
    let below = process.ppid;
    const isSame = below === parent && above.every((pid) => parentOf(below) === (below = pid));
    if (!isSame) end('the process that started this one ended');
  }, lookEveryMs);
  ended.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return ended.signal;
}

function isPipe(descriptor: number): boolean {
  const found = fstatSync(descriptor);
  return found.isFIFO() || found.isSocket();
}

/** The parent, and those above it up to npm's own parent, when npm and its shell stand in between: they do not end with the one that started them. */
function startersOf(parent: number): readonly number[] {
  const [second, third] = [parentOf(parent), parentOf(parentOf(parent) ?? 0)];
  if (isNpm(parent) && second !== undefined) return [parent, second];
  if (second !== undefined && isNpm(second) && third !== undefined) return [parent, second, third];
  return [parent];
}

/** npm calls its process `npm exec keelson …`. */
const isNpm = (pid: number): boolean => /^(npm|npx)\b/.test(commandLineOf(pid));
