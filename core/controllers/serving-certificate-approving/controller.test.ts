import { expect } from 'chai';
import { parseCertificateRequest } from '#core/api/certificates/certificate-request.ts';
import { CertificateSigningRequest, signers } from '#core/api/schema/certificates-v1.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { base64, certificateRequest } from '#test/fixtures/certificate-requests.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { ServingCertificateApprovingController } from './controller.ts';

describe('ServingCertificateApprovingController', () => {
  let client: FakeClient;
  let clock: FakeClock;
  let manager: Manager;
  let events: string[];

  beforeEach(async () => {
    clock = new FakeClock();
    // Who asks is for the server to say: here the test does.
    client = new FakeClient();
    events = [];
    const record = ({ metadata }: { readonly metadata: { readonly name: string } }, reason: string, message: string): void => {
      events.push(`${metadata.name} ${reason} ${message.replace(/^The request \S+/, '…')}`);
    };
    const informers = new SharedInformers({ reader: client, clock, logger: silentLogger });
    manager = new Manager({
      informers, clock, logger: silentLogger,
      controllers: [new ServingCertificateApprovingController({
        client, informers, clock, recorder: { normal: record, warning: record }, reservedHosts: ['192.0.2.100'],
        signer: { read: async (pem) => parseCertificateRequest(pem), sign: () => Promise.reject(new Error('unused')) },
      })],
    });
    await manager.start(new AbortController().signal);
  });
  afterEach(() => manager.stop());

  const node = (address: string) => client.create(Node, { metadata: { name: 'n1' }, spec: {}, status: { addresses: [{ type: 'InternalIP', address }] } });
  async function ask(name: string, changes: { readonly username?: string; readonly groups?: string[]; readonly commonName?: string; readonly usages?: string[]; readonly signerName?: string } = {}): Promise<void> {
    const { username = 'system:node:n1', groups = ['system:nodes', 'system:authenticated'], commonName = 'system:node:n1', usages = ['digital signature', 'server auth'], signerName = signers.kubeletServing } = changes;
    const pem = await certificateRequest({ commonName, organizations: ['system:nodes'], names: [{ type: 'dns', value: 'n1' }, { type: 'ip', value: '192.0.2.1' }] });
    await client.create(CertificateSigningRequest, { metadata: { name }, spec: { request: base64(pem), signerName, usages, username, groups }, status: {} } as never);
  }
  const approved = async (): Promise<string[]> => (await client.list(CertificateSigningRequest)).items.filter(({ status }) => status.conditions?.some(({ type }) => type === 'Approved')).map(({ metadata }) => metadata.name);

  it('approves what a node asks for itself', async () => {
    await node('192.0.2.1');
    await ask('good');
    await settle(20);
    expect(await approved()).to.deep.equal(['good']);
    expect((await client.get(CertificateSigningRequest, { name: 'good' })).status.conditions).to.deep.include({
      type: 'Approved', status: 'True', reason: 'AutoApproved', message: "Auto approving kubelet serving certificate: its names and addresses are the node's own.",
      lastUpdateTime: '2025-01-01T00:00:00Z', lastTransitionTime: '2025-01-01T00:00:00Z',
    });
  });

  it('waits until the node says which addresses it has', async () => {
    await ask('early');
    await settle(20);
    expect(await approved()).to.deep.equal([]);
    await node('192.0.2.1');
    await settle(20);
    expect(await approved()).to.deep.equal(['early']);
  });

  it('leaves to others what is not so, and says why', async () => {
    await node('192.0.2.1');
    await ask('for-another', { commonName: 'system:node:n2' });
    await ask('by-a-user', { username: 'admin', groups: ['system:masters'] });
    await ask('by-no-node', { groups: ['system:authenticated'] });
    await ask('of-a-stranger', { username: 'system:node:n7' });
    await ask('for-a-client', { usages: ['digital signature', 'client auth'] });
    await ask('of-another-signer', { signerName: signers.apiServerClientKubelet });
    await settle(20);
    expect(await approved()).to.deep.equal([]);
    expect(events.toSorted()).to.deep.equal([
      'n1 ServingCertificateNotApproved … for a serving certificate waits for somebody to approve it: it is not for the node itself',
      'n1 ServingCertificateNotApproved … for a serving certificate waits for somebody to approve it: usage client auth is not allowed for kubernetes.io/kubelet-serving',
    ]);
  });
});
