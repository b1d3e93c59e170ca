import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { requires } from '#test/fixtures/requires.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { IpLauncher } from './ip-launcher.ts';

/** Processes of this one that run shells. */
async function shells(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.filter((stat) => stat.includes('(sh) ') && Number(stat.split(') ')[1]?.split(' ')[1]) === process.pid).map((stat) => Number.parseInt(stat, 10));
}

describe('the launcher of ip', () => {
  const namespaces = new Namespaces();
  let folder: { path: string; remove(): Promise<void> };
  let launcher: IpLauncher;
  let netns: string;

  before(requires(...namespaceTools));
  before(async () => {
    folder = await temporaryFolder();
    netns = await namespaces.make();
    launcher = new IpLauncher(`${folder.path}/a folder with 'quotes' and $signs`);
  });
  after(async () => {
    await launcher?.close();
    await namespaces.clear();
    await folder?.remove();
  });

  const failureOf = async (promise: Promise<unknown>): Promise<string> => {
    const error = await promise.then(() => undefined, (failure: unknown) => failure);
    expect(error).to.be.instanceOf(NetworkError);
    return (error as NetworkError).message;
  };
  const query = { node: ['link show dev lo'], netns: '', pod: ['link set lo up'] };

  it('runs many at once, and names the line that failed', async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => launcher.run({ ...query, netns, pod: [index % 2 === 0 ? 'link set lo up' : `link set no${index} up`] }).then(() => 'done', (error: Error) => error.message)));
    expect(outcomes).to.deep.equal(outcomes.map((_, index) => (index % 2 === 0 ? 'done' : `ip link set no${index} up: Cannot find device "no${index}"`)));
    expect(await failureOf(launcher.run({ netns, node: ['link show dev lo', 'nonsense'], pod: [] }))).to.include('ip nonsense: Object "nonsense" is unknown');
  });

  it('takes nothing for a path that could be more', async () => {
    for (const path of ['/run/netns/a b', '/run/netns/$(id)', '/run/netns/a\n1 /x', '"', '']) expect(await failureOf(launcher.run({ ...query, netns: path })), path).to.include('is not a path of a network namespace');
    expect(await failureOf(launcher.run({ ...query, netns: '/run/netns/nobody' }))).to.include('nsenter');
  });

  it('goes on with another helper when one dies', async () => {
    const [helper] = await shells();
    process.kill(helper ?? 0, 'SIGKILL');
    await launcher.run({ ...query, netns }).catch((error: unknown) => expect(error).to.be.instanceOf(NetworkError));
    await launcher.run({ ...query, netns });
    expect((await shells()).length).to.equal(1);
    await launcher.close();
    expect(await shells()).to.deep.equal([]);
    await launcher.run({ ...query, netns });
  });
});
