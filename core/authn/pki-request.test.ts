import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import 'reflect-metadata/lite';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { expect } from 'chai';
import { issueAuthority, issueLeaf, signingAlgorithm, type KeyPair } from './pki-issue.ts';
import { readRequest, signRequest } from './pki-request.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const newKeys = () => crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);

async function request(name: string, dns: string[] = []): Promise<string> {
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name, keys: await newKeys(), signingAlgorithm,
    extensions: dns.length === 0 ? [] : [new SubjectAlternativeNameExtension([...dns.map((value) => ({ type: 'dns' as const, value })), { type: 'ip', value: '10.0.0.1' }])],
  });
  return csr.toString('pem');
}
const problem = (pem: string): Promise<string> => readRequest(pem).then(() => '', (error: Error) => error.message);

describe('certificate requests', () => {
  let authority: KeyPair;
  before(async () => {
    authority = await issueAuthority('test-ca', { notBefore: new Date(now), notAfter: new Date(now + 10 * 24 * 3600_000) });
  });

  it('are read with all their names', async () => {
    expect((await readRequest(await request('O=system:nodes, CN=system:node:n1', ['n1', 'n1.local']))).content).to.deep.equal({
      commonName: 'system:node:n1', organizations: ['system:nodes'], dnsNames: ['n1', 'n1.local'], ipAddresses: ['10.0.0.1'], emailAddresses: [], uris: [],
    });
  });

  it('become certificates that the authority signed, for the uses and the time asked', async () => {
    const pem = await signRequest(authority, await request('O=dev, CN=jane', ['jane.example.com']), { usages: ['client auth', 'digital signature'], seconds: 3600 }, now);
    const certificate = new X509Certificate(pem);
    expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).to.equal(true);
    expect(certificate.subject).to.equal('O=dev\nCN=jane');
    expect(certificate.subjectAltName).to.equal('DNS:jane.example.com, IP Address:10.0.0.1');
    expect(certificate.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.ca).to.equal(false);
    expect(certificate.validToDate.getTime()).to.equal(now + 3600_000);
    expect(certificate.validFromDate.getTime()).to.equal(now - 300_000);
  });

  it('open a TLS connection, also when they ask for no use of the key itself', async () => {
    const keys = await newKeys();
    const csr = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=jane', keys, signingAlgorithm });
    const der = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
    const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
    const day = 24 * 3600_000;
    const ca = await issueAuthority('test-ca', { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) });
    const leaf = await issueLeaf(ca, { commonName: 'server', usage: 'server', hosts: ['127.0.0.1'], notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) });
    const cert = await signRequest(ca, csr.toString('pem'), { usages: ['client auth'], seconds: 3600 }, Date.now());
    const server = createServer({ ca: ca.cert, cert: leaf.cert, key: leaf.key, requestCert: true, rejectUnauthorized: false });
    try {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const seen = once(server, 'secureConnection') as Promise<[TLSSocket]>;
      const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca: ca.cert, cert, key });
      const [socket] = await seen;
      expect([socket.authorized, socket.getPeerCertificate().subject.CN]).to.deep.equal([true, 'jane']);
      client.destroy();
      socket.destroy();
    } finally {
      server.close();
    }
  });

  it('get nothing that outlives the authority', async () => {
    const pem = await signRequest(authority, await request('CN=jane'), { usages: ['client auth'], seconds: 365 * 24 * 3600 }, now);
    expect(new X509Certificate(pem).validToDate.getTime()).to.equal(now + 10 * 24 * 3600_000);
  });

  it('are refused when they are none, or were changed', async () => {
    expect(await problem('garbage')).to.equal('the request is not a PKCS#10 certificate request in PEM');
    const good = await request('CN=jane');
    const [head, body, ...rest] = good.split('\n');
    const bytes = Buffer.from(good.split('\n').slice(1, -1).join(''), 'base64');
    bytes[bytes.indexOf('jane')] = 'k'.charCodeAt(0);
    expect([head, body, rest.length > 0]).to.not.include(undefined);
    const changed = `${head}\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(await problem(changed)).to.equal("the request's signature does not fit its key");
  });
});
