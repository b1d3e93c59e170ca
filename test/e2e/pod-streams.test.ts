import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { NodeAgent, nodeAgentAuthority } from '#test/fixtures/node-agent.ts';
import { program, requires } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';

/** Since then kubectl speaks WebSockets (KEP-4006); those before speak SPDY, of which the stand-in knows nothing. */
const withWebSockets = 31;
const kubectls = await oldestAndNewest();

for (const binary of kubectls) {
  describe(`logs, commands and ports of pods, by kubectl 1.${binary.minor}`, () => {
    before(requires(program('kubectl', 'kubernetes-client')));
    let sandbox: Sandbox;
    let keelson: Running;
    let kubectl: Kubectl;
    let agent: NodeAgent;

    before(async () => {
      sandbox = await Sandbox.make();
      keelson = await sandbox.up();
      kubectl = keelson.kubectl(binary);
      agent = await NodeAgent.start({ authority: await nodeAgentAuthority(), clientCa: await readFile(join(sandbox.dataDir, 'pki', 'ca.crt'), 'utf8') });
      await keelson.request('POST', '/api/v1/nodes', { body: agent.node('n1') });
      const pods = '/api/v1/namespaces/default/pods';
      const pod = { metadata: { name: 'web' }, spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'i' }, { name: 'side', image: 'i' }] } };
      await until(async () => (await keelson.request('POST', pods, { body: pod })).status === 201, 'the pod to be made');
      await keelson.request('PATCH', `${pods}/web/status`, { body: JSON.stringify({ status: { phase: 'Running' } }), headers: { 'Content-Type': 'application/merge-patch+json' } });
    });
    after(async () => {
      await agent?.stop();
      await keelson?.stop();
      await sandbox?.remove();
    });
    beforeEach(() => {
      agent.seen.length = 0;
      agent.received = '';
      agent.refusal = undefined;
    });

    const asked = (): (string | undefined)[] => agent.seen.map(({ url }) => url);

    it('logs', async () => {
      expect(await kubectl.run('logs', 'web', '-c', 'side', '--tail=5', '--since=1h', '--timestamps', '--limit-bytes=100')).to.equal('first');
      expect(asked()).to.deep.equal(['/containerLogs/default/web/side?timestamps=true&sinceSeconds=3600&tailLines=5&limitBytes=100']);
      expect(await kubectl.run('logs', 'web', '--previous', '-c', 'main')).to.equal('before');
      expect(await kubectl.run('logs', 'web'), 'the first container by default').to.equal('first');
      expect(asked().slice(1)).to.deep.equal(['/containerLogs/default/web/main?previous=true', '/containerLogs/default/web/main']);
    });

    it('logs that grow', async () => {
      const following = kubectl.spawn(['logs', '-f', 'web', '-c', 'main']);
      let text = '';
      following.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      await until(() => text === 'first\n', 'what was there');
      agent.say('second\n');
      await until(() => text === 'first\nsecond\n', 'what came');
      expect(asked()).to.deep.equal(['/containerLogs/default/web/main?follow=true']);
      following.kill();
      await following;
      await until(() => agent.followed.size === 0, 'the agent to be left');
    });

    it('logs that the agent refuses', async () => {
      agent.refusal = { code: 400, text: 'container "main" in pod "web" is waiting to start: ContainerCreating' };
      expect(await kubectl.refused('', 'logs', 'web', '-c', 'main')).to.equal('Error from server (BadRequest): container "main" in pod "web" is waiting to start: ContainerCreating');
      expect(await kubectl.refused('', 'logs', 'web', '-c', 'none')).to.match(/container none is not valid for pod web/);
    });

    it('commands', async () => {
      const { exitCode, stdout, stderr } = await kubectl.attempt(['exec', '-i', 'web', '-c', 'main', '--', 'cat', '-'], { input: 'hello\n' });
      expect(asked()[0]).to.equal('/exec/default/web/main?input=1&output=1&error=1&command=cat&command=-');
      if (binary.minor >= withWebSockets) {
        expect({ exitCode, stdout, stderr }).to.deep.equal({ exitCode: 3, stdout: 'hello', stderr: 'command terminated with exit code 3' });
        expect(agent.seen[0]!.headers).to.include({ 'sec-websocket-protocol': 'v5.channel.k8s.io' });
      } else {
        expect(agent.seen[0]).to.deep.include({ method: 'POST' });
        expect(agent.seen[0]!.headers).to.include({ upgrade: 'SPDY/3.1' });
        // SYN_STREAM of version 3.
        expect(agent.received.slice(0, 4)).to.equal('\u0080\u0003\u0000\u0001');
      }
    });

    it('commands that the agent refuses', async () => {
      agent.refusal = { code: 403, text: 'not today' };
      expect(await kubectl.refused('', 'exec', 'web', '-c', 'main', '--', 'true')).to.match(/not today/);
    });

    it('ports', async () => {
      const forwarding = kubectl.spawn(['port-forward', 'pod/web', ':80']);
      let text = '';
      forwarding.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      await until(() => /Forwarding from 127\.0\.0\.1:\d+ -> 80/.test(text), 'ports to be forwarded');
      expect(agent.seen.at(-1)!.url).to.equal('/portForward/default/web');
      expect(agent.seen.at(-1)!.headers.upgrade).to.equal(binary.minor >= withWebSockets ? 'websocket' : 'SPDY/3.1');
      forwarding.kill();
      await forwarding;
    });
  });
}
