import { once } from 'node:events';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ClusterRole, ClusterRoleBinding, rbacGroup } from '#core/api/schema/rbac-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { AuditLog } from '#core/apiserver/audit/audit-log.ts';
import { AuditPolicy } from '#core/apiserver/audit/policy.ts';
import type { KeyPair } from '#core/authn/pki-issue.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { NodeAgent, nodeAgentAuthority } from '#test/fixtures/node-agent.ts';
import { admissionAnswer, jsonPatch, startWebhookServer } from '#test/fixtures/webhook-server.ts';

const namespace = 'default';
const pods = '/api/v1/namespaces/default/pods';

describe('what nodes do for their pods, over HTTPS', () => {
  let plane: ControlPlane;
  let authority: KeyPair;
  let agent: NodeAgent;
  let connects: AdmissionRequest[];
  let audited: { stage: string; verb: string; objectRef?: { subresource?: string }; responseStatus?: { code: number } }[];
  const open = new Set<TLSSocket>();

  const pod = (name: string, nodeName: string | undefined, spec: object = {}) => plane.client.create(Pod, {
    metadata: { namespace, name }, spec: { ...(nodeName === undefined ? {} : { nodeName }), containers: [{ name: 'c', image: 'i' }], ...spec },
  });

  before(async () => {
    authority = await nodeAgentAuthority();
    audited = [];
    plane = await startControlPlane({
      limits: { streamsPerUser: 8 },
      nodeAgentCa: authority.cert,
      audit: new AuditLog(new AuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata', resources: [{ group: '', resources: ['pods/*'] }] }] }), {
        write: (line) => void audited.push(JSON.parse(line)),
      }, systemClock),
      admission: [{
        name: 'Watchman',
        validate: (request) => {
          if (request.operation !== 'CONNECT') return;
          connects.push(request);
          if (request.name === 'barred') throw StatusError.forbidden(Pod, request.name, 'nobody connects to it');
        },
      }],
    });
    agent = await NodeAgent.start({ authority, clientCa: plane.pki.ca });
    await plane.client.create(Node, agent.node('n1'));
    await plane.client.create(Node, { metadata: { name: 'nowhere' } });
    await plane.client.create(Node, { metadata: { name: 'down' }, status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: 1 } } } });
    await pod('web', 'n1');
    await pod('barred', 'n1');
    await pod('many', 'n1', { initContainers: [{ name: 'first', image: 'i' }], containers: [{ name: 'a', image: 'i' }, { name: 'b', image: 'i' }] });
    await pod('waiting', undefined);
    await pod('lost', 'nowhere');
    await pod('unreachable', 'down');
    await pod('orphan', 'gone');
  });
  after(async () => {
    await plane.stop();
    await agent.stop();
  });
  beforeEach(() => {
    agent.seen.length = 0;
    agent.tunnels.length = 0;
    agent.received = '';
    agent.refusal = undefined;
    agent.echoes = true;
    connects = [];
    audited.length = 0;
  });
  afterEach(() => {
    for (const socket of open) socket.destroy();
    open.clear();
  });

  /** Asks to go on in another protocol, and hands over the connection with all that has come. */
  async function upgrade(path: string, { protocol = 'SPDY/3.1', headers = {}, early = '', method = 'POST' } = {}) {
    const socket = tlsConnect({ host: '127.0.0.1', port: Number(new URL(plane.server.url).port), ca: plane.pki.ca, ...plane.pki.admin });
    socket.allowHalfOpen = true;
    open.add(socket);
    await once(socket, 'secureConnect');
    const all = { text: '', ended: false };
    socket.on('close', () => {
      all.ended = true;
    });
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      all.text += chunk;
    });
    socket.on('end', () => {
      all.ended = true;
    });
    socket.on('error', () => undefined);
    const lines = Object.entries({ Host: 'x', Connection: 'Upgrade', Upgrade: protocol, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${early}`);
    await eventually(() => all.text.includes('\r\n\r\n') || all.ended, 'an answer');
    const bodyAt = all.text.indexOf('\r\n\r\n') + 4;
    return { socket, all, head: all.text.slice(0, bodyAt), body: () => all.text.slice(bodyAt) };
  }

  const webSocket = (path: string, protocol: string, headers = {}) =>
    new WebSocket(`${plane.server.url.replace('https', 'wss')}${path}`, protocol, { ca: plane.pki.ca, ...plane.pki.admin, headers });

  describe('a log', () => {
    it('comes from the agent, which is shown our certificate and nothing of the caller\'s', async () => {
      const { code, text, headers } = await plane.send('GET', `${pods}/web/log?container=c&timestamps=true&tailLines=0&sinceTime=2026-01-02T03:04:05%2B01:00&limitBytes=5&follow=false&unknown=x`, { headers: { Cookie: 'a=b' } });
      expect([code, text, headers['content-type']]).to.deep.equal([200, 'first\n', 'text/plain']);
      expect(headers).to.not.have.property('set-cookie');
      const [seen] = agent.seen;
      expect(seen).to.deep.include({ method: 'GET', url: '/containerLogs/default/web/c?timestamps=true&sinceTime=2026-01-02T02%3A04%3A05Z&tailLines=0&limitBytes=5', peer: 'kube-apiserver-kubelet-client' });
      for (const hidden of ['cookie', 'authorization']) expect(seen!.headers).to.not.have.property(hidden);
      expect((await plane.send('GET', `${pods}/web/log?previous=1`)).text).to.equal('before\n');
      expect(connects, 'a log is read').to.deep.equal([]);
      expect(audited.map(({ stage, verb, objectRef }) => [stage, verb, objectRef?.subresource]).slice(0, 3)).to.deep.equal([['RequestReceived', 'get', 'log'], ['ResponseStarted', 'get', 'log'], ['ResponseComplete', 'get', 'log']]);
    });

    it('goes on as it grows, piece by piece, until the reader leaves', async () => {
      const response = await plane.open('GET', `${pods}/web/log?follow=true`);
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      await eventually(() => text === 'first\n', 'what was there');
      agent.say('second\n');
      await eventually(() => text === 'first\nsecond\n', 'what came');
      response.destroy();
      await eventually(() => agent.followed.size === 0, 'the agent to be left');
    });

    it('breaks off when the agent goes', async () => {
      const response = await plane.open('GET', `${pods}/web/log?follow=true`);
      response.resume();
      const failed = once(response, 'error');
      await eventually(() => agent.followed.size === 1, 'a reader');
      agent.crash();
      expect((await failed)[0]).to.have.property('code', 'ECONNRESET');
    });

    it('of a pod without a node is nothing', async () => {
      const { code, text } = await plane.send('GET', `${pods}/waiting/log`);
      expect([code, text, agent.seen]).to.deep.equal([204, '', []]);
    });

    it('is refused in upstream\'s words', async () => {
      const refusals: [string, number, string | RegExp][] = [
        ['none/log', 404, 'pods "none" not found'],
        ['web/log?container=x', 400, 'container x is not valid for pod web'],
        ['many/log', 400, 'a container name must be specified for pod many, choose one of: [first a b]'],
        ['waiting/log?container=x', 400, 'container x is not valid for pod waiting'],
        ['lost/log', 503, /no preferred addresses found/], ['orphan/log', 404, 'nodes "gone" not found'],
        ['unreachable/log?follow=1', 500, /^Get "https:\/\/127.0.0.1:1\/containerLogs\/default\/unreachable\/c\?follow=true": .*ECONNREFUSED/],
        ['web/log?tailLines=-1', 422, 'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0'],
        ['web/log?limitBytes=0', 422, 'PodLogOptions "web" is invalid: limitBytes: Invalid value: 0: must be greater than 0'],
        ['web/log?sinceSeconds=0', 422, 'PodLogOptions "web" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0'],
        ['web/log?sinceSeconds=1&sinceTime=2026-01-02T03:04:05Z', 422, 'PodLogOptions "web" is invalid: : Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified'],
        ['web/log?stream=Stdout', 422, 'PodLogOptions "web" is invalid: stream: Forbidden: may not be specified'],
        ['web/log?tailLines=many', 400, 'strconv.ParseInt: parsing "many": invalid syntax'],
        ['web/log?sinceTime=yesterday', 400, /^parsing time "yesterday"/],
      ];
      for (const [path, code, message] of refusals) {
        const refused = await plane.send('GET', `${pods}/${path}`);
        expect([refused.code, refused.body.kind], path).to.deep.equal([code, 'Status']);
        if (typeof message === 'string') expect(refused.body.message).to.equal(message);
        else expect(refused.body.message).to.match(message);
      }
      expect(agent.seen).to.deep.equal([]);
      expect((await plane.send('POST', `${pods}/web/log`)).code).to.equal(405);
    });

    it('that the agent does not give is refused as the agent says', async () => {
      const refusals: [number, string, string, string | undefined][] = [
        [400, 'container "c" in pod "web" is waiting to start', 'container "c" in pod "web" is waiting to start', 'BadRequest'],
        [500, 'it broke', 'Internal error occurred: it broke', 'InternalError'],
        [404, 'no such pod', 'the server could not find the requested resource ( pods/log web)', 'NotFound'],
        [403, 'not you', 'not you ( pods/log web)', 'Forbidden'],
        [302, 'elsewhere', 'an error on the server ("elsewhere") has prevented the request from succeeding ( pods/log web)', 'InternalError'],
      ];
      for (const [code, text, message, reason] of refusals) {
        agent.refusal = { code, text };
        const { code: answered, body } = await plane.send('GET', `${pods}/web/log`);
        expect([answered, body.message, body.reason], text).to.deep.equal([code === 302 ? 500 : code, message, reason]);
      }
    });
  });

  describe('exec, attach and port-forward', () => {
    it('go on in SPDY, with bytes both ways and at once', async () => {
      const { socket, all, head, body } = await upgrade(`${pods}/web/exec?command=sh&command=-c&command=a%20b&stdin=true&stdout=1&tty=false&container=c`, {
        headers: { 'X-Stream-Protocol-Version': 'v4.channel.k8s.io', Authorization: 'Bearer x' }, early: 'early',
      });
      expect(head).to.match(/^HTTP\/1\.1 101 .*\r\n/).and.to.match(/\r\nupgrade: SPDY\/3\.1\r\n/i).and.to.match(/\r\nx-stream-protocol-version: v4\.channel\.k8s\.io\r\n/i);
      await eventually(() => body() === 'early', 'what was sent with the request');
      const [seen] = agent.seen;
      expect(seen).to.deep.include({ method: 'POST', url: '/exec/default/web/c?input=1&output=1&command=sh&command=-c&command=a+b', peer: 'kube-apiserver-kubelet-client' });
      expect(seen!.headers).to.deep.include({ connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' }).and.not.to.have.property('authorization');
      const big = 'x'.repeat(1 << 20);
      socket.write(big);
      await eventually(() => body().length === 5 + big.length, 'a megabyte to come back');
      expect(connects).to.have.length(1);
      expect(connects[0]).to.deep.include({ operation: 'CONNECT', subresource: 'exec', name: 'web' });
      expect(connects[0]!.object).to.deep.equal({ apiVersion: 'v1', kind: 'PodExecOptions', metadata: {}, stdin: true, stdout: true, container: 'c', command: ['sh', '-c', 'a b'] });
      expect(audited.map(({ stage, verb, responseStatus }) => [stage, verb, responseStatus?.code])).to.deep.equal([['RequestReceived', 'create', undefined], ['ResponseStarted', 'create', 101]]);
      socket.end();
      await eventually(() => all.ended && audited.length === 3, 'the end');
      expect(audited[2]).to.deep.include({ stage: 'ResponseComplete', responseStatus: { metadata: {}, code: 101 } });
    }).timeout(10_000);

    it('give all that was said before one side ended, and then the end', async () => {
      agent.echoes = false;
      const { socket, all, body } = await upgrade(`${pods}/web/attach?stdout=1`);
      const big = 'x'.repeat(1 << 18);
      socket.end(big);
      await eventually(() => agent.received.length === big.length, 'all of it');
      agent.tunnels[0]!.end(`${big}last`);
      await eventually(() => all.ended, 'the end');
      expect(body() === `${big}last`).to.equal(true);
      expect(agent.seen[0]!.url).to.equal('/attach/default/web/c?output=1');
    });

    it('end when the agent goes', async () => {
      const { all, socket } = await upgrade(`${pods}/web/exec?command=x&stdin=1`);
      agent.crash();
      await eventually(() => all.ended, 'the end');
      socket.end();
      await eventually(() => audited.some(({ stage }) => stage === 'ResponseComplete'), 'the audit log to say so');
    });

    it('go on in WebSockets, whose protocol the agent chooses', async () => {
      const client = webSocket(`${pods}/web/exec?command=cat&stdin=1&stdout=1`, 'v5.channel.k8s.io', { 'X-Own': 'yes' });
      const messages: Buffer[] = [];
      client.on('message', (data: Buffer) => void messages.push(data));
      await once(client, 'open');
      expect(client.protocol).to.equal('v5.channel.k8s.io');
      expect(agent.seen[0]).to.deep.include({ method: 'GET', url: '/exec/default/web/c?input=1&output=1&command=cat' });
      client.send(Buffer.from('\0hello'));
      await eventually(() => messages.length === 1, 'an echo');
      expect(messages[0]!.toString()).to.equal('\u0001hello');
      client.send(Buffer.from([255, 0]));
      const [code] = await once(client, 'close');
      expect([code, messages[1]![0], messages[1]!.subarray(1).toString()]).to.deep.include(1000).and.to.include(3);
      expect(messages[1]!.toString()).to.include('"ExitCode"');
      expect(audited[0]).to.include({ verb: 'get' });
    });

    it('forward ports, also in SPDY inside a WebSocket', async () => {
      const { body } = await upgrade(`${pods}/web/portforward?ports=80,443&ports=81`, { early: 'hello' });
      await eventually(() => body() === 'hello', 'an echo');
      const inside = await upgrade(`${pods}/web/portforward`, {
        protocol: 'websocket', method: 'GET', early: 'frames', headers: { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io' },
      });
      expect(inside.head).to.include('Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io').and.to.include('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
      await eventually(() => inside.body() === 'frames', 'an echo');
      expect(agent.seen.map(({ url }) => url)).to.deep.equal(['/portForward/default/web?port=80%2C443%2C81', '/portForward/default/web']);
      expect(connects[0]!.object).to.deep.include({ kind: 'PodPortForwardOptions', ports: [80, 443, 81] });
    });

    it('are refused as the agent says', async () => {
      for (const code of [400, 403]) {
        agent.refusal = { code, text: 'unable to upgrade: no' };
        const { head, body } = await upgrade(`${pods}/web/exec?command=x`);
        expect(head).to.match(new RegExp(`^HTTP/1.1 ${code} `));
        await eventually(() => body() === 'unable to upgrade: no', 'the reason');
      }
      agent.refusal = { code: 200, text: 'welcome' };
      const { head, body } = await upgrade(`${pods}/web/exec?command=x`);
      expect(head).to.match(/^HTTP\/1.1 500 /);
      await eventually(() => body().includes('error dialing backend: invalid upgrade response: status code 200'), 'the reason');
    });

    it('are refused in upstream\'s words', async () => {
      const refusals: [string, number, string][] = [
        ['none/exec?command=x', 404, 'pods \\"none\\" not found'], ['barred/exec?command=x', 403, 'nobody connects to it'],
        ['web/exec?command=x&container=x', 400, 'container x is not valid for pod web'],
        ['many/attach', 400, 'a container name must be specified for pod many, choose one of: [first a b]'],
        ['waiting/exec?command=x', 400, 'pod waiting does not have a host assigned'], ['waiting/portforward', 400, 'pod waiting does not have a host assigned'],
        ['lost/exec?command=x', 503, 'no preferred addresses found'], ['orphan/portforward', 404, 'nodes \\"gone\\" not found'],
        ['unreachable/exec?command=x', 500, 'error dialing backend: connect ECONNREFUSED'],
        ['web/portforward?ports=http', 400, 'cannot convert to []int32: strconv.ParseUint: parsing \\"http\\": invalid syntax'],
      ];
      for (const [path, code, message] of refusals) {
        const { head, body } = await upgrade(`${pods}/${path}`.replace('\\', ''));
        expect(head, path).to.match(new RegExp(`^HTTP/1.1 ${code} `));
        await eventually(() => body().endsWith('}\n') || body().endsWith('}'), 'the reason');
        expect(JSON.stringify(JSON.parse(body()).message), path).to.include(message.replaceAll('\\"', '\\"'));
      }
      const plain = await plane.send('POST', `${pods}/web/exec?command=x`);
      expect([plain.code, plain.body.message]).to.deep.equal([400, 'Upgrade request required']);
      expect((await plane.send('PUT', `${pods}/web/exec?command=x`)).code).to.equal(405);
      expect(agent.seen).to.deep.equal([]);
    });

    it('are for those who may', async () => {
      await plane.client.create(ClusterRole, { metadata: { name: 'viewer' }, rules: [{ apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get'] }, { apiGroups: [''], resources: ['pods/exec'], verbs: ['get'] }] });
      await plane.client.create(ClusterRoleBinding, { metadata: { name: 'viewer' }, roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'viewer' }, subjects: [{ kind: 'User', apiGroup: rbacGroup, name: 'jane' }] });
      const headers = { 'Impersonate-User': 'jane' };
      expect((await plane.send('GET', `${pods}/web/log`, { headers })).code).to.equal(200);
      const refused = await upgrade(`${pods}/web/exec?command=x`, { headers });
      await eventually(() => refused.body().includes('}'), 'the reason');
      expect(JSON.parse(refused.body()).message).to.equal('pods "web" is forbidden: User "jane" cannot create resource "pods/exec" in API group "" in the namespace "default"');
      expect((await upgrade(`${pods}/web/exec?command=x`, { headers, method: 'GET' })).head).to.match(/ 101 /);
      const attach = await upgrade(`${pods}/web/attach`, { headers, method: 'GET' });
      expect(attach.head).to.match(/ 403 /);
    });
  });

  it('is reviewed by webhooks that ask for CONNECT', async () => {
    const server = await startWebhookServer();
    const webhooks = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    try {
      await plane.send('POST', webhooks, { body: { metadata: { name: 'no-exec' }, webhooks: [{
        name: 'no-exec.example.com', clientConfig: { url: server.url('/'), caBundle: server.caBundle }, sideEffects: 'None', admissionReviewVersions: ['v1'],
        rules: [{ operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/exec'] }],
      }] } });
      server.answer = (review) => admissionAnswer(review, { allowed: false, status: { message: 'no shells' } });
      const { head, body } = await upgrade(`${pods}/web/exec?command=sh&stdin=1`);
      expect(head).to.match(/ 403 /);
      await eventually(() => body().includes('}'), 'the reason');
      expect(JSON.parse(body()).message).to.equal('admission webhook "no-exec.example.com" denied the request: no shells');
      const [{ request }] = server.reviews;
      expect(request).to.deep.include({
        kind: { group: '', version: 'v1', kind: 'PodExecOptions' }, resource: { group: '', version: 'v1', resource: 'pods' }, subResource: 'exec', name: 'web', namespace, operation: 'CONNECT',
        object: { kind: 'PodExecOptions', apiVersion: 'v1', stdin: true, command: ['sh'] }, oldObject: null, options: null, dryRun: false,
      });
      expect((await upgrade(`${pods}/web/attach`)).head).to.match(/ 101 /);
    } finally {
      await plane.send('DELETE', `${webhooks}/no-exec`);
      await server.stop();
    }
  });

  it('is what webhooks make of it', async () => {
    const server = await startWebhookServer();
    const webhooks = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
    try {
      await plane.send('POST', webhooks, { body: { metadata: { name: 'wrap' }, webhooks: [{
        name: 'wrap.example.com', clientConfig: { url: server.url('/'), caBundle: server.caBundle }, sideEffects: 'None', admissionReviewVersions: ['v1'],
        rules: [{ operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/exec'] }],
      }] } });
      server.answer = (review) => admissionAnswer(review, { allowed: true, ...jsonPatch({ op: 'add', path: '/command/0', value: 'nice' }, { op: 'remove', path: '/stdin' }) });
      expect((await upgrade(`${pods}/web/exec?command=sh&stdin=1`)).head).to.match(/ 101 /);
      expect(agent.seen[0]!.url).to.equal('/exec/default/web/c?command=nice&command=sh');
    } finally {
      await plane.send('DELETE', `${webhooks}/wrap`);
      await server.stop();
    }
  });

  it('counts as streams, of which everybody may have so many', async () => {
    const logs = await Promise.all(Array.from({ length: 7 }, () => plane.open('GET', `${pods}/web/log?follow=true`)));
    const { head, socket } = await upgrade(`${pods}/web/exec?command=x&stdin=1`);
    expect(head).to.match(/ 101 /);
    for (const path of ['web/exec?command=x', 'web/attach']) expect((await upgrade(`${pods}/${path}`)).head).to.match(/ 429 /);
    const refused = await plane.send('GET', `${pods}/web/log`);
    expect([refused.code, refused.body.reason]).to.deep.equal([429, 'TooManyRequests']);
    socket.destroy();
    for (const log of logs) log.destroy();
    await eventually(async () => (await plane.send('GET', `${pods}/web/log`)).code === 200, 'room again');
  });

  it('is done only by an agent with a certificate of its authority, unless a log\'s reader does not mind', async () => {
    const impostor = await NodeAgent.start({ authority: await nodeAgentAuthority(), clientCa: plane.pki.ca });
    try {
      await plane.client.create(Node, impostor.node('n2'));
      await pod('trap', 'n2');
      const { code, body } = await plane.send('GET', `${pods}/trap/log`);
      expect(code).to.equal(500);
      expect(body.message).to.include(`Get "https://127.0.0.1:${impostor.port}/containerLogs/default/trap/c": unable to verify the first certificate`);
      expect((await upgrade(`${pods}/trap/exec?command=x`)).head).to.match(/ 500 /);
      expect(impostor.seen).to.deep.equal([]);
      expect((await plane.send('GET', `${pods}/trap/log?insecureSkipTLSVerifyBackend=true`)).text).to.equal('first\n');
      expect((await plane.send('GET', `${pods}/trap/log`)).code, 'a kept connection is not taken for those who mind').to.equal(500);
    } finally {
      await impostor.stop();
    }
  });

  it('stands in discovery and OpenAPI', async () => {
    const { body } = await plane.send('GET', '/api/v1');
    const entries = body.resources.filter(({ name }: { name: string }) => /^pods\/(attach|exec|log|portforward)$/.test(name)).map(({ name, kind, verbs }: { name: string; kind: string; verbs: string[] }) => [name, kind, verbs.join()]);
    expect(entries).to.have.deep.members([
      ['pods/attach', 'PodAttachOptions', 'create,get'], ['pods/exec', 'PodExecOptions', 'create,get'], ['pods/portforward', 'PodPortForwardOptions', 'create,get'], ['pods/log', 'Pod', 'get'],
    ]);
    const { paths } = (await plane.send('GET', '/openapi/v3/api/v1')).body;
    const below = `${pods.replace('default', '{namespace}')}/{name}`;
    expect(paths[`${below}/exec`].post).to.include({ operationId: 'connectCoreV1PostNamespacedPodExec', 'x-kubernetes-action': 'connect' });
    expect(paths[`${below}/exec`].get.parameters.map(({ name, schema }: { name: string; schema: { type: string } }) => `${name}:${schema.type}`)).to.have.members(['stdin:boolean', 'stdout:boolean', 'stderr:boolean', 'tty:boolean', 'container:string', 'command:string']);
    expect(paths[`${below}/log`].get).to.deep.include({ operationId: 'readCoreV1NamespacedPodLog', 'x-kubernetes-action': 'get', 'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind: 'Pod' } });
    expect(paths[`${below}/log`].get.responses[200].content).to.deep.equal({ 'text/plain': { schema: { type: 'string' } } });
  });
});
