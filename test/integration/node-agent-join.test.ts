import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { joinCluster, type JoinOptions } from '#core/agent/join/join-cluster.ts';
import { NodeCertificate } from '#core/agent/join/node-certificate.ts';
import { servingWish } from '#core/agent/join/serving-certificate.ts';
import { parseCertificateRequest } from '#core/api/certificates/certificate-request.ts';
import { authorityHash } from '#core/api/certificates/authority-hash.ts';
import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ClusterRoleBinding } from '#core/api/schema/rbac-v1.ts';
import { SelfSubjectReview } from '#core/api/schema/authentication-v1.ts';
import { readKubeconfig } from '#core/client/kubeconfig.ts';
import { createToken, deleteToken, listTokens } from '#core/cli/bootstrap-tokens.ts';
import { startControlPlane, type ControlPlane } from '#core/cli/start-control-plane.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { TcpProxy } from '#test/fixtures/tcp-proxy.ts';

const hour = 3_600_000;

describe('a node that joins', function () {
  this.timeout(30_000);

  let plane: ControlPlane;
  let folder: string;
  let caHash: string;
  let token: string;

  before(async () => {
    plane = await startControlPlane();
    folder = await mkdtemp(join(tmpdir(), 'keelson-join-'));
    caHash = authorityHash(readKubeconfig(plane.kubeconfig).ca ?? '');
    token = await newToken(Date.now() + hour);
  });
  after(async () => {
    await plane.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A token that the signer has signed with. */
  async function newToken(expires?: number): Promise<string> {
    const made = await createToken(plane.client, { ...(expires === undefined ? {} : { expires }) });
    await eventually(async () => (await info()).includes(`jws-kubeconfig-${made.slice(0, 6)}`), 'the signature');
    return made;
  }
  const info = async (): Promise<string[]> => Object.keys((await plane.client.get(ConfigMap, { namespace: 'kube-public', name: 'cluster-info' }).catch(() => undefined))?.data ?? {});
  const within = (ms = 15_000): AbortSignal => AbortSignal.timeout(ms);
  const options = (nodeName: string, changes: Partial<JoinOptions> = {}): JoinOptions => ({
    server: plane.url, nodeName, dir: join(folder, nodeName), clock: systemClock, logger: silentLogger,
    credentials: { token, caHashes: [caHash], skipsCaVerification: false }, ...changes,
  });
  const failure = async (nodeName: string, changes: Partial<JoinOptions>): Promise<string> => joinCluster(options(nodeName, changes), within()).then(
    (membership) => {
      membership.close();
      return 'joined';
    }, (error: unknown) => (error as Error).message,
  );
  const requestsOf = async (nodeName: string): Promise<CertificateSigningRequest[]> => {
    const { items } = await plane.client.list(CertificateSigningRequest);
    return items.filter(({ spec }) => parseCertificateRequest(Buffer.from(spec.request, 'base64').toString()).commonName === `system:node:${nodeName}`);
  };

  it('has a certificate of its own after that, and its rights', async () => {
    const { client, close } = await joinCluster(options('n1'), within());
    const { status } = await client.create(SelfSubjectReview, { metadata: {} });
    expect(status.userInfo).to.deep.include({ username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] });
    await client.create(Node, { metadata: { name: 'n1' } });
    const refused: unknown = await client.create(Node, { metadata: { name: 'n2' } }).catch((error: unknown) => error);
    expect(refused).to.have.property('message', 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"');
    expect((await client.list(Node)).items.map(({ metadata }) => metadata.name)).to.deep.equal(['n1']);
    expect((await client.list(Pod)).items).to.deep.equal([]);
    expect(await client.list(Secret, { namespace: 'kube-system' }).catch((error: unknown) => (error as { reason: string }).reason)).to.equal('Forbidden');
    close();
    expect((await readdir(join(folder, 'n1'))).toSorted()).to.deep.equal(['client.pem', 'cluster.json']);
  });

  it('joins again without a token, and without another request', async () => {
    const { client, close } = await joinCluster(options('n1', { credentials: { token: undefined, caHashes: [], skipsCaVerification: false } }), within());
    expect((await client.get(Node, { name: 'n1' })).metadata.name).to.equal('n1');
    close();
    expect(await requestsOf('n1')).to.have.length(1);
  });

  it('goes on where it was killed', async () => {
    const abort = new AbortController();
    const proxy = await TcpProxy.start(new URL(plane.url).host);
    const server = `https://${proxy.address}`;
    // Nobody hears of the certificate: it is asked for, and the way is cut.
    const asked = joinCluster(options('n3', { server }), abort.signal).catch((error: unknown) => error);
    await eventually(async () => (await requestsOf('n3')).length > 0, 'the request');
    proxy.cut();
    abort.abort(new Error('killed'));
    await asked;
    const left = await readdir(join(folder, 'n3'));
    proxy.mend();
    const { close } = await joinCluster(options('n3', { server }), within());
    close();
    await proxy.stop();
    expect(left).to.include('cluster.json');
    expect(await requestsOf('n3')).to.have.length(1);
    expect((await readdir(join(folder, 'n3'))).toSorted()).to.deep.equal(['client.pem', 'cluster.json']);
  });

  it('asks for another certificate when the file is damaged', async () => {
    await joinCluster(options('n4'), within()).then(({ close }) => close());
    await writeFile(join(folder, 'n4', 'client.pem'), 'half a certif');
    await joinCluster(options('n4'), within()).then(({ close }) => close());
    expect(await readFile(join(folder, 'n4', 'client.pem'), 'utf8')).to.match(/^-----BEGIN CERTIFICATE-----[^]+-----BEGIN PRIVATE KEY-----/);
  });

  it('takes no other cluster than that of the hash', async () => {
    const other = `sha256:${'0'.repeat(64)}`;
    expect(await failure('n5', { credentials: { token, caHashes: [other], skipsCaVerification: false } }))
      .to.equal(`the cluster at ${plane.url} has the authority ${caHash}, not ${other}: either --ca-hash is wrong, or somebody else answers in the cluster's name`);
    expect(await failure('n1', { credentials: { token, caHashes: [other], skipsCaVerification: false } })).to.match(/^this machine belongs to a cluster with the authority sha256:/);
    expect(await failure('n5', { credentials: { token, caHashes: [], skipsCaVerification: false } })).to.match(/^to know the cluster, the agent needs --ca-hash/);
    expect(await failure('n5', { credentials: { token, caHashes: [], skipsCaVerification: true } })).to.equal('joined');
  });

  it('says what is wrong with its token', async () => {
    const secretOf = (text: string): string => text.slice(7);
    const wrongId = `zzzzzz.${secretOf(token)}`;
    const wrongSecret = `${token.slice(0, 6)}.${'0'.repeat(16)}`;
    const withToken = (text: string | undefined): Partial<JoinOptions> => ({ credentials: { token: text, caHashes: [caHash], skipsCaVerification: false } });
    expect(await failure('n6', withToken(wrongId))).to.match(/has no bootstrap token "zzzzzz" to sign with: it was never made, or has expired/);
    expect(await failure('n6', withToken(wrongSecret))).to.match(/is not signed with the token's secret: either the token is wrong/);
    expect(await failure('n6', withToken('nonsense'))).to.equal('the token of --token must look like abcdef.0123456789abcdef');
    expect(await failure('n6', withToken(undefined))).to.match(/--token is needed/);
    const short = await newToken(Date.now() + 2000);
    await eventually(async () => !(await info()).includes(`jws-kubeconfig-${short.slice(0, 6)}`), 'the end of the token', 6000);
    expect(await failure('n6', withToken(short))).to.match(/it was never made, or has expired; "keelson token create" there makes one$/);
    await eventually(async () => !(await listTokens(plane.client)).some((one) => one.token === short), 'its removal');
  });

  it('may join with a kubeconfig instead', async () => {
    const connection = readKubeconfig(await plane.kubeconfigFor({ name: 'admin', groups: ['system:masters'] }));
    expect(await failure('n7', { credentials: { connection } })).to.equal('joined');
  });

  it('is told when somebody denies its request', async () => {
    const { client } = plane;
    // May ask, and is not approved of itself.
    const connection = { ...readKubeconfig(plane.kubeconfig), ...readKubeconfig(await plane.kubeconfigFor({ name: 'bootstrapper', groups: ['system:bootstrappers:others'] })) };
    await client.create(ClusterRoleBinding, {
      metadata: { name: 'others-ask' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node-bootstrapper' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:bootstrappers:others' }],
    });
    const joined = joinCluster(options('n8', { credentials: { connection } }), within()).then(() => 'joined', (error: unknown) => (error as Error).message);
    await eventually(async () => (await requestsOf('n8')).length === 1, 'the request');
    const [csr] = await requestsOf('n8');
    if (csr === undefined) throw new Error('there is no request');
    expect(csr.status.conditions ?? []).to.deep.equal([]);
    const now = '2025-01-01T00:00:00Z';
    await client.update(CertificateSigningRequest, { ...csr, status: { conditions: [{ type: 'Denied', status: 'True', reason: 'No', message: 'not this one', lastUpdateTime: now, lastTransitionTime: now }] } }, { subresource: 'approval' });
    expect(await joined).to.match(/^the node "n8" gets no certificate from the cluster at https:.*: the request node-csr-[0-9a-f]+ for a certificate of kubernetes.io\/kube-apiserver-client-kubelet was denied: not this one$/);
    expect(await readdir(join(folder, 'n8'))).to.deep.equal(['cluster.json']);
  });

  it('gets a new certificate in time, and goes on with it', async () => {
    let now = Date.now();
    const clock = { ...systemClock, now: () => now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 20), signal) };
    const membership = await joinCluster(options('n9', { clock, expirationSeconds: 600 }), within());
    await membership.client.create(Node, { metadata: { name: 'n9' } });
    const file = join(folder, 'n9', 'client.pem');
    const first = new X509Certificate(await readFile(file));
    expect((first.validToDate.getTime() - first.validFromDate.getTime()) / 1000).to.be.within(600, 1000);
    const abort = new AbortController();
    const running = membership.run(abort.signal);
    await systemClock.sleep(200);
    expect(new X509Certificate(await readFile(file)).fingerprint256).to.equal(first.fingerprint256);
    now = first.validFromDate.getTime() + 0.9 * (first.validToDate.getTime() - first.validFromDate.getTime()) + 1000;
    await eventually(async () => new X509Certificate(await readFile(file)).fingerprint256 !== first.fingerprint256, 'a new certificate');
    expect((await membership.client.get(Node, { name: 'n9' })).metadata.name).to.equal('n9');
    const requests = await requestsOf('n9');
    expect(requests.map(({ spec }) => spec.username).toSorted()).to.deep.equal([`system:bootstrap:${token.slice(0, 6)}`, 'system:node:n9']);
    abort.abort(new Error('enough'));
    await running;
    membership.close();
  });

  it('gets a serving certificate for what is its own, and for nothing else', async () => {
    const { client, close } = await joinCluster(options('n10'), within());
    const node = await client.create(Node, { metadata: { name: 'n10' } });
    const say = async (...addresses: string[]): Promise<Node> => {
      const { status, ...rest } = await client.get(Node, { name: 'n10' });
      return client.updateStatus(Node, { ...rest, status: { ...status, addresses: [...addresses.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: 'n10' }] } });
    };
    const ask = async (about: Node, withinMs: number): Promise<string> => {
      await rm(join(folder, 'serving'), { recursive: true, force: true });
      const certificate = new NodeCertificate({ dir: join(folder, 'serving'), name: 'serving', wish: () => servingWish(about), client: () => client, clock: systemClock, logger: silentLogger });
      return certificate.renew(within(withinMs)).then(({ cert }) => new X509Certificate(cert).subjectAltName ?? '', () => 'not approved');
    };
    expect(servingWish(node)).to.equal(undefined);
    expect(await ask(await say('192.0.2.10', '2001:db8::10'), 10_000)).to.equal('DNS:n10, IP Address:192.0.2.10, IP Address:2001:DB8:0:0:0:0:0:10');
    expect(await ask(await say('127.0.0.1'), 1500), 'the API server has it').to.equal('not approved');
    await plane.client.create(Node, { metadata: { name: 'n11' }, status: { addresses: [{ type: 'InternalIP', address: '192.0.2.11' }] } });
    expect(await ask(await say('192.0.2.11'), 1500), "another node's").to.equal('not approved');
    const own = await say('192.0.2.10');
    const liar = { ...own, status: { ...own.status, addresses: [{ type: 'InternalIP', address: '192.0.2.99' }] } };
    expect(await ask(liar, 1500), 'not in its status').to.equal('not approved');
    close();
  });

  it('waits for a server that is not there, and is clear about one that is another', async () => {
    const proxy = await TcpProxy.start(new URL(plane.url).host);
    proxy.cut();
    const logger = recordingLogger();
    const joined = joinCluster(options('n12', { server: `https://${proxy.address}`, logger }), within());
    await eventually(() => logger.at('warn').length > 0, 'the first failure');
    proxy.mend();
    const { close } = await joined;
    close();
    expect(logger.at('warn')[0]?.message).to.equal('the cluster cannot be joined yet; trying again');
    await proxy.stop();
    const other = await startControlPlane();
    try {
      expect(await failure('n12-b', { server: other.url })).to.match(/^the cluster at .* has no bootstrap token/);
      const connection = { ...readKubeconfig(plane.kubeconfig), server: other.url };
      expect(await failure('n12-c', { server: other.url, credentials: { connection } })).to.match(/^the server at https:\/\/127.0.0.1:\d+ does not prove that it is the cluster: /);
    } finally {
      await other.stop();
    }
  });

  it('keeps its secrets to itself', async () => {
    expect((await stat(join(folder, 'n1', 'client.pem'))).mode & 0o777).to.equal(0o600);
    expect((await stat(join(folder, 'n1'))).mode & 0o777).to.equal(0o700);
  });

  it('tokens are made, listed and deleted', async () => {
    expect(await createToken(plane.client, { token: 'abcdef.0123456789abcdef', description: 'for a test' })).to.equal('abcdef.0123456789abcdef');
    expect((await listTokens(plane.client)).find(({ token: one }) => one === 'abcdef.0123456789abcdef')).to.deep.include({
      expires: '', usages: ['authentication', 'signing'], description: 'for a test', groups: 'system:bootstrappers:kubeadm:default-node-token',
    });
    const messageOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => '', (error: unknown) => (error as Error).message);
    expect(await messageOf(createToken(plane.client, { token: 'abcdef.0123456789abcdef' }))).to.equal('there is a token with the id "abcdef" already');
    expect(await deleteToken(plane.client, 'abcdef')).to.equal('abcdef');
    expect(await messageOf(deleteToken(plane.client, 'abcdef'))).to.equal('there is no token with the id "abcdef"');
    expect(await messageOf(deleteToken(plane.client, 'nonsense'))).to.match(/neither a token's id/);
  });
});
