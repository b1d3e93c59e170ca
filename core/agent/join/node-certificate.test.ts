import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { issueAuthority, type KeyPair } from '#core/authn/pki-issue.ts';
import { signRequest } from '#core/authn/pki-request.ts';
import { CertificateSigningRequest, signers } from '#core/api/schema/certificates-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { NodeCertificate } from './node-certificate.ts';
import type { CertificateWish } from './request-certificate.ts';

const minute = 60_000;

describe('NodeCertificate', () => {
  let dir: string;
  let clock: FakeClock;
  let client: FakeClient;
  let authority: KeyPair;
  let logger: ReturnType<typeof recordingLogger>;
  let wish: CertificateWish | undefined;
  let given: string[];

  before(async () => {
    const year = { notBefore: new Date(Date.UTC(2024, 0, 1)), notAfter: new Date(Date.UTC(2035, 0, 1)) };
    authority = await issueAuthority('test', year);
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keelson-cert-'));
    clock = new FakeClock();
    client = new FakeClient();
    logger = recordingLogger();
    given = [];
    wish = { subject: { commonName: 'system:node:n1', organization: 'system:nodes', dnsNames: ['n1'], ipAddresses: ['192.0.2.1'] }, signerName: signers.kubeletServing, usages: ['digital signature', 'server auth'] };
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const certificate = (): NodeCertificate => new NodeCertificate({
    dir, name: 'serving', clock, logger, client: () => client, random: () => 0.5, wish: () => wish, changed: ({ cert }) => given.push(new X509Certificate(cert).subjectAltName ?? ''),
  });
  const requests = async () => (await client.list(CertificateSigningRequest)).items;
  /** What the signer does with all that is open. */
  async function sign(seconds = 3600): Promise<void> {
    for (const csr of await requests()) {
      if (csr.status?.certificate !== undefined) continue;
      const cert = await signRequest(authority, Buffer.from(csr.spec.request, 'base64').toString(), { usages: csr.spec.usages ?? [], seconds }, clock.now());
      await client.updateStatus(CertificateSigningRequest, { ...csr, status: { certificate: Buffer.from(cert).toString('base64') } });
    }
  }
  /** Files take their own time. */
  const until = (holds: () => boolean | Promise<boolean>, what: string): Promise<void> => eventually(async () => {
    await pass(1000);
    // Real time, lest the clock runs far ahead of a slow disk.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return holds();
  }, what, 20_000);
  const untilAsked = (count: number): Promise<void> => until(async () => (await requests()).length === count, `request ${count}`);
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1000) {
      await clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 1));
      await settle(5);
    }
  }

  // The fake server stores what it gets: status is there as the real one has it.
  beforeEach(() => {
    const { create } = client;
    client.create = (async (kind: never, object: object, ...rest: never[]) => Reflect.apply(create, client, [kind, { ...object, status: {} }, ...rest]) as unknown) as FakeClient['create'];
  });

  it('waits, takes its certificate, and renews it at four fifths of its life', async () => {
    const subject = certificate();
    const stop = new AbortController();
    const running = subject.run(stop.signal);
    await untilAsked(1);
    expect(subject.current).to.equal(undefined);
    await sign();
    await until(() => given.length === 1, 'the certificate');
    expect(new X509Certificate(subject.current?.cert ?? '').subjectAltName).to.equal('DNS:n1, IP Address:192.0.2.1');
    await clock.advance(45 * minute);
    await pass(11_000);
    expect(await requests()).to.have.length(1);
    await clock.advance(4 * minute);
    await untilAsked(2);
    await sign();
    await until(() => given.length === 2, 'the second certificate');
    expect(await readdir(dir)).to.deep.equal(['serving.pem']);
    stop.abort(new Error('enough'));
    await clock.advance(1000);
    await running;
  });

  it('goes on with its own request after it was killed, and with its certificate after that', async () => {
    const abort = new AbortController();
    const first = certificate().renew(abort.signal).catch((error: unknown) => error);
    await untilAsked(1);
    abort.abort(new Error('killed'));
    await first;
    expect(await readdir(dir)).to.deep.equal(['serving.next.key']);
    const second = certificate().renew(new AbortController().signal);
    await sign();
    await until(() => given.length === 1, 'the certificate');
    const { cert } = await second;
    expect(await requests()).to.have.length(1);
    expect((await certificate().load())?.cert.trim()).to.equal(cert.trim());
  });

  it('asks anew when what it needs has changed, while it waits and later', async () => {
    const stop = new AbortController();
    const subject = certificate();
    const running = subject.run(stop.signal);
    await untilAsked(1);
    wish = wish && { ...wish, subject: { ...wish.subject, ipAddresses: ['192.0.2.2'] } };
    await untilAsked(2);
    await sign();
    await until(() => given.length === 1, 'the certificate');
    expect(given).to.deep.equal(['DNS:n1, IP Address:192.0.2.2']);
    wish = wish && { ...wish, subject: { ...wish.subject, ipAddresses: ['192.0.2.3'] } };
    await untilAsked(3);
    await sign();
    await until(() => given.length === 2, 'the second certificate');
    expect(given.at(-1)).to.equal('DNS:n1, IP Address:192.0.2.3');
    stop.abort(new Error('enough'));
    await clock.advance(1000);
    await running;
  });

  it('takes another key when it was refused, and says so', async () => {
    const stop = new AbortController();
    const running = certificate().run(stop.signal);
    await untilAsked(1);
    const [csr] = await requests();
    if (csr === undefined) throw new Error('no request');
    await client.updateStatus(CertificateSigningRequest, { ...csr, status: { conditions: [{ type: 'Denied', status: 'True', reason: 'Because', message: '' }] } });
    await untilAsked(2);
    expect(logger.at('warn')[0]?.fields['error']).to.have.property('message').that.matches(/was denied: Because$/);
    stop.abort(new Error('enough'));
    await clock.advance(1000);
    await running;
  });

  it('outlives a server that is away, and damage on the disk', async () => {
    await writeFile(join(dir, 'serving.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await writeFile(join(dir, 'serving.next.key'), 'half');
    client.before = () => {
      throw new StatusError('ServiceUnavailable', 'no answer');
    };
    const stop = new AbortController();
    const subject = certificate();
    expect(await subject.load()).to.equal(undefined);
    const running = subject.run(stop.signal);
    await pass(5000);
    client.before = undefined;
    await untilAsked(1);
    await sign();
    await until(() => subject.current !== undefined, 'the certificate');
    stop.abort(new Error('enough'));
    await clock.advance(1000);
    await running;
  });
});
