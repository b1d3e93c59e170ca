import { createPrivateKey, createPublicKey } from 'node:crypto';
import { expect } from 'chai';
import { readRequest } from '#core/authn/pki-request.ts';
import { parseCertificateRequest } from '#core/api/certificates/certificate-request.ts';
import { newPrivateKey, signingRequest } from './signing-request.ts';

const subject = { commonName: 'system:node:n1', organization: 'system:nodes', dnsNames: ['n1', 'n1.example.com'], ipAddresses: ['192.0.2.1', '2001:db8::1'] };

describe('signingRequest', () => {
  it('says who asks, and for which names, to those who know the form', async () => {
    const key = newPrivateKey();
    const pem = signingRequest(key, subject);
    const { content } = await readRequest(pem);
    expect(content).to.deep.equal({
      commonName: 'system:node:n1', organizations: ['system:nodes'], dnsNames: ['n1', 'n1.example.com'], ipAddresses: ['192.0.2.1', '2001:db8::1'], emailAddresses: [], uris: [],
    });
    const read = parseCertificateRequest(pem);
    expect(read.isSigned()).to.equal(true);
    expect(read.publicKey.equals(createPublicKey(createPrivateKey(key)))).to.equal(true);
    for (const line of pem.split('\n')) expect(line.length).to.be.at.most(64);
  });

  it('asks for no names where there are none, and for many', async () => {
    expect(parseCertificateRequest(signingRequest(newPrivateKey(), { ...subject, dnsNames: [], ipAddresses: [] }))).to.deep.include({ dnsNames: [], ipAddresses: [] });
    const dnsNames = Array.from({ length: 3000 }, (_, i) => `name-${i}.example.com`);
    expect(parseCertificateRequest(signingRequest(newPrivateKey(), { ...subject, dnsNames })).dnsNames).to.deep.equal(dnsNames);
  });

  it('refuses an address that is none', () => {
    expect(() => signingRequest(newPrivateKey(), { ...subject, ipAddresses: ['300.1.1.1'] })).to.throw(RangeError, '"300.1.1.1" is no IP address');
  });
});
