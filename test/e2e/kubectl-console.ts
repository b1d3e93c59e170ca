import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { program, requires } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Running } from './harness.ts';
import { findKubectls, type KubectlBinary } from './kubectl.ts';

/**
 * Sessions at a terminal, by what they show. A session is what a person would see there:
 *
 * - `$ ` begins a command for the shell, which may go on in a here-document up to `END`. `{ns}` is the namespace of the session.
 * - What follows is its output, then with `! ` before each line what it says on stderr, then `[1]` when it ends with 1.
 * - `{1.31+}` before a line or a command means kubectl 1.31 and later, `{-1.30}` up to 1.30, `{1.28-1.30}` from one to the other.
 *
 * The width of columns does not count, nor does what differs from run to run: `masked` puts words in its place.
 */
export type Sessions = Readonly<Record<string, string>>;

/** What the sessions were written down from: others may have other words. */
const known = { from: 27, to: 33 };
/** Sessions under way at once. */
const atOnce = 4;

const kubectls = await oldestAndNewestKnown();

async function oldestAndNewestKnown(): Promise<KubectlBinary[]> {
  const all = (await findKubectls()).filter(({ minor }) => minor >= known.from && minor <= known.to);
  return [...new Set([all.at(0), all.at(-1)])].filter((binary) => binary !== undefined);
}

/** Runs each session with the oldest and the newest kubectl, several at a time, all against one server. */
export function kubectlSessions(area: string, sessions: Sessions): void {
  describe(area, function () {
    this.timeout(90_000);
    before(requires(program('kubectl', 'kubernetes-client'), program('diff', 'diffutils'), program('openssl', 'openssl')));
    if (kubectls.length === 0) it(`is as people know it (skipped: needs a kubectl from 1.${known.from} to 1.${known.to})`);

    let sandbox: Sandbox;
    let keelson: Running;
    const played = new Map<string, Promise<Step[]>>();
    before(async () => {
      sandbox = await Sandbox.make();
      keelson = await sandbox.up();
      const todo = kubectls.flatMap((binary) => Object.entries(sessions).map(([title, text]) => ({ binary, title, text })));
      let number = 0;
      const turn = turns(atOnce);
      for (const { binary, title, text } of todo) {
        const seat = new Seat(keelson, binary, `s${binary.minor}-${String(++number).padStart(2, '0')}`);
        const done = turn(() => seat.play(text));
        // Whoever waits for it hears of it.
        done.catch(() => undefined);
        played.set(`${binary.minor} ${title}`, done);
      }
    });
    after(async () => {
      await Promise.allSettled(played.values());
      await keelson?.stop();
      await sandbox?.remove();
    });

    for (const { minor } of kubectls) {
      describe(`kubectl 1.${minor}`, () => {
        for (const [title, text] of Object.entries(sessions)) {
          it(title, async () => {
            expect(written(await played.get(`${minor} ${title}`) ?? [])).to.equal(written(steps(text, minor)));
          });
        }
      });
    }
  });
}

const written = (session: readonly Step[]): string => session.map(({ command, output }) => [`$ ${command}`, ...output.map(tidy)].join('\n')).join('\n\n');

/** At most so many at a time, the others in their order. */
function turns(most: number): <T>(act: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (act) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

export interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

const marked = /^\{(?:1\.(\d+))?(?:\+|-1\.(\d+))\}/;

/** The commands of a session and what each is to print, as far as this kubectl goes. */
export function steps(session: string, minor: number): Step[] {
  const found: { command: string; output: string[]; applies: boolean }[] = [];
  let here = false;
  for (const line of session.replace(/^\n|\n$/g, '').split('\n')) {
    const last = found.at(-1);
    const [mark = '', from, to] = marked.exec(line) ?? [];
    const applies = (from === undefined || minor >= Number(from)) && (to === undefined || minor <= Number(to));
    const text = line.slice(mark.length);
    if (here && last) {
      last.command += `\n${text}`;
      here = text !== 'END';
    } else if (text.startsWith('$ ')) {
      found.push({ command: text.slice(2), output: [], applies });
      here = text.includes('<<END');
    } else if (last && applies) last.output.push(text);
  }
  return found.filter(({ applies }) => applies).map(({ command, output }) => ({ command, output: withoutBlanks(output) }));
}

/** Empty lines before the next command are there for the reader. */
const withoutBlanks = (lines: readonly string[]): readonly string[] => lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);

/** Where one session takes place: a kubectl, a namespace, a folder. */
export class Seat {
  private readonly keelson: Running;
  private readonly binary: KubectlBinary;
  private readonly namespace: string;
  private readonly dir: string;

  constructor(keelson: Running, binary: KubectlBinary, namespace: string) {
    this.keelson = keelson;
    this.binary = binary;
    this.namespace = namespace;
    this.dir = join(keelson.sandbox.dir, namespace);
  }

  /** Resolves to the session as it went. */
  async play(session: string): Promise<Step[]> {
    await this.prepare();
    const seen: Step[] = [];
    for (const { command } of steps(session, this.binary.minor)) seen.push({ command, output: await this.run(command) });
    return seen;
  }

  private async prepare(): Promise<void> {
    const { keelson, binary, namespace, dir } = this;
    await mkdir(join(dir, 'bin'), { recursive: true });
    await symlink(binary.path, join(dir, 'bin', 'kubectl'));
    const config = parse(await readFile(keelson.kubeconfig, 'utf8')) as { contexts: { context: object }[] };
    for (const each of config.contexts) each.context = { ...each.context, namespace };
    await writeFile(join(dir, 'kubeconfig'), stringify(config));
    const made = await keelson.request('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } });
    expect(made.status, made.text).to.equal(201);
    await until(async () => (await keelson.request('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`)).status === 200, 'the service account of a namespace');
  }

  private async run(command: string): Promise<string[]> {
    const { keelson: { sandbox, url }, namespace, dir } = this;
    const env = { PATH: `${join(dir, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`, HOME: join(sandbox.home, String(this.binary.minor)), KUBECONFIG: join(dir, 'kubeconfig'), TMPDIR: dir, KUBE_EDITOR: 'false', LC_ALL: 'C', TZ: 'UTC' };
    // A group of its own: the shell alone would leave behind what it has begun.
    const shell = execa(command.replaceAll('{ns}', namespace), { shell: '/bin/sh', cwd: dir, env, extendEnv: false, reject: false, stdin: 'ignore', detached: true });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = shell.pid !== undefined && process.kill(-shell.pid, 'SIGKILL');
    }, 30_000);
    const { exitCode, stdout, stderr } = await shell;
    clearTimeout(timer);
    const own = (text: string): string[] => {
      const shown = text.trimEnd();
      return shown === '' ? [] : shown.replaceAll(url, '{server}').replaceAll(dir, '{dir}').replaceAll(namespace, '{ns}').split('\n');
    };
    const end = timedOut ? ['[late]'] : exitCode === 0 ? [] : [`[${exitCode}]`];
    return [...own(stdout), ...own(stderr).filter((line) => !remark.test(line)).map((line) => `! ${line}`), ...end];
  }
}

/** What the client says to itself when it gives up a watch at the end of its patience: now and then. */
const remark = /^[IWE]\d{4} .* reflector\.go:/;

const masks: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| \+0000(?: UTC)?)/g, '<time>'],
  [/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} 20\d\d \d\d:\d\d:\d\d \+0000/g, '<time>'],
  // Ages. The sessions take less than two hours.
  [/(?<![\w.:=/-])\d+m?\d*s(?![\w/])/g, '<age>'],
  [/\b(X509SHA256=)[0-9a-f]{64}\b/g, '$1<hash>'],
  [/("?resourceVersion"?: )"\d+"/g, '$1"<version>"'],
  [/(Resource Version: +)\d+/g, '$1<version>'],
  [/\b10\.96\.\d+\.\d+\b/g, '<ip>'],
  // Node ports.
  [/(?<=HealthCheck NodePort: +)3\d{4}|\b3\d{4}(?=\/(?:TCP|UDP))/g, '<port>'],
  [/\b(kube-api-access-)[a-z0-9]{5}\b/g, '$1<suffix>'],
  [/(\.)[0-9a-f]{16}\b/g, '$1<suffix>'],
  // Hashes of templates, and ends of names that the server draws for pods.
  [/(?<=\w-|pod-template-hash=)[bcdf456789]{6,10}\b/g, '<hash>'],
  [/(?<=[\w>]-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '<suffix>'],
  [/^(! [IWE])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ (\w+\.go):\d+\]/, '$1 $2]'],
  [/\b(LIVE-|MERGED-|kubectl-edit-)\d+/g, '$1<n>'],
];

/** A line without what differs from run to run. */
export const masked = (line: string): string => masks.reduce((text, [pattern, word]) => text.replace(pattern, word), line).trimEnd();

/** And with narrow columns. */
const tidy = (line: string): string => masked(line).replace(/(?<=\S)(?: {2,}|\t+ *)/g, '   ');
