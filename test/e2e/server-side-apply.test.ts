import { expect } from 'chai';
import { program, requires } from '#test/fixtures/requires.ts';
import { Sandbox, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';

const kubectls = await oldestAndNewest();

const configMap = (name: string, data: Record<string, string>, metadata: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data });
const ingress = (name: string, ingressClassName: string) => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name }, spec: { ingressClassName, defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
});
const deployment = (name: string, spec: object, image = 'nginx:1') => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
  spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image }] } }, ...spec },
});

for (const binary of kubectls) {
  describe(`server-side apply by kubectl 1.${binary.minor}`, () => {
    before(requires(program('kubectl', 'kubernetes-client')));
    let sandbox: Sandbox;
    let keelson: Running;
    let kubectl: Kubectl;
    before(async () => {
      sandbox = await Sandbox.make();
      keelson = await sandbox.up();
      kubectl = keelson.kubectl(binary);
    });
    after(async () => {
      await keelson?.stop();
      await sandbox?.remove();
    });

    const managers = async (...object: string[]): Promise<string[]> => {
      const { metadata } = await kubectl.json('get', ...object, '--show-managed-fields');
      return metadata.managedFields.map(({ manager, operation, subresource }: Record<string, string>) => `${manager} ${operation}${subresource === undefined ? '' : ` ${subresource}`}`);
    };

    it('creates, changes and removes fields', async () => {
      expect(await kubectl.apply(configMap('life', { a: '1', b: '1' }), '--server-side')).to.equal('configmap/life serverside-applied');
      await kubectl.apply(configMap('life', { a: '2' }), '--server-side');
      expect((await kubectl.json('get', 'cm', 'life')).data).to.deep.equal({ a: '2' });
      expect(await managers('cm', 'life')).to.deep.equal(['kubectl Apply']);
      expect((await kubectl.json('get', 'cm', 'life')).metadata).not.to.have.property('managedFields');
    });

    it('tells with whom it conflicts, and overcomes that', async () => {
      await kubectl.apply(deployment('web', { replicas: 1 }), '--server-side');
      await kubectl.run('scale', 'deployment', 'web', '--replicas=3');
      const words = await kubectl.refused(deployment('web', { replicas: 1 }), 'apply', '--server-side', '-f', '-');
      expect(words).to.match(/Apply failed with 1 conflict: conflict with "kubectl[^"]*" with subresource "scale" using apps\/v1: \.spec\.replicas\n/);
      expect(words).to.contain('--force-conflicts');
      await kubectl.apply(deployment('web', {}), '--server-side');
      expect((await kubectl.json('get', 'deployment', 'web')).spec.replicas).to.equal(3);
      await kubectl.apply(deployment('web', { replicas: 2 }), '--server-side', '--force-conflicts');
      expect((await kubectl.json('get', 'deployment', 'web')).spec.replicas).to.equal(2);
    });

    it('lets several share an object', async () => {
      await kubectl.apply(configMap('shared', { a: '1' }), '--server-side', '--field-manager=one');
      await kubectl.apply(configMap('shared', { b: '1' }), '--server-side', '--field-manager=two');
      expect((await kubectl.json('get', 'cm', 'shared')).data).to.deep.equal({ a: '1', b: '1' });
      expect(await kubectl.refused(configMap('shared', { a: '2', b: '2' }), 'apply', '--server-side', '--field-manager=three', '-f', '-'))
        .to.contain('Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\nconflicts with "two":\n- .data.b');
    });

    it('takes over from client-side apply, and gives back to it', async () => {
      await kubectl.apply(configMap('moved', { a: '1', b: '1' }));
      expect(await managers('cm', 'moved')).to.deep.equal(['kubectl-client-side-apply Update']);
      await kubectl.apply(configMap('moved', { a: '2' }), '--server-side');
      expect((await kubectl.json('get', 'cm', 'moved')).data['a']).to.equal('2');
      await kubectl.apply(configMap('moved', { a: '2' }), '--server-side');
      await kubectl.apply(configMap('moved', { a: '3', c: '1' }));
      expect((await kubectl.json('get', 'cm', 'moved')).data).to.deep.include({ a: '3', c: '1' });
    });

    it('goes on after edits and patches', async () => {
      await kubectl.apply(configMap('edited', { a: '1' }), '--server-side');
      const { exitCode, stderr } = await kubectl.attempt(['edit', 'cm', 'edited'], { env: { KUBE_EDITOR: "sed -i 's/^  a:/  z:/'" } });
      expect(exitCode, stderr).to.equal(0);
      expect((await kubectl.json('get', 'cm', 'edited')).data).to.deep.equal({ z: '1' });
      await kubectl.run('label', 'cm', 'edited', 'x=y');
      await kubectl.run('patch', 'cm', 'edited', '--type=json', '-p', '[{"op":"add","path":"/data/q","value":"1"}]');
      await kubectl.apply(configMap('edited', { a: '2' }), '--server-side');
      expect((await kubectl.json('get', 'cm', 'edited')).data).to.deep.equal({ a: '2', q: '1', z: '1' });
      expect(await managers('cm', 'edited')).to.include.members(['kubectl Apply', 'kubectl-edit Update', 'kubectl-label Update', 'kubectl-patch Update']);
    });

    it('shows a difference, and dry runs leave no trace', async () => {
      await kubectl.apply(configMap('dry', { a: '1' }), '--server-side');
      const { exitCode, stdout, stderr } = await kubectl.attempt(['diff', '--server-side', '-f', '-'], { input: JSON.stringify(configMap('dry', { a: '2' })) });
      expect(exitCode, stderr).to.equal(1);
      expect(stdout).to.match(/-\s+a: "1"\n\+\s+a: "2"/);
      await kubectl.apply(configMap('dry', { a: '2' }), '--server-side', '--dry-run=server');
      expect((await kubectl.json('get', 'cm', 'dry')).data).to.deep.equal({ a: '1' });
    });

    it('refuses fields that a kind lacks', async () => {
      expect(await kubectl.refused({ ...configMap('wrong', {}), dota: {} }, 'apply', '--server-side', '-f', '-')).to.match(/\.dota: field not declared in schema|unknown field "dota"/);
    });

    // Before 1.32 apply has no --subresource.
    if (binary.minor >= 32) it('writes the status alone', async () => {
      await kubectl.apply(ingress('stated', 'one'), '--server-side');
      await kubectl.apply({ ...ingress('stated', 'two'), status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } } }, '--server-side', '--subresource=status', '--field-manager=observer');
      const { spec, status } = await kubectl.json('get', 'ingress', 'stated');
      expect([spec.ingressClassName, status.loadBalancer.ingress[0].ip]).to.deep.equal(['one', '192.0.2.7']);
      expect(await managers('ingress', 'stated')).to.include('observer Apply status');
    });
  });
}
