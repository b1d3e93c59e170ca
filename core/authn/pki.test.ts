import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { ClientCertificateAuthenticator } from './authenticator.ts';
import { ensureClusterPki, type ClusterPki } from './pki.ts';

const day = 24 * 3600_000;

describe('the cluster\'s certificates', () => {
  let parent: string;
  let dir: string;
  let clock: FakeClock;
  const ensure = (hosts: string[] = ['node-1', '192.0.2.7']): Promise<ClusterPki> => ensureClusterPki({ dir, hosts, clock });
  const serial = (pem: string): string => new X509Certificate(pem).serialNumber;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'keelson-pki-'));
    dir = join(parent, 'pki');
    clock = new FakeClock(Date.now());
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  it('makes an authority of ten years and two certificates signed by it', async () => {
    const { ca, serving, admin } = await ensure();
    const authority = new X509Certificate(ca);
    expect(authority.ca).to.equal(true);
    expect(authority.validToDate.getTime() - clock.now()).to.be.within(3649 * day, 3651 * day);
    for (const pem of [serving.cert, admin.cert]) {
      const leaf = new X509Certificate(pem);
      expect(leaf.ca).to.equal(false);
      expect(leaf.checkIssued(authority) && leaf.verify(authority.publicKey)).to.equal(true);
    }
    expect(new X509Certificate(admin.cert).subject).to.equal('O=system:masters\nCN=kubernetes-admin');
  });

  it('has an authority of its own for the proxy that speaks for others', async () => {
    const { ca, frontProxy, nodeClient } = await ensure();
    const [authority, own, client, nodes] = [frontProxy.ca, ca, frontProxy.client.cert, nodeClient.cert].map((pem) => new X509Certificate(pem));
    expect(client!.subject).to.equal('CN=front-proxy-client');
    expect(client!.checkIssued(authority!) && client!.verify(authority!.publicKey)).to.equal(true);
    expect(client!.verify(own!.publicKey), 'no user of the cluster').to.equal(false);
    expect([nodes!.subject, nodes!.verify(own!.publicKey)]).to.deep.equal(['O=system:masters\nCN=kube-apiserver-kubelet-client', true]);
  });

  it('names every host by which the server is reached', async () => {
    const leaf = new X509Certificate((await ensure()).serving.cert);
    for (const name of ['localhost', 'node-1', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']) {
      expect(leaf.checkHost(name), name).to.equal(name);
    }
    for (const address of ['127.0.0.1', '::1', '10.96.0.1', '192.0.2.7']) expect(leaf.checkIP(address), address).to.not.equal(undefined);
    expect(leaf.checkHost('example.org')).to.equal(undefined);
  });

  it('leaves out hosts that no certificate can carry', async () => {
    const leaf = new X509Certificate((await ensure(['fe80::1%eth0', 'bücher', 'fe80::1'])).serving.cert);
    expect(leaf.checkIP('fe80::1')).to.not.equal(undefined);
    expect(leaf.subjectAltName).to.not.include('%').and.not.include('cher');
  });

  it('keeps everything to its owner', async () => {
    await ensure();
    expect((await stat(dir)).mode & 0o777).to.equal(0o700);
    const files = await readdir(dir);
    expect(files.toSorted()).to.deep.equal([
      'admin.crt', 'admin.key', 'apiserver-kubelet-client.crt', 'apiserver-kubelet-client.key', 'apiserver.crt', 'apiserver.key', 'ca.crt', 'ca.key',
      'front-proxy-ca.crt', 'front-proxy-ca.key', 'front-proxy-client.crt', 'front-proxy-client.key',
    ]);
    for (const file of files) expect((await stat(join(dir, file))).mode & 0o777, file).to.equal(0o600);
  });

  it('makes nothing new on the next start', async () => {
    const first = await ensure();
    await clock.advance(300 * day);
    expect(await ensure()).to.deep.equal(first);
  });

  it('renews the two within 30 days of their end, and keeps the authority', async () => {
    const first = await ensure();
    await clock.advance(336 * day);
    const second = await ensure();
    expect(second.ca).to.equal(first.ca);
    expect(serial(second.serving.cert)).to.not.equal(serial(first.serving.cert));
    expect(serial(second.admin.cert)).to.not.equal(serial(first.admin.cert));
    expect(new X509Certificate(second.serving.cert).validToDate.getTime()).to.be.greaterThan(clock.now() + 360 * day);
  });

  it('replaces an authority that comes to its end, and what it signed', async () => {
    const first = await ensure();
    await clock.advance(3630 * day);
    const second = await ensure();
    expect(second.ca).to.not.equal(first.ca);
    expect(new X509Certificate(second.admin.cert).verify(new X509Certificate(second.ca).publicKey)).to.equal(true);
  });

  it('makes another serving certificate for other hosts', async () => {
    const first = await ensure();
    const second = await ensure(['node-2']);
    expect(second.admin).to.deep.equal(first.admin);
    expect(new X509Certificate(second.serving.cert).checkHost('node-2')).to.equal('node-2');
    expect(new X509Certificate(second.serving.cert).checkHost('node-1')).to.equal(undefined);
  });

  it('replaces a certificate that is damaged or has lost its key', async () => {
    await ensure();
    await writeFile(join(dir, 'admin.crt'), 'half a certif');
    await rm(join(dir, 'apiserver.key'));
    const { ca, serving, admin } = await ensure();
    for (const { cert } of [serving, admin]) expect(new X509Certificate(cert).verify(new X509Certificate(ca).publicKey)).to.equal(true);
    expect(await readFile(join(dir, 'admin.crt'), 'utf8')).to.equal(admin.cert);
  });

  for (const [what, spoil] of [
    ['has lost its key', () => rm(join(dir, 'ca.key'))],
    ['is damaged', () => writeFile(join(dir, 'ca.crt'), 'half a certif')],
  ] as const) {
    it(`refuses to go on when the authority ${what}`, async () => {
      await ensure();
      await spoil();
      const failure = await ensure().then(() => undefined, (error: Error) => error);
      expect(failure?.message).to.include(join(dir, 'ca.crt')).and.include('restore');
    });
  }


  it('serves TLS with them, and knows the administrator by the client certificate', async () => {
    const { ca, serving, admin } = await ensure();
    const server = createServer({ ...serving, ca, requestCert: true, rejectUnauthorized: false }, (socket) => socket.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const connection = once(server, 'secureConnection') as Promise<[TLSSocket]>;
      const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ca, ...admin });
      await once(client, 'secureConnect');
      const [socket] = await connection;
      expect(client.authorized && socket.authorized).to.equal(true);
      const id = createHash('sha256').update(new X509Certificate(admin.cert).raw).digest('hex');
      expect(new ClientCertificateAuthenticator().authenticate({ socket } as unknown as IncomingMessage)).to.deep.equal({
        name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'], extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${id}`] },
      });
      client.destroy();
    } finally {
      server.close();
    }
  });
});
