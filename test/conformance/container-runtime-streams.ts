import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { eventually } from '#test/fixtures/eventually.ts';
import type { StreamSession } from '#core/spi/container-runtime.ts';
import { type Checks, expectFailure, never, type Subject } from './container-runtime-subject.ts';

const output = { stdin: false, stdout: true, stderr: true, tty: false };
const interactive = { stdin: true, stdout: true, stderr: true, tty: false };
const terminal = { stdin: true, stdout: true, stderr: false, tty: true };

const said = (stream: Readable | undefined): Promise<string> => (stream === undefined ? Promise.resolve('') : text(stream));

/** Collects what comes, to look for parts of it. */
class Heard {
  all = '';

  constructor({ stdout }: StreamSession) {
    stdout?.on('data', (chunk: Buffer) => {
      this.all += chunk.toString();
    });
  }

  expect(part: string): Promise<void> {
    return eventually(() => this.all.includes(part), `"${part}" in what the program writes, which is ${JSON.stringify(this.all)}`, 10_000);
  }
}

const runs = async (subject: Subject, id: string, program: string): Promise<boolean> => (await subject.sh(id, 'ps')).stdout.includes(program);

export function streamChecks(checks: Checks): void {
  checks.define('runs a program with its streams apart, and gives its exit code', async (subject) => {
    const id = await subject.run({ env: [{ name: 'A', value: 'b' }] });
    const session = await subject.runtime.exec(id, ['/bin/sh', '-c', 'echo out $A; echo err >&2; exit 42'], output, never);
    expect(session.stdin).to.equal(undefined);
    const [stdout, stderr, code] = await Promise.all([said(session.stdout), said(session.stderr), session.ended]);
    expect({ stdout, stderr, code }).to.deep.equal({ stdout: 'out b\n', stderr: 'err\n', code: 42 });
  });

  checks.define('passes the end of input on, and all that came before it', async (subject) => {
    const id = await subject.run();
    const session = await subject.runtime.exec(id, ['/bin/sh', '-c', 'wc -c; echo done'], interactive, never);
    for (let part = 0; part < 64; part += 1) session.stdin?.write(Buffer.alloc(16 * 1024, 'x'));
    session.stdin?.end();
    expect(await said(session.stdout)).to.equal(`${1024 * 1024}\ndone\n`);
    expect(await session.ended).to.equal(0);
  });

  checks.define('gives a large output whole to a slow reader', async (subject) => {
    const id = await subject.run();
    const session = await subject.runtime.exec(id, ['/bin/sh', '-c', 'seq 1 200000'], { ...output, stderr: false }, never);
    let length = 0;
    let pauses = 0;
    for await (const chunk of session.stdout ?? []) {
      length += (chunk as Buffer).length;
      if (pauses < 5) await new Promise((resolve) => setTimeout(resolve, 30));
      pauses += 1;
    }
    expect(length).to.equal(1_288_895);
    expect(await session.ended).to.equal(0);
  });

  checks.define('gives a program a terminal of the size that is set', async (subject) => {
    const id = await subject.run();
    const session = await subject.runtime.exec(id, ['/bin/sh'], terminal, never);
    const heard = new Heard(session);
    await session.resize({ width: 123, height: 45 });
    session.stdin?.write('stty size; tty\n');
    await heard.expect('45 123');
    await heard.expect('/dev/pts/');
    // What cuts other terminals off is typed into this one.
    session.stdin?.write('\u0010\u0011');
    session.stdin?.write('\u0015echo still "here"\n');
    await heard.expect('still here');
    session.stdin?.write('exit 9\n');
    expect(await session.ended).to.equal(9);
    expect(session.stderr).to.equal(undefined);
  });

  for (const [title, end] of [['when its session is closed', (session: StreamSession) => session.close()], ['when the signal aborts', (_session: StreamSession, stop: AbortController) => stop.abort()]] as const) {
    checks.define(`kills a program and its children ${title}`, async (subject) => {
      const id = await subject.run();
      const stop = new AbortController();
      const session = await subject.runtime.exec(id, ['/bin/sh', '-c', 'sleep 7654 & sleep 4567; true'], output, stop.signal);
      await eventually(() => runs(subject, id, 'sleep 7654'), 'the program', 10_000);
      end(session, stop);
      await eventually(async () => !(await runs(subject, id, '4567')) && !(await runs(subject, id, '7654')), 'the end of the program', 10_000);
      await session.ended.catch(() => undefined);
      expect((await subject.status(id)).state).to.equal('Running');
    });
  }

  checks.define('runs commands to their end, and keeps the begin of what they say', async (subject) => {
    const id = await subject.run();
    expect(await subject.sh(id, 'echo out; echo err >&2; exit 3')).to.deep.equal({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
    const { stdout, exitCode } = await subject.sh(id, 'seq 1 100000');
    expect([stdout.length, stdout.slice(0, 6), exitCode]).to.deep.equal([10 * 1024, '1\n2\n3\n', 0]);
    expect((await subject.runtime.execSync(id, ['echo', '$HOME; exit 1'], 5000, never)).stdout).to.equal('$HOME; exit 1\n');
  });

  checks.define('kills a command that takes too long', async (subject) => {
    const id = await subject.run();
    const begun = performance.now();
    await expectFailure(subject.runtime.execSync(id, ['/bin/sh', '-c', 'trap "" TERM; sleep 5678; true'], 300, never), 'Unavailable');
    expect(performance.now() - begun).to.be.within(290, 10_000);
    await eventually(async () => !(await runs(subject, id, '5678')), 'the end of the command', 10_000);
  });

  checks.define('gives up a command with the signal, and kills it', async (subject) => {
    const id = await subject.run();
    const stop = new AbortController();
    const command = expectFailure(subject.runtime.execSync(id, ['/bin/sh', '-c', 'sleep 6789; true'], 60_000, stop.signal), 'Unavailable');
    await eventually(() => runs(subject, id, 'sleep 6789'), 'the command', 10_000);
    stop.abort();
    await command;
    await eventually(async () => !(await runs(subject, id, '6789')), 'the end of the command', 10_000);
  });

  checks.define('waits for a program that has closed its output', async (subject) => {
    const id = await subject.run();
    const begun = performance.now();
    expect((await subject.sh(id, 'echo last; exec >&- 2>&-; sleep 1; exit 5'))).to.deep.equal({ exitCode: 5, stdout: 'last\n', stderr: '' });
    expect(performance.now() - begun).to.be.greaterThan(900);
  });

  checks.define('says that there is no such program in another way than success', async (subject) => {
    const id = await subject.run();
    const outcome = await subject.runtime.execSync(id, ['/no/such/program'], 5000, never).then(({ exitCode }) => exitCode, () => 'rejected');
    expect(['rejected', 126, 127]).to.include(outcome);
  });

  checks.define('refuses commands in a container that has ended', async (subject) => {
    const id = await subject.script('true');
    await subject.ended(id);
    await expectFailure(subject.runtime.execSync(id, ['true'], 1000, never), 'Invalid', 'Unavailable', 'NotFound');
  });

  checks.define('attaches to what runs, and lets it run on', async (subject) => {
    const id = await subject.run({ command: ['/bin/sh', '-c', 'while read line; do echo got $line; echo bad >&2; done; exit 6'], stdin: true });
    const first = await subject.runtime.attach(id, interactive, never);
    const heard = new Heard(first);
    first.stdin?.write('one\n');
    await heard.expect('got one');
    first.close();
    expect(await first.ended).to.equal(undefined);
    expect((await subject.status(id)).state).to.equal('Running');
    const second = await subject.runtime.attach(id, { ...interactive, stderr: false }, never);
    const again = new Heard(second);
    second.stdin?.write('two\n');
    await again.expect('got two');
    expect(again.all).to.equal('got two\n');
    second.close();
  });

  checks.define('passes the end of input to a container that takes it once', async (subject) => {
    const id = await subject.run({ command: ['/bin/sh', '-c', 'cat; exit 8'], stdin: true, stdinOnce: true });
    const session = await subject.runtime.attach(id, interactive, never);
    const heard = new Heard(session);
    session.stdin?.end('last words\n');
    expect(await session.ended).to.equal(8);
    expect(heard.all).to.equal('last words\n');
    expect(await subject.ended(id)).to.include({ exitCode: 8 });
  });

  checks.define('attaches to a terminal', async (subject) => {
    const id = await subject.run({ command: ['/bin/sh'], stdin: true, tty: true });
    const session = await subject.runtime.attach(id, terminal, never);
    const heard = new Heard(session);
    await session.resize({ width: 99, height: 33 });
    session.stdin?.write('stty size\n');
    await heard.expect('33 99');
    session.stdin?.write('exit 4\n');
    expect(await session.ended).to.equal(4);
  });
}
