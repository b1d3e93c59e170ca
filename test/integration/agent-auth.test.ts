import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ClusterRole, ClusterRoleBinding, rbacGroup } from '#core/api/schema/rbac-v1.ts';
import { ReviewAuth } from '#core/agent/server/access/review-auth.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { AgentLab } from '#test/fixtures/agent-lab.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { nodeAgentAuthority } from '#test/fixtures/node-agent.ts';

describe('an API server and a node agent that check each other', () => {
  let plane: ControlPlane;
  let lab: AgentLab;
  let token: string;

  before(async () => {
    const authority = await nodeAgentAuthority();
    plane = await startControlPlane({ nodeAgentCa: authority.cert });
    lab = await AgentLab.start({ clientCa: plane.pki.ca, authority, auth: new ReviewAuth(plane.client, 'n1', systemClock) });
    await plane.client.create(Node, lab.node('n1'));
    const spec = { nodeName: 'n1', containers: [{ name: 'main', image: 'i' }] };
    await plane.client.create(Pod, { metadata: { namespace: 'default', name: 'web' }, spec });
    lab.pods.putContainer(lab.pods.put('default', 'web', spec), 'main', 'c1');
    lab.runtime.say('c1', 'hello\n');
    const { body } = await plane.send('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { body: { spec: {} } });
    token = body.status.token;
  });
  after(async () => {
    await plane?.stop();
    await lab?.stop();
  });

  async function ask(path: string, bearer: string): Promise<{ code: number; text: string }> {
    const request = httpsRequest({ host: '127.0.0.1', port: lab.server.port, path, ca: lab.authority.cert, headers: { Authorization: `Bearer ${bearer}` }, agent: false });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
    return { code: response.statusCode ?? 0, text };
  }

  it('hands logs and pages through', async () => {
    expect((await plane.send('GET', '/api/v1/namespaces/default/pods/web/log')).text).to.equal('hello\n');
    expect((await plane.send('GET', '/api/v1/nodes/n1/proxy/pods')).body.items[0].metadata.name).to.equal('web');
    expect((await plane.send('GET', '/api/v1/nodes/n1/proxy/healthz')).text).to.equal('ok');
    expect((await plane.send('GET', '/api/v1/nodes/n1/proxy/stats/summary')).body.node.nodeName).to.equal('n1');
  });

  it('lets a service account see what its roles name, and no more', async () => {
    const user = 'system:serviceaccount:default:default';
    expect(await ask('/stats/summary', token)).to.deep.equal({ code: 403, text: `Forbidden (user=${user}, verb=get, resource=nodes, subresource(s)=[stats])\n` });
    await plane.client.create(ClusterRole, { metadata: { name: 'measures' }, rules: [{ apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] }] });
    await plane.client.create(ClusterRoleBinding, { metadata: { name: 'measures' }, roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'measures' }, subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'default' }] });
    expect((await ask('/metrics/resource', token)).code).to.equal(200);
    expect((await ask('/pods', token)).code).to.equal(403);
    expect(await ask('/metrics/resource', `${token}x`)).to.deep.equal({ code: 401, text: 'Unauthorized' });
  });
});
