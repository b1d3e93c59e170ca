import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket, connect as tlsConnect } from 'node:tls';
import { expect } from 'chai';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import { Endpoints } from '#core/api/schema/core-v1/endpoints.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { ClusterRole, ClusterRoleBinding, rbacGroup } from '#core/api/schema/rbac-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { eventually } from '#test/fixtures/eventually.ts';

const namespace = 'default';
const pods = '/api/v1/namespaces/default/pods';
const services = '/api/v1/namespaces/default/services';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Common name of the client certificate. */
  readonly peer: string | undefined;
}

describe('proxies to pods, services and nodes over HTTPS', () => {
  let plane: ControlPlane;
  let plain: Server;
  let secure: Server;
  let seen: Seen[];
  let connects: AdmissionRequest[];
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  /** Answers with what it saw, and redirects and streams where it is asked to. */
  const answer: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const peer = request.socket instanceof TLSSocket ? request.socket.getPeerCertificate().subject?.CN : undefined;
      seen.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString(), peer: peer === undefined ? undefined : String(peer) });
      reply(request, response);
    });
  };

  function reply({ url = '', method = '' }: IncomingMessage, response: ServerResponse): void {
    if (url.startsWith('/away')) response.writeHead(302, { Location: url.slice('/away?'.length) }).end();
    else response.writeHead(200, { 'X-From': 'pod', 'Access-Control-Allow-Origin': '*', 'Content-Type': 'text/plain' }).end(`${method} ${url}`);
  }

  async function listen(server: Server): Promise<Server> {
    server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body: '', peer: undefined });
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  /** A pod whose address is one of the cluster's network. */
  async function pod(name: string, podIP: string, containerPort?: number): Promise<void> {
    const container = { name: 'c', image: 'i', ...(containerPort === undefined ? {} : { ports: [{ containerPort }] }) };
    await plane.client.create(Pod, { metadata: { namespace, name }, spec: { containers: [container] } });
    await plane.client.patchStatus(Pod, { namespace, name }, { type: 'merge', document: { status: { podIP, podIPs: [{ ip: podIP }] } } });
  }

  before(async () => {
    plane = await startControlPlane({
      egress: ({ host, port }) => ({ host: host.startsWith('10.') ? '127.0.0.1' : host, port }),
      admission: [{
        name: 'Watchman',
        validate: (request) => {
          if (request.operation !== 'CONNECT') return;
          connects.push(request);
          if (request.name === 'barred') throw StatusError.forbidden(Pod, request.name, 'nobody connects to it');
        },
      }],
    });
    plain = await listen(createHttp(answer));
    secure = await listen(createHttps({ ...plane.pki.serving, ca: plane.pki.ca, requestCert: true, rejectUnauthorized: false }, answer));
  });
  after(async () => {
    await plane.stop();
    for (const server of [plain, secure]) {
      server.closeAllConnections();
      server.close();
    }
  });
  beforeEach(() => {
    seen = [];
    connects = [];
  });

  describe('a pod', () => {
    before(async () => {
      await pod('web', '10.1.0.5', portOf(plain));
      await pod('local', '127.0.0.1', portOf(plain));
      await pod('barred', '10.1.0.7', portOf(plain));
      await plane.client.create(Pod, { metadata: { namespace, name: 'nowhere' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    });

    it('gets the request with its method, path, query and body', async () => {
      const made = await plane.send('POST', `${pods}/web/proxy/a%2Fb//c/?x=1&x=2`, { body: 'hello', headers: { Authorization: '', 'X-Own': 'yes', 'Impersonate-User': 'kubernetes-admin', 'Impersonate-Group': 'system:masters' } });
      expect([made.code, made.text, made.headers['x-from']]).to.deep.equal([200, 'POST /a%2Fb//c/?x=1&x=2', 'pod']);
      expect(made.headers).to.not.have.property('access-control-allow-origin');
      const [request] = seen;
      expect(request!.body).to.equal('hello');
      expect(request!.headers).to.include({ host: new URL(plane.server.url).host, 'x-own': 'yes', 'x-forwarded-proto': 'https', 'x-forwarded-uri': `${pods}/web/proxy/a%2Fb//c/` });
      for (const hidden of ['authorization', 'impersonate-user', 'x-remote-user']) expect(request!.headers, hidden).to.not.have.property(hidden);
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) expect((await plane.send(method, `${pods}/http:web:${portOf(plain)}/proxy/x`)).text).to.equal(`${method} /x`);
      expect((await plane.send('HEAD', `${pods}/web/proxy/x`)).headers['x-from']).to.equal('pod');
      expect(connects.map(({ operation, subresource, object }) => [operation, subresource, (object as unknown as { path: string }).path])).to.deep.include(['CONNECT', 'proxy', '/a%2Fb//c/']);
    });

    it('is reached by HTTPS, whatever its certificate says', async () => {
      expect((await plane.send('GET', `${pods}/https:web:${portOf(secure)}/proxy/x`)).text).to.equal('GET /x');
      expect(seen[0]!.peer, 'pods are shown no certificate of ours').to.equal(undefined);
    });

    it('answers at its root below a slash, and its redirects lead through the proxy', async () => {
      const root = await plane.send('GET', `${pods}/web/proxy?a=b`);
      expect([root.code, root.headers.location]).to.deep.equal([301, `${pods}/web/proxy/?a=b`]);
      const away = async (to: string): Promise<string | undefined> => (await plane.send('GET', `${pods}/web/proxy/away?${to}`)).headers.location;
      expect(await away('/login?next=1')).to.equal(`${pods}/web/proxy/login?next=1`);
      expect(await away(`http://10.1.0.5:${portOf(plain)}/login`)).to.equal(`${pods}/web/proxy/login`);
      expect(await away('login')).to.equal('login');
      for (const elsewhere of ['https://example.com/x', '//example.com/x', `${pods}/web/proxy/x`]) expect(await away(elsewhere)).to.equal(elsewhere);
    });

    it('talks in other protocols', async () => {
      const socket = tlsConnect({ host: '127.0.0.1', port: Number(new URL(plane.server.url).port), ca: plane.pki.ca, ...plane.pki.admin });
      await once(socket, 'secureConnect');
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      socket.write(`GET ${pods}/web/proxy/chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\nSec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.c2VjcmV0, chat\r\n\r\nearly`);
      await eventually(() => text.endsWith('\r\n\r\nearly'), 'what was sent with the request');
      socket.write('late');
      await eventually(() => text.endsWith('earlylate'), 'an echo');
      expect(seen[0]).to.deep.include({ url: '/chat' });
      expect(seen[0]!.headers['sec-websocket-protocol']).to.equal('chat');
      socket.end();
      await once(socket, 'close');
    });

    it('is refused in upstream\'s words when it cannot be', async () => {
      const refusals: [string, number, RegExp][] = [
        ['missing', 404, /^pods "missing" not found$/], ['local', 400, /^address not allowed$/], ['nowhere', 400, /^address not allowed$/],
        ['ftp:web:1', 400, /^invalid pod request "ftp:web:1"$/], ['web:0', 400, /^invalid port "0"/], ['web:1', 503, /^error trying to reach service: .*ECONNREFUSED/],
        ['barred', 403, /nobody connects to it/],
      ];
      for (const [name, code, message] of refusals) {
        const refused = await plane.send('GET', `${pods}/${name}/proxy/x`);
        expect([refused.code, refused.body.kind], name).to.deep.equal([code, 'Status']);
        expect(refused.body.message).to.match(message);
      }
      expect(seen).to.deep.equal([]);
    });

    it('is reached by those who may', async () => {
      await plane.client.create(ClusterRole, { metadata: { name: 'reader' }, rules: [{ apiGroups: [''], resources: ['pods/proxy'], verbs: ['get', 'create'] }] });
      await plane.client.create(ClusterRoleBinding, { metadata: { name: 'reader' }, roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'reader' }, subjects: [{ kind: 'User', apiGroup: rbacGroup, name: 'jane' }] });
      const as = { headers: { 'Impersonate-User': 'jane' } };
      for (const method of ['GET', 'HEAD', 'POST']) expect((await plane.send(method, `${pods}/web/proxy/x`, as)).code, method).to.equal(200);
      const refused = await plane.send('DELETE', `${pods}/web/proxy/x`, as);
      expect([refused.code, refused.body.message]).to.deep.equal([403, 'pods "web" is forbidden: User "jane" cannot delete resource "pods/proxy" in API group "" in the namespace "default"']);
    });
  });

  describe('a service', () => {
    const slice = (name: string, service: string, endpoints: EndpointSlice['endpoints'], port: number) => plane.client.create(EndpointSlice, {
      metadata: { namespace, name, labels: { 'kubernetes.io/service-name': service } }, addressType: 'IPv4', endpoints, ports: [{ name: 'http', port }],
    });
    const endpoint = (ip: string, podName: string, ready = true) => ({ addresses: [ip], conditions: { ready }, targetRef: { kind: 'Pod', namespace, name: podName } });

    before(async () => {
      await pod('one', '10.2.0.1');
      await pod('two', '10.2.0.2');
      await plane.client.create(Service, { metadata: { namespace, name: 'shop' }, spec: { selector: { app: 'shop' }, ports: [{ name: 'http', port: 80 }, { name: 'admin', port: 81 }] } });
      await slice('shop-1', 'shop', [endpoint('10.2.0.1', 'one'), endpoint('10.2.0.9', 'two'), endpoint('10.2.0.2', 'two', false)], portOf(plain));
    });

    it('is reached at a ready pod of it, by the number or the name of its port', async () => {
      for (const name of ['shop:80', 'shop:http', 'http:shop:http']) expect((await plane.send('GET', `${services}/${name}/proxy/x?y`)).text, name).to.equal('GET /x?y');
      const refusals: [string, number, string][] = [
        ['none:80', 404, 'services "none" not found'], ['shop:82', 503, 'no service port 82 found for service "shop"'],
        ['shop:admin', 503, 'no endpoints available for service "shop:admin"'], ['shop', 503, 'no endpoints available for service "shop"'],
      ];
      for (const [name, code, message] of refusals) {
        const { code: answered, body } = await plane.send('GET', `${services}/${name}/proxy/x`);
        expect([answered, body.message], name).to.deep.equal([code, message]);
      }
    });

    it('is not reached where somebody says it is, but where its pods are', async () => {
      await plane.client.create(Service, { metadata: { namespace, name: 'trap' }, spec: { ports: [{ name: 'http', port: 80 }] } });
      await slice('trap-1', 'trap', [endpoint('10.9.9.9', 'one'), { addresses: ['10.9.9.8'], conditions: {} }], portOf(plain));
      expect((await plane.send('GET', `${services}/trap:80/proxy/x`)).code).to.equal(503);
    });

    it('is found by its old Endpoints when it has no slices', async () => {
      await plane.client.create(Service, { metadata: { namespace, name: 'old' }, spec: { ports: [{ port: 80 }] } });
      await plane.client.create(Endpoints, { metadata: { namespace, name: 'old' }, subsets: [{ addresses: [{ ip: '10.2.0.1', targetRef: { kind: 'Pod', namespace, name: 'one' } }], ports: [{ port: portOf(plain) }] }] });
      expect((await plane.send('GET', `${services}/old:80/proxy/x`)).text).to.equal('GET /x');
      expect((await plane.send('GET', `${services}/old/proxy/x`)).text).to.equal('GET /x');
    });
  });

  describe('a node', () => {
    before(async () => {
      await plane.client.create(Node, { metadata: { name: 'n1' }, status: {
        addresses: [{ type: 'Hostname', address: 'n1' }, { type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: portOf(secure) } },
      } });
      await plane.client.create(Node, { metadata: { name: 'n2' } });
    });

    it('is asked at its agent, which is shown our certificate', async () => {
      expect((await plane.send('GET', '/api/v1/nodes/n1/proxy/metrics?a=b')).text).to.equal('GET /metrics?a=b');
      expect((await plane.send('GET', `/api/v1/nodes/n1:${portOf(secure)}/proxy/logs/`)).text).to.equal('GET /logs/');
      expect(seen.map(({ peer }) => peer)).to.deep.equal(['kube-apiserver-kubelet-client', 'kube-apiserver-kubelet-client']);
    });

    it('is not asked at other ports of this machine', async () => {
      const refused = await plane.send('GET', `/api/v1/nodes/http:n1:${portOf(plain)}/proxy/x`);
      expect([refused.code, refused.body.message]).to.deep.equal([400, 'address not allowed']);
      expect((await plane.send('GET', '/api/v1/nodes/n2/proxy/x')).body.message).to.equal('no preferred addresses found for node "n2"; known addresses: []');
    });
  });

  it('stand in discovery and OpenAPI', async () => {
    const { body } = await plane.send('GET', '/api/v1');
    const entries = body.resources.filter((one: { name: string }) => one.name.endsWith('/proxy')).map(({ name, kind, verbs }: { name: string; kind: string; verbs: string[] }) => [name, kind, verbs.join()]);
    const verbs = 'create,delete,get,patch,update';
    expect(entries).to.have.deep.members([['nodes/proxy', 'NodeProxyOptions', verbs], ['pods/proxy', 'PodProxyOptions', verbs], ['services/proxy', 'ServiceProxyOptions', verbs]]);
    const { paths } = (await plane.send('GET', '/openapi/v3/api/v1')).body;
    expect(paths['/api/v1/namespaces/{namespace}/pods/{name}/proxy/{path}'].get).to.include({ operationId: 'connectCoreV1GetNamespacedPodProxyWithPath', 'x-kubernetes-action': 'connect' });
    expect((await plane.send('GET', '/api/v1/namespaces/default/configmaps/a/proxy/b')).code).to.equal(404);
  });
});
