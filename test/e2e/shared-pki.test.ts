import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig, VersionApi } from '@kubernetes/client-node';
import { expect } from 'chai';
import { Sandbox, type Running } from './harness.ts';

describe('two servers with one --pki-dir', function () {
  this.timeout(60_000);
  const sandboxes: Sandbox[] = [];
  let running: Running[] = [];
  beforeEach(async () => {
    sandboxes.push(await Sandbox.make(), await Sandbox.make());
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.kill();
    for (const sandbox of sandboxes.splice(0)) await sandbox.remove();
  });

  it('have one authority, though they begin at the same moment', async () => {
    const folder = join(sandboxes[0]?.dir ?? '', 'pki');
    running = await Promise.all(sandboxes.map((sandbox) => sandbox.up(['--store', 'memory', '--pki-dir', folder])));
    const [first, second] = running;
    const config = new KubeConfig();
    config.loadFromString((await readFile(first?.kubeconfig ?? '', 'utf8')).replace(first?.url ?? '', second?.url ?? ''));
    expect((await config.makeApiClient(VersionApi).getCode()).major).to.equal('1');
    expect(await readdir(folder)).to.include.members(['ca.crt', 'ca.key', 'sa.key', 'front-proxy-ca.crt']);
    for (const sandbox of sandboxes) expect(await readdir(sandbox.dataDir)).to.not.include('pki');
  });
});
