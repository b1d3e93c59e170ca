import { once } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as tcpConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { FlowSchema, PriorityLevelConfiguration } from '#core/api/schema/flowcontrol-v1.ts';
import { ClusterRole, ClusterRoleBinding, rbacGroup } from '#core/api/schema/rbac-v1.ts';
import type { LimitOptions } from '#core/apiserver/limits/limits.ts';
import { configMap, maps } from '#test/fixtures/config-maps.ts';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { eventually } from '#test/fixtures/eventually.ts';

describe('limits over HTTPS', () => {
  let plane: ControlPlane;
  /** Lets go of the writes that the test holds up. */
  let release: () => void;
  let held: number;

  /** Configuration maps named `slow…` take until they are released; everybody may do everything. */
  async function start(limits: LimitOptions = {}): Promise<void> {
    const gate = Promise.withResolvers<void>();
    held = 0;
    release = gate.resolve;
    plane = await startControlPlane({ limits, admission: [{
      name: 'Slow',
      mutate: async ({ name }) => {
        if (!name.startsWith('slow')) return;
        held++;
        await gate.promise;
      },
    }] });
    await plane.client.create(ClusterRole, { metadata: { name: 'all' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, { nonResourceURLs: ['*'], verbs: ['*'] }] });
    await plane.client.create(ClusterRoleBinding, { metadata: { name: 'all' }, roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'all' }, subjects: [{ kind: 'Group', apiGroup: rbacGroup, name: 'system:authenticated' }] });
  }
  afterEach(async () => {
    release();
    await plane.stop();
  });

  const as = (user: string): Record<string, string> => ({ 'Impersonate-User': user });
  const create = (name: string, user: string): Promise<Answer> => plane.send('POST', maps, { body: configMap(name), headers: as(user) });
  const uidOf = async (kind: typeof FlowSchema | typeof PriorityLevelConfiguration, name: string): Promise<string> => (await plane.client.get(kind as typeof FlowSchema, { name })).metadata.uid;
  const kept = (): Promise<void> => eventually(async () => (await plane.client.list(FlowSchema)).items.length >= 13 && (await plane.client.list(FlowSchema)).items.every(({ status }) => status.conditions?.length === 1), 'the objects of every cluster');

  it('one user\'s flood keeps nobody else from being served, and what is too much is turned away', async () => {
    // 20 of 245 seats are those of ordinary users, and 9 queues of theirs may be borrowed from nobody.
    await start({ requests: 60 });
    await kept();
    for (const level of ['global-default', 'system', 'node-high', 'workload-high', 'workload-low']) {
      await plane.client.patch(PriorityLevelConfiguration, { name: level }, { type: 'merge', document: { spec: { limited: { lendablePercent: 0 } }, metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } } } });
    }
    await plane.client.patch(PriorityLevelConfiguration, { name: 'global-default' }, { type: 'merge', document: { spec: { limited: { limitResponse: { queuing: { queues: 16, handSize: 2, queueLengthLimit: 5 } } } } } });
    const flood = Array.from({ length: 40 }, (_, i) => create(`slow-${i}`, 'mallory'));
    const turned: Answer[] = [];
    for (const one of flood) void one.then((answer) => answer.code === 429 && turned.push(answer));
    await eventually(() => held === 5 && turned.length === 25, 'five at work, ten waiting, the others turned away');
    expect(turned[0]!.body).to.deep.include({ reason: 'TooManyRequests', code: 429, details: { retryAfterSeconds: 1 } });
    expect(turned[0]!.headers).to.include({ 'retry-after': '1' });
    expect(turned[0]!.headers['x-kubernetes-pf-flowschema-uid']).to.equal(await uidOf(FlowSchema, 'global-default'));
    expect(turned[0]!.headers['x-kubernetes-pf-prioritylevel-uid']).to.equal(await uidOf(PriorityLevelConfiguration, 'global-default'));
    expect((await plane.send('GET', maps, { headers: { ...as('system:node:n1'), 'Impersonate-Group': 'system:nodes' } })).code, 'a node').to.equal(200);
    expect((await plane.send('GET', maps)).code, 'an administrator').to.equal(200);
    for (const path of ['/healthz', '/readyz', '/livez/ping']) expect((await plane.send('GET', path, { headers: as('mallory') })).code, path).to.be.oneOf([200, 404]);
    const jane = create('janes', 'jane');
    release();
    expect((await jane).code).to.equal(201);
    const answers = await Promise.all(flood);
    expect(answers.filter(({ code }) => code === 201)).to.have.length(15);
  });

  it('slow bodies keep nobody from being served, and are not waited for for ever', async () => {
    await start({ requests: 4, bodyMs: 300 });
    const body = JSON.stringify(configMap('crawl'));
    const crawlers = Array.from({ length: 200 }, () => {
      const request = httpsRequest(`${plane.server.url}${maps}`, {
        method: 'POST', agent: false, ca: plane.pki.ca, ...plane.pki.admin, headers: { ...as('mallory'), 'Content-Type': 'application/json', 'Content-Length': String(body.length) },
      });
      const answered = once(request, 'response').then(([response]) => (response as { statusCode: number }).statusCode, () => 0);
      request.write(body.slice(0, 10));
      return { request, answered };
    });
    expect((await create('fast', 'mallory')).code).to.equal(201);
    expect((await create('jane', 'jane')).code).to.equal(201);
    expect(await crawlers[0]!.answered).to.equal(408);
    for (const { request } of crawlers) request.on('error', () => undefined).destroy();
  }).timeout(10_000);

  it('bodies fill no more memory than they may, and no user fills it alone', async () => {
    await start({ bodyBytes: 100_000 });
    const large = (name: string, user: string, size: number) => plane.send('POST', maps, { body: configMap(name, { a: 'x'.repeat(size) }), headers: as(user) });
    const first = large('slow-1', 'mallory', 40_000);
    await eventually(() => held === 1, 'the first to be held up');
    expect((await large('b', 'mallory', 20_000)).code, 'more than half').to.equal(429);
    expect((await large('c', 'jane', 40_000)).code).to.equal(201);
    release();
    expect((await first).code).to.equal(201);
    expect((await large('d', 'mallory', 40_000)).code, 'given back').to.equal(201);
  });

  it('schemas and levels exist, say whether they fit, come back, and are left to who changes them', async () => {
    await start();
    await kept();
    const levels = (await plane.client.list(PriorityLevelConfiguration)).items.map(({ metadata }) => metadata.name);
    expect(levels).to.have.members(['catch-all', 'exempt', 'global-default', 'leader-election', 'node-high', 'system', 'workload-high', 'workload-low']);
    const { status, metadata } = await plane.client.get(FlowSchema, { name: 'service-accounts' });
    expect(metadata.annotations).to.deep.equal({ 'apf.kubernetes.io/autoupdate-spec': 'true' });
    expect(status.conditions?.[0]).to.include({ type: 'Dangling', status: 'False', reason: 'Found', message: 'This FlowSchema references the PriorityLevelConfiguration object named "workload-low" and it exists' });
    await plane.client.create(FlowSchema, { metadata: { name: 'lost' }, spec: { priorityLevelConfiguration: { name: 'nowhere' }, matchingPrecedence: 77 } });
    await eventually(async () => (await plane.client.get(FlowSchema, { name: 'lost' })).status.conditions?.[0]?.status === 'True', 'the schema to dangle');
    await plane.client.delete(PriorityLevelConfiguration, { name: 'workload-low' });
    await eventually(async () => (await plane.client.list(PriorityLevelConfiguration)).items.length === 8, 'the level to come back');
    const patch = (spec: object, more: object = {}) => plane.client.patch(FlowSchema, { name: 'service-accounts' }, { type: 'merge', document: { spec, ...more } });
    const precedence = async (): Promise<number | undefined> => (await plane.client.get(FlowSchema, { name: 'service-accounts' })).spec.matchingPrecedence;
    await patch({ matchingPrecedence: 8000 });
    await eventually(async () => (await precedence()) === 9000, 'the standard to come back');
    await patch({ matchingPrecedence: 8000 }, { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } } });
    await plane.client.delete(FlowSchema, { name: 'lost' });
    await plane.client.delete(FlowSchema, { name: 'probes' });
    await eventually(async () => (await plane.client.list(FlowSchema)).items.length === 13, 'another look');
    expect(await precedence()).to.equal(8000);
    const answer = await plane.send('GET', maps, { headers: as('system:serviceaccount:default:x') });
    expect(answer.headers['x-kubernetes-pf-flowschema-uid']).to.equal(await uidOf(FlowSchema, 'service-accounts'));
  });

  it('watches are bounded for each user', async () => {
    await start({ streamsPerUser: 2, streams: 3 });
    const watch = (user: string) => plane.open('GET', `${maps}?watch=1`, { headers: as(user) });
    const open = [await watch('jane'), await watch('jane')];
    const third = await plane.send('GET', `${maps}?watch=1`, { headers: as('jane') });
    expect([third.code, third.body.message]).to.deep.equal([429, 'Too many requests, please try again later: the user has 2 watches and streams open already']);
    open.push(await watch('joe'));
    expect((await plane.send('GET', `${maps}?watch=1`, { headers: as('jack') })).code).to.equal(429);
    expect((await plane.send('GET', maps, { headers: as('jane') })).code).to.equal(200);
    for (const response of open) response.destroy();
    await eventually(async () => {
      const again = await watch('jane');
      again.destroy();
      return again.statusCode === 200;
    }, 'a place that was left');
  });

  it('a watch takes a seat only to begin', async () => {
    await start({ requests: 1 });
    const watches = await Promise.all(Array.from({ length: 30 }, () => plane.open('GET', `${maps}?watch=1`, { headers: as('jane') })));
    expect(watches.map(({ statusCode }) => statusCode)).to.deep.equal(Array.from({ length: 30 }, () => 200));
    for (const response of watches) response.destroy();
  });

  it('a reader of a list that takes nothing is cut off', async () => {
    await start({ stallMs: 400 });
    for (let i = 0; i < 30; i++) await plane.client.create(ConfigMap, { metadata: { namespace: 'default', name: `large-${i}` }, data: { a: 'x'.repeat(900_000) } });
    const connections = (): number => (plane.server as unknown as { sockets: Set<Socket> }).sockets.size;
    const before = connections();
    const socket = tlsConnect({ host: '127.0.0.1', port: Number(new URL(plane.server.url).port), ca: plane.pki.ca, ...plane.pki.admin });
    await once(socket, 'secureConnect');
    socket.pause();
    socket.on('error', () => undefined);
    socket.write(`GET ${maps} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await eventually(() => connections() === before + 1, 'the reader to come');
    await eventually(() => connections() === before, 'the reader to be cut off');
    socket.destroy();
    expect((await plane.send('GET', `${maps}?limit=1`)).code, 'who reads is not').to.equal(200);
  });

  it('connections are bounded for each address, and handshakes in time', async () => {
    await start({ connectionsPerAddress: 5, handshakeMs: 200 });
    const { port } = new URL(plane.server.url);
    const sockets = Array.from({ length: 8 }, () => tcpConnect(Number(port), '127.0.0.1').on('error', () => undefined));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    let closed = 0;
    for (const socket of sockets) socket.on('close', () => closed++).resume();
    await eventually(() => closed >= 3, 'those beyond the limit to be closed');
    await eventually(() => closed === 8, 'those that say nothing to be closed');
    const agent = new Agent({ ca: plane.pki.ca });
    const answered = httpsRequest(`${plane.server.url}/healthz`, { agent }).end();
    const [response] = (await once(answered, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).to.equal(200);
    agent.destroy();
  });
});
