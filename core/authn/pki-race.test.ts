import { fork, type ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { ensureClusterPki, type ClusterPki } from './pki.ts';
import type { KeyPair } from './pki-issue.ts';
import { makePrivateFile } from './pki-file.ts';

interface Made {
  /** What all must have in common. */
  readonly shared: readonly string[];
  readonly serving: KeyPair;
  readonly admin: KeyPair;
  readonly failure?: string;
}

describe('one folder of certificates for several processes', function () {
  this.timeout(60_000);
  let parent: string;
  const ensure = (dir: string): Promise<ClusterPki> => ensureClusterPki({ dir, hosts: [], clock: systemClock });
  const filesOf = async (dir: string): Promise<string[]> => (await readdir(dir)).toSorted();

  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'keelson-pki-race-'));
  });
  after(() => rm(parent, { recursive: true, force: true }));

  describe('that begin at the same moment', () => {
    const makers: ChildProcess[] = [];
    before(async () => {
      for (let i = 0; i < 4; i++) makers.push(fork(new URL('../../test/fixtures/pki-maker.ts', import.meta.url), { stdio: 'inherit' }));
      await Promise.all(makers.map((maker) => once(maker, 'message')));
    });
    after(() => makers.forEach((maker) => maker.kill()));

    it('has one authority, twenty times out of twenty', async () => {
      for (let round = 0; round < 20; round++) {
        const dir = join(parent, `round${round}`, 'pki');
        const answers = Promise.all(makers.map((maker) => once(maker, 'message') as Promise<[Made]>));
        for (const maker of makers) maker.send(dir);
        const made = (await answers).map(([answer]) => answer);
        expect(made.flatMap(({ failure }) => failure ?? [])).to.deep.equal([]);
        expect(new Set(made.map(({ shared }) => JSON.stringify(shared))).size, `round ${round}`).to.equal(1);
        const authority = new X509Certificate(made[0]?.shared[0] ?? '');
        for (const { serving, admin } of made) for (const { cert } of [serving, admin]) expect(new X509Certificate(cert).verify(authority.publicKey)).to.equal(true);
        expect((await filesOf(dir)).filter((name) => name.endsWith('.tmp'))).to.deep.equal([]);
        const contents = async (): Promise<string[]> => Promise.all((await filesOf(dir)).map((name) => readFile(join(dir, name), 'utf8')));
        const before = await contents();
        expect((await ensure(dir)).ca).to.equal(made[0]?.shared[0]);
        expect(await contents(), 'nothing is left to be put right').to.deep.equal(before);
      }
    });
  });

  it('gives the key of one that died before it wrote the certificate its certificate', async () => {
    const dir = join(parent, 'died');
    const { authority } = await ensure(dir);
    await rm(join(dir, 'ca.crt'));
    await writeFile(join(dir, 'ca.crt.0123456789ab.tmp'), 'half a certif');
    const next = await ensure(dir);
    expect(next.authority.key).to.equal(authority.key);
    expect(new X509Certificate(next.serving.cert).verify(new X509Certificate(next.ca).publicKey)).to.equal(true);
  });

  it('does not replace a key that it cannot use', async () => {
    const dir = join(parent, 'damaged');
    await ensure(dir);
    await rm(join(dir, 'ca.crt'));
    await writeFile(join(dir, 'ca.key'), 'half a key');
    const failure = await ensure(dir).then(() => '', (error: Error) => error.message);
    expect(failure).to.include(join(dir, 'ca.key')).and.include('restore it, or remove it');
  });

  it('keeps a file that is there', async () => {
    const path = join(parent, 'file');
    expect([await makePrivateFile(path, 'first'), await makePrivateFile(path, 'second'), await readFile(path, 'utf8')]).to.deep.equal(['first', 'first', 'first']);
  });
});
