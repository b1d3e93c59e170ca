import 'reflect-metadata/lite';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { expect } from 'chai';
import { CertificateProcess } from './certificate-process.ts';
import { signingAlgorithm } from './pki-issue.ts';

describe('the process that makes certificates', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keelson-pki-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('makes those of a cluster, and signs requests by them', async () => {
    const maker = new CertificateProcess();
    const pki = await maker.ensureClusterPki(dir, ['192.0.2.7']);
    expect(await readdir(dir)).to.include.members(['ca.crt', 'ca.key', 'apiserver.crt', 'admin.key']);
    expect(new X509Certificate(pki.serving.cert).checkIP('192.0.2.7')).to.equal('192.0.2.7');
    const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
    const pem = (await Pkcs10CertificateRequestGenerator.create({ name: 'CN=jane, O=devs', keys, signingAlgorithm })).toString('pem');
    const [read, signed] = await Promise.all([maker.readRequest(pem), maker.signRequest(pki.authority, pem, { usages: ['client auth'], seconds: 3600 }, Date.now())]);
    expect(read).to.deep.include({ commonName: 'jane', organizations: ['devs'] });
    expect(new X509Certificate(signed).verify(new X509Certificate(pki.ca).publicKey)).to.equal(true);
  });

  it('hands on what is wrong, and goes on', async () => {
    const maker = new CertificateProcess();
    await writeFile(join(dir, 'ca.crt'), 'nonsense');
    const failure = (work: Promise<unknown>): Promise<string> => work.then(() => 'nothing', (error: Error) => error.message);
    expect(await failure(maker.ensureClusterPki(dir, []))).to.match(/ca\.crt is damaged/);
    expect(await failure(maker.readRequest('x'))).to.equal('the request is not a PKCS#10 certificate request in PEM');
    await rm(join(dir, 'ca.crt'));
    expect(Object.keys(await maker.ensureClusterPki(dir, []))).to.include('authority');
  });
});
