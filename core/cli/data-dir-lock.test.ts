import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { execa, type ResultPromise } from 'execa';
import { lockDataDir } from './data-dir-lock.ts';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';

const lockModule = new URL('./data-dir-lock.ts', import.meta.url).href;

type Child = ResultPromise<{ reject: false; stdin: 'ignore' }>;

/** Another process that tries once, says how it went, and holds on until it is killed. */
function contender(dir: string, startAt = 0): { child: Child; outcome: Promise<string> } {
  const script = `
    const { lockDataDir } = await import(${JSON.stringify(lockModule)});
    await new Promise((resolve) => setTimeout(resolve, ${startAt} - Date.now()));
    try { await lockDataDir(${JSON.stringify(dir)}); console.log('held'); setInterval(() => {}, 1000); }
    catch (error) { console.log(error.message); }`;
  const child = execa(process.execPath, ['--input-type=module', '--eval', script], { reject: false, stdin: 'ignore' });
  return { child, outcome: once(createInterface(child.stdout), 'line').then(([line]) => String(line)) };
}

describe('the lock on a data directory', () => {
  let dir: string;
  let children: Child[];
  const start = (startAt?: number) => {
    const contending = contender(dir, startAt);
    children.push(contending.child);
    return contending;
  };
  const kill = async (child: Child): Promise<void> => {
    child.kill('SIGKILL');
    await child;
  };
  const leaveBehind = (identity: ProcessIdentity): Promise<void> => writeFile(join(dir, 'lock'), JSON.stringify(identity));

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keelson-lock-'));
    children = [];
  });
  afterEach(async () => {
    await Promise.all(children.map(kill));
    await rm(dir, { recursive: true, force: true });
  });

  it('can be taken again after it was given back, and leaves nothing', async () => {
    for (let i = 0; i < 2; i++) await (await lockDataDir(dir)).release();
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('names the process that holds it', async () => {
    const { child, outcome } = start();
    expect(await outcome).to.equal('held');
    const failure = await lockDataDir(dir).then(() => undefined, (error: Error) => error);
    expect(failure?.message).to.include(`${dir} is in use by process ${child.pid} (`).and.include('data-dir-lock');
  });

  it('is taken over from a process that was killed', async () => {
    const { child, outcome } = start();
    await outcome;
    await kill(child);
    const lock = await lockDataDir(dir);
    expect(JSON.parse(await readFile(join(dir, 'lock'), 'utf8'))).to.deep.equal(identityOf(process.pid));
    await lock.release();
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('is taken over when the number of the dead process belongs to another one now', async () => {
    await leaveBehind({ ...identityOf(process.ppid), startedAt: '1' });
    await (await lockDataDir(dir)).release();
  });

  it('is taken over after the machine was started again', async () => {
    await leaveBehind({ ...identityOf(process.pid), boot: 'before' });
    await (await lockDataDir(dir)).release();
  });

  it('is taken over when its file is damaged', async () => {
    for (const text of ['', '{', '"x"', 'null', '{"pid":"1"}']) {
      await writeFile(join(dir, 'lock'), text);
      await (await lockDataDir(dir)).release();
    }
  });

  it('is taken over although a process died while it took it over', async () => {
    const dead = { ...identityOf(process.pid), startedAt: '1' };
    await leaveBehind(dead);
    await writeFile(join(dir, `lock.${dead.pid}-1`), JSON.stringify({ ...dead, startedAt: '2' }));
    await (await lockDataDir(dir)).release();
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('goes to exactly one of many that take it over at the same moment', async () => {
    await leaveBehind({ ...identityOf(process.pid), startedAt: '1' });
    const startAt = Date.now() + 800;
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => start(startAt).outcome));
    expect(outcomes.filter((outcome) => outcome === 'held')).to.have.length(1);
    expect(outcomes.filter((outcome) => outcome.includes('is in use by process'))).to.have.length(7);
  });

  it('goes to exactly one of many that come one shortly after the other', async () => {
    for (let round = 0; round < 25; round++) {
      await leaveBehind({ ...identityOf(process.pid), startedAt: '1' });
      const outcomes = await Promise.allSettled(Array.from({ length: 12 }, async (_each, turns) => {
        for (let turn = 0; turn < turns; turn++) await setImmediate();
        return lockDataDir(dir);
      }));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    }
  });
});

describe('a process\'s identity', () => {
  it('is running while it runs', () => {
    expect(isRunning(identityOf(process.pid))).to.equal(true);
  });

  it('is not running once it is dead', async () => {
    const child = execa(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { reject: false });
    const identity = identityOf(child.pid!);
    child.kill('SIGKILL');
    await child;
    expect(isRunning(identity)).to.equal(false);
  });
});
