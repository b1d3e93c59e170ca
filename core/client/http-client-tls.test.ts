import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { BasicConstraintsExtension, PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator, type X509Certificate } from '@peculiar/x509';
import { expect } from 'chai';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { systemClock } from '#core/kernel/clock.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import { HttpClient } from './http-client.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { writeKubeconfig } from './write-kubeconfig.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface Identity {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly cert: string;
  readonly key: string;
}

async function identity(subject: string, issuer?: Identity, dns?: string): Promise<Identity> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: '01', subject, issuer: issuer?.certificate.subject ?? subject,
    notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000),
    publicKey: keys.publicKey, signingKey: (issuer?.keys ?? keys).privateKey, signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(issuer === undefined), ...(dns === undefined ? [] : [new SubjectAlternativeNameExtension([{ type: 'dns', value: dns }])])],
  });
  return { certificate, keys, cert: certificate.toString('pem'), key: PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY') };
}

describe('HttpClient over TLS', () => {
  let server: Server;
  let connection: ClusterConnection;
  let stranger: Identity;

  before(async () => {
    const authority = await identity('CN=authority');
    const host = await identity('CN=server', authority, 'keelson.test');
    const me = await identity('CN=me, O=system:masters', authority);
    stranger = await identity('CN=stranger');
    server = createServer({ cert: host.cert, key: host.key, ca: authority.cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const socket = request.socket as TLSSocket;
      const who = socket.authorized ? socket.getPeerCertificate().subject.CN : 'anonymous';
      response.end(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: who, labels: { protocol: socket.getProtocol() } } }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    connection = { server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: authority.cert, cert: me.cert, key: me.key, serverName: 'keelson.test' };
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  async function whoAmI(change: Partial<ClusterConnection> = {}): Promise<string> {
    // Through a kubeconfig, so that what is written there is what connects.
    const client = new HttpClient(readKubeconfig(writeKubeconfig({ ...connection, ...change })), { clock: systemClock });
    try {
      return (await client.get(Namespace, { name: 'x' })).metadata.name;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      client.close();
    }
  }

  it('shows its certificate and checks the server\'s', async () => {
    expect(await whoAmI()).to.equal('me');
    expect(await whoAmI({ cert: undefined, key: undefined })).to.equal('anonymous');
    expect(await whoAmI({ cert: stranger.cert, key: stranger.key })).to.equal('anonymous');
  });

  it('talks to no server that another authority vouches for, or that has another name', async () => {
    expect(await whoAmI({ ca: stranger.cert })).to.match(/no answer from the server: .*certificate/);
    expect(await whoAmI({ ca: undefined })).to.match(/no answer from the server: .*certificate/);
    expect(await whoAmI({ serverName: 'elsewhere.test' })).to.match(/no answer from the server: .*altnames/);
    expect(await whoAmI({ serverName: undefined })).to.match(/no answer from the server: .*altnames/);
  });

  it('takes any server when it is told to be insecure', async () => {
    expect(await whoAmI({ ca: undefined, serverName: undefined, insecure: true })).to.equal('me');
  });
});
