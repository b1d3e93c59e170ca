import { expect } from 'chai';
import { certificateRequest } from '#test/fixtures/certificate-requests.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { parseCertificateRequest } from './certificate-request.ts';
import { pemBlocks } from './pem.ts';

const pem = (bytes: Buffer, type = 'CERTIFICATE REQUEST'): string => `-----BEGIN ${type}-----\n${bytes.toString('base64')}\n-----END ${type}-----\n`;

describe('parseCertificateRequest', () => {
  it('reads who is asked for, and under which names', async () => {
    const request = parseCertificateRequest(await certificateRequest({
      commonName: 'system:node:n1', organizations: ['system:nodes', 'zweite: ä'],
      names: [{ type: 'dns', value: 'n1' }, { type: 'dns', value: 'n1.example.com' }, { type: 'ip', value: '10.0.0.1' }, { type: 'ip', value: '2001:db8::1' }, { type: 'email', value: 'a@b.c' }, { type: 'url', value: 'https://x/' }],
    }));
    expect(request).to.deep.include({
      commonName: 'system:node:n1', organizations: ['system:nodes', 'zweite: ä'], dnsNames: ['n1', 'n1.example.com'], ipAddresses: ['10.0.0.1', '2001:db8::1'],
      emailAddresses: ['a@b.c'], uris: ['https://x/'],
    });
    expect([request.isSigned(), request.publicKey.asymmetricKeyType]).to.deep.equal([true, 'ec']);
    expect(parseCertificateRequest(await certificateRequest({ commonName: 'plain' })).dnsNames).to.deep.equal([]);
  });

  it('knows the hash that goes with a longer key', async () => {
    const request = parseCertificateRequest(await certificateRequest({ commonName: 'x', algorithm: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' } }));
    expect(request.isSigned()).to.equal(true);
  });

  it('notices that a request was changed after it was signed', async () => {
    const { der } = parseCertificateRequest(await certificateRequest({ commonName: 'alice' }));
    const changed = Buffer.from(der);
    changed.write('mallo', changed.indexOf('alice'));
    const request = parseCertificateRequest(pem(changed));
    expect([request.commonName, request.isSigned()]).to.deep.equal(['mallo', false]);
  });

  it('says what is wrong with other texts', async () => {
    const { der } = parseCertificateRequest(await certificateRequest({ commonName: 'alice' }));
    for (const text of ['', 'nonsense', pem(der, 'CERTIFICATE'), pem(der).replace('-----END', '-----ENDE')]) {
      expect(() => parseCertificateRequest(text), text.slice(0, 30)).to.throw('PEM block type must be CERTIFICATE REQUEST');
    }
    for (const bytes of [Buffer.alloc(0), Buffer.from([0x30, 0x80]), der.subarray(0, -1), Buffer.concat([der, Buffer.from([0])]), Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff])]) {
      expect(() => parseCertificateRequest(pem(bytes)), bytes.subarray(0, 8).toString('hex')).to.throw(/^malformed certificate request: /);
    }
  });

  it('survives any change of a byte with a result or a sentence', async () => {
    const { der } = parseCertificateRequest(await certificateRequest({ commonName: 'alice', organizations: ['a'], names: [{ type: 'ip', value: '10.0.0.1' }] }));
    const random = seededRandom(3);
    let signed = 0;
    for (let i = 0; i < 1500; i++) {
      const changed = Buffer.from(der);
      const at = Math.floor(random() * changed.length);
      changed[at] = ((changed[at] ?? 0) + 1 + Math.floor(random() * 255)) & 0xff;
      try {
        if (parseCertificateRequest(pem(changed)).isSigned()) signed++;
      } catch (error) {
        expect((error as Error).message).to.match(/^malformed certificate request: /);
      }
    }
    expect(signed).to.equal(0);
  });
});

describe('pemBlocks', () => {
  it('finds whole blocks among other lines', () => {
    const blocks = pemBlocks(`hello\n${pem(Buffer.from('a'), 'X')}noise\r\n-----BEGIN Y-----\r\nProc-Type: 4\r\n\r\nYg==\r\n-----END Y-----\r\n-----BEGIN Z-----\nYg==\n`);
    expect(blocks.map(({ type, hasHeaders, bytes }) => [type, hasHeaders, bytes.toString()])).to.deep.equal([['X', false, 'a'], ['Y', true, 'b']]);
    expect(pemBlocks('-----BEGIN X-----\nnot base64!\n-----END X-----')).to.deep.equal([]);
  });

  it('takes time that grows with the length only', () => {
    const begun = process.hrtime.bigint();
    expect(pemBlocks('-----BEGIN X-----\n'.repeat(150_000))).to.deep.equal([]);
    expect(Number(process.hrtime.bigint() - begun) / 1e6, 'ms').to.be.lessThan(1000);
  });
});
