import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startEngine } from './start-engine.ts';

describe('starting Docker Engine', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-engine-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const socket = (): string => join(folder, 'docker.sock');
  const log = (): string => join(folder, 'dockerd.log');
  const place = () => ({ socket: socket(), hasSystemd: false, path: `${folder}:${process.env['PATH']}`, withinMs: 5000 });
  const program = (name: string, script: string): Promise<void> => writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const answering = async (): Promise<Server> => {
    const server = createServer((asked, response) => response.writeHead(asked.url === '/_ping' ? 200 : 404).end());
    await new Promise<void>((resolve) => {
      server.listen(socket(), resolve);
    });
    return server;
  };
  const failure = (more = {}): Promise<string> => startEngine(log(), { ...place(), ...more }).then(() => 'none', (error: Error) => error.message);

  it('leaves alone one that answers', async () => {
    const server = await answering();
    await program('dockerd', 'echo started');
    await startEngine(log(), place());
    server.close();
    expect(existsSync(log())).to.equal(false);
  });

  it('runs it apart from this process, with a log for its owner only', async () => {
    const server = createServer((_, response) => response.end());
    await program('dockerd', `outlets=$(readlink /proc/$$/fd/0 /proc/$$/fd/1); echo "$outlets" >'${folder}/outlets'; cut -d' ' -f6 /proc/$$/stat >'${folder}/session'; echo $$ >'${folder}/pid'; echo begun; exec sleep 60`);
    const starting = startEngine(log(), place());
    while (!existsSync(join(folder, 'pid')) || (await readFile(join(folder, 'pid'), 'utf8')) === '') await new Promise((resolve) => { setImmediate(resolve); });
    server.listen(socket());
    await starting;
    server.close();
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    process.kill(pid);
    expect(await readFile(join(folder, 'outlets'), 'utf8')).to.equal(`/dev/null\n${log()}\n`);
    expect(Number(await readFile(join(folder, 'session'), 'utf8'))).to.equal(pid);
    expect((await stat(log())).mode & 0o777).to.equal(0o600);
  });

  it('says at once what it said when it ends, and nothing of an earlier time', async () => {
    await writeFile(log(), 'failed because of yesterday\n');
    await program('dockerd', 'echo begun; echo "failed to start daemon: no cgroups" >&2; exit 1');
    expect(await failure()).to.equal(`Docker Engine does not start: failed to start daemon: no cgroups (${log()})`);
    await program('dockerd', 'exit 1');
    expect(await failure()).to.equal(`Docker Engine does not start: it ended and said nothing (${log()})`);
  });

  it('leaves it to systemd where that runs', async () => {
    await program('systemctl', `echo "$@" >'${folder}/asked'; exit 1`);
    expect(await failure({ hasSystemd: true })).to.match(/systemctl enable --now docker failed; journalctl -u docker/);
    expect(await readFile(join(folder, 'asked'), 'utf8')).to.equal('enable --now docker\n');
  });

  it('does not wait for ever', async () => {
    await program('systemctl', '');
    expect(await failure({ hasSystemd: true, withinMs: 1 })).to.equal(`Docker Engine does not answer at ${socket()}; what it says is in its journal (journalctl -u docker)`);
  });
});
