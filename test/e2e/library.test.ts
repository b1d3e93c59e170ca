import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from 'keelson';
import type { CustomResourceDefinition } from 'keelson/core/api/schema/apiextensions-v1';
import { SelfSubjectReview } from 'keelson/core/api/schema/authentication-v1';
import { ConfigMap, Namespace, PersistentVolumeClaim, ServiceAccount } from 'keelson/core/api/schema/core-v1';
import { customKind } from 'keelson/core/api/schema/custom-kind';
import type { Draft, KubernetesObject } from 'keelson/core/api/schema/kind';
import { Role, RoleBinding } from 'keelson/core/api/schema/rbac-v1';
import { StorageClass } from 'keelson/core/api/schema/storage-v1';
import { StatusError } from 'keelson/core/api/status-error';
import type { Client } from 'keelson/core/client/client';
import { HttpClient } from 'keelson/core/client/http-client';
import { readKubeconfig } from 'keelson/core/client/kubeconfig';
import { systemClock } from 'keelson/core/kernel/clock';
import { explainFailure } from '#core/cli/failure.ts';
import { builtInResources } from '#core/registry/resources.ts';
import { keelsonModule as folders } from '#examples/write-a-driver/folder.module.ts';
import { until } from './harness.ts';

interface Widget extends KubernetesObject {
  spec: { size: number };
}
const Widget = customKind<Widget>({ group: 'example.com', version: 'v1', kind: 'Widget' });

const definition = (plural: string, kind: string, spec: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural, kind },
    versions: [{
      name: 'v1', served: true, storage: true,
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', maximum: 10 } } } } } },
    }],
    ...spec,
  },
});
const asDraft = (object: object): Draft<CustomResourceDefinition> => object as Draft<CustomResourceDefinition>;

const reasonOf = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.then(() => 'nothing', (thrown: unknown) => thrown);
  return StatusError.is(error) ? error.reason : explainFailure(error);
};
const nameOf = async (client: Client): Promise<{ username?: string; groups?: string[] }> => (await client.create(SelfSubjectReview, { metadata: {} })).status.userInfo;

describe('keelson as a library', () => {
  const running: ControlPlane[] = [];
  /** Where temporary files go. */
  let temp: string;
  let files: string;
  let before: string | undefined;

  beforeEach(async () => {
    [temp, files] = await Promise.all([mkdtemp(join(tmpdir(), 'keelson-library-')), mkdtemp(join(tmpdir(), 'keelson-files-'))]);
    before = process.env['TMPDIR'];
    process.env['TMPDIR'] = temp;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await Promise.all(running.splice(0).map((plane) => plane.stop()));
    const left = await readdir(temp);
    await Promise.all([temp, files].map((dir) => rm(dir, { recursive: true, force: true })));
    expect(left, 'temporary files').to.deep.equal([]);
  });
  const start = async (options: ControlPlaneOptions = {}): Promise<ControlPlane> => {
    const plane = await startControlPlane(options);
    running.push(plane);
    return plane;
  };
  const file = async (name: string, ...documents: object[]): Promise<string> => {
    await writeFile(join(files, name), documents.map((document) => stringify(document)).join('---\n'));
    return join(files, name);
  };
  const connect = (kubeconfig: string): HttpClient => new HttpClient(readKubeconfig(kubeconfig), { clock: systemClock });

  it('leaves a program that stops its control planes nothing: it ends by itself', async function () {
    this.timeout(60_000);
    const child = await execa(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'library-child.ts')], { env: { TMPDIR: temp }, stdin: 'ignore', reject: false, timeout: 40_000 });
    expect(child.exitCode, child.stderr).to.equal(0);
    expect(JSON.parse(child.stdout)).to.deep.equal({ resources: [], more: 0, connectionsLeft: 0, inMemory: [] });
    expect(child.stderr).to.equal('');
  });

  it('runs several at a time, each for itself', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    expect(one.url).to.match(/^https:\/\/127\.0\.0\.1:\d+$/).and.not.equal(two.url);
    await one.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'mine' } });
    expect(await reasonOf(two.client.get(ConfigMap, { namespace: 'default', name: 'mine' }))).to.equal('NotFound');
    // Neither trusts the other's users.
    const stranger = new HttpClient({ ...readKubeconfig(one.kubeconfig), server: two.url, ca: readKubeconfig(two.kubeconfig).ca }, { clock: systemClock });
    try {
      expect(await reasonOf(stranger.list(ConfigMap))).to.equal('Unauthorized');
    } finally {
      stranger.close();
    }
    await one.stop();
    expect((await two.client.list(ConfigMap, { namespace: 'default' })).items).not.to.be.undefined;
  });

  it('hands out a kubeconfig that works, until it stops; stopping again is nothing', async () => {
    const plane = await start();
    const client = connect(plane.kubeconfig);
    try {
      expect((await nameOf(client)).groups).to.include('system:masters');
      await plane.stop();
      await plane.stop();
      expect(await reasonOf(client.list(ConfigMap))).to.equal('ServiceUnavailable');
    } finally {
      client.close();
    }
  });

  it('stops at the end of its scope', async () => {
    let url: string;
    {
      await using plane = await startControlPlane({ controllers: false });
      ({ url } = plane);
      expect((await fetch(url).catch((error: unknown) => error))).not.to.have.nested.property('cause.code', 'ECONNREFUSED');
    }
    expect((await fetch(url).catch((error: unknown) => error))).to.have.nested.property('cause.code', 'ECONNREFUSED');
  });

  it('has controllers, or none', async () => {
    const [with_, without] = await Promise.all([start(), start({ controllers: false })]);
    for (const plane of [with_, without]) await plane.client.create(Namespace, { metadata: { name: 'fresh' } });
    await until(async () => await reasonOf(with_.client.get(ServiceAccount, { namespace: 'fresh', name: 'default' })) === 'nothing', 'the default service account');
    await with_.client.delete(Namespace, { name: 'fresh' });
    await until(async () => await reasonOf(with_.client.get(Namespace, { name: 'fresh' })) === 'NotFound', 'the namespace to be finished');
    await without.client.delete(Namespace, { name: 'fresh' });
    expect((await without.client.get(Namespace, { name: 'fresh' })).status.phase).to.equal('Terminating');
    expect((await without.client.list(ServiceAccount, { namespace: 'fresh' })).items).to.deep.equal([]);
  });

  it('keeps its state in a data directory, which nobody else may use meanwhile', async () => {
    const dataDir = join(files, 'data');
    const first = await start({ dataDir, store: 'sqlite' });
    await first.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'kept' } });
    expect(await reasonOf(startControlPlane({ dataDir, store: 'sqlite' }))).to.include(`${dataDir} is in use by process ${process.pid}`);
    const { kubeconfig, url } = first;
    await first.stop();
    const second = await start({ dataDir, store: 'sqlite', port: Number(new URL(url).port) });
    const client = connect(kubeconfig);
    try {
      expect((await client.get(ConfigMap, { namespace: 'default', name: 'kept' })).metadata.name).to.equal('kept');
    } finally {
      client.close();
    }
    await second.stop();
  });

  it('takes a driver as a module, and claims get their volumes', async () => {
    const plane = await start({ providers: [folders] });
    await plane.client.create(StorageClass, { metadata: { name: 'folders' }, provisioner: 'folder.example.com', volumeBindingMode: 'Immediate' });
    const claim = { namespace: 'default', name: 'data' };
    await plane.client.create(PersistentVolumeClaim, {
      metadata: claim, spec: { storageClassName: 'folders', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    });
    await until(async () => (await plane.client.get(PersistentVolumeClaim, claim)).status.phase === 'Bound', 'the claim to be bound');
  });

  it('has nothing running when it could not start', async () => {
    const { port } = new URL((await start()).url);
    expect(await reasonOf(startControlPlane({ port: Number(port), store: 'sqlite' }))).to.include(`port ${port} on 127.0.0.1 is in use`);
    expect(await reasonOf(startControlPlane({ store: 'nonsense' }))).to.include('nonsense');
    expect(await readdir(temp)).to.deep.equal([]);
    expect(await reasonOf(startControlPlane({ store: 'sqlite', crds: [join(files, 'none.yaml')] }))).to.include(`${join(files, 'none.yaml')} cannot be read`);
    expect(await readdir(temp)).to.deep.equal([]);
    expect(await reasonOf(startControlPlane({ tokens: 'one,' }))).to.include('line 1 of the token file');
  });

  it('exports every kind that it serves, by group and version', async () => {
    for (const { kind } of builtInResources) {
      const group = kind.group === '' ? 'core' : kind.group.split('.', 1)[0];
      const exported = await import(`keelson/core/api/schema/${group}-${kind.version}`) as Record<string, unknown>;
      expect(exported[kind.kind], `${group}-${kind.version} ${kind.kind}`).to.equal(kind);
    }
  });

  describe('installs definitions', () => {
    const size = (plane: ControlPlane, name: string, spec: { size: number }) => plane.client.create(Widget, { metadata: { namespace: 'default', name }, spec });

    it('from files, folders and objects, before it is ready', async () => {
      await mkdir(join(files, 'crds', 'below'), { recursive: true });
      await file('crds/1.yaml', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'not-meant' } }, definition('widgets', 'Widget'), definition('gadgets', 'Gadget'));
      await file('crds/below/no.yaml', definition('hidden', 'Hidden'));
      await writeFile(join(files, 'crds', 'notes.txt'), 'none of these');
      await writeFile(join(files, 'one.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [definition('things', 'Thing')] }));
      const plane = await start({ crds: [join(files, 'crds'), join(files, 'one.json'), asDraft(definition('others', 'Other'))] });
      expect((await size(plane, 'w', { size: 3 })).spec.size).to.equal(3);
      expect(await reasonOf(size(plane, 'too-large', { size: 11 }))).to.equal('Invalid');
      for (const kind of ['Gadget', 'Thing', 'Other']) {
        const names = customKind({ group: 'example.com', version: 'v1', kind });
        await plane.client.create(names, { metadata: { namespace: 'default', name: 'x' } });
        expect((await plane.client.list(names, { namespace: 'default' })).items, kind).to.have.lengthOf(1);
      }
      const client = await plane.clientFor({ name: 'root', groups: ['system:masters'] });
      expect((await client.get(Widget, { namespace: 'default', name: 'w' })).spec.size).to.equal(3);
      expect(await reasonOf(client.list(customKind({ group: 'example.com', version: 'v1', kind: 'Hidden', plural: 'hidden' })))).to.equal('NotFound');
      expect((await plane.client.list(ConfigMap, { namespace: 'default', fieldSelector: 'metadata.name=not-meant' })).items).to.deep.equal([]);
    });

    it('in place of those of the same name', async () => {
      const plane = await start({ controllers: false, crds: [asDraft(definition('widgets', 'Widget'))] });
      const wider = definition('widgets', 'Widget');
      wider.spec.versions.push({ ...wider.spec.versions[0]!, name: 'v2', storage: false });
      await plane.installCrds([asDraft(wider)]);
      await size(plane, 'w', { size: 1 });
      const seen = await plane.client.get(customKind({ group: 'example.com', version: 'v2', kind: 'Widget' }), { namespace: 'default', name: 'w' });
      expect(seen.apiVersion).to.equal('example.com/v2');
    });

    it('and says which one is wrong', async () => {
      const plane = await start({ controllers: false, crds: [asDraft(definition('widgets', 'Widget'))] });
      const said = async (...sources: Parameters<ControlPlane['installCrds']>[0]): Promise<string> => reasonOf(plane.installCrds(sources));
      expect(await said(await file('none.yaml', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }))).to.equal(`${join(files, 'none.yaml')} holds no CustomResourceDefinition`);
      expect(await said(await file('old.yaml', { ...definition('olds', 'Old'), apiVersion: 'apiextensions.k8s.io/v1beta1' }))).to.include('old.yaml holds a CustomResourceDefinition of apiextensions.k8s.io/v1beta1');
      await writeFile(join(files, 'broken.yaml'), 'a: [');
      expect(await said(join(files, 'broken.yaml'))).to.include('broken.yaml is not YAML');
      await writeFile(join(files, 'text.yaml'), 'hello');
      expect(await said(join(files, 'text.yaml'))).to.include('text.yaml holds something that is no object: "hello"');
      expect(await said(await file('anonymous.yaml', { kind: 'X' }))).to.include('anonymous.yaml holds an object without apiVersion and kind');
      expect(await said(asDraft(definition('wrongs', 'Wrong', { group: 'other.com' })))).to.match(/^CustomResourceDefinition "wrongs.example.com" cannot be installed: .*metadata.name/);
      expect(await said(asDraft(definition('frames', 'Widget')))).to.match(/^CustomResourceDefinition frames.example.com is not established: "Widget(List)?" is already in use$/);
    });
  });

  describe('knows further users', () => {
    it('by client certificates, and RBAC says what they may', async () => {
      const plane = await start();
      const user = { name: 'jane, the "first"', groups: ['builders', 'night shift'] };
      const [client, other] = [await plane.clientFor(user), connect(await plane.kubeconfigFor(user))];
      try {
        for (const each of [client, other]) expect(await nameOf(each)).to.deep.include({ username: user.name, groups: [...user.groups, 'system:authenticated'] });
        expect(await reasonOf(client.list(ConfigMap, { namespace: 'default' }))).to.equal('Forbidden');
        await plane.client.create(Role, { metadata: { namespace: 'default', name: 'reader' }, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }] });
        await plane.client.create(RoleBinding, {
          metadata: { namespace: 'default', name: 'readers' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' }, subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'night shift' }],
        });
        expect((await client.list(ConfigMap, { namespace: 'default' })).items).not.to.be.undefined;
        expect(await reasonOf(client.create(ConfigMap, { metadata: { namespace: 'default', name: 'x' } }))).to.equal('Forbidden');
        expect((await nameOf(await plane.clientFor({ name: 'lonely' }))).groups).to.deep.equal(['system:authenticated']);
        expect(await reasonOf(plane.kubeconfigFor({ name: '' }))).to.equal('a user needs a name');
      } finally {
        other.close();
      }
    });

    it('by tokens', async () => {
      const plane = await start({ controllers: false, tokens: 'secret-1,max,7,"one,two"\n' });
      const { server, ca } = readKubeconfig(plane.kubeconfig);
      const client = new HttpClient({ server, ca, token: 'secret-1' }, { clock: systemClock });
      try {
        expect(await nameOf(client)).to.deep.include({ username: 'max', groups: ['one', 'two', 'system:authenticated'] });
      } finally {
        client.close();
      }
    });
  });

  describe('points webhooks at a server under test', () => {
    /** Paths that were asked. */
    let asked: string[];
    let server: Server;
    afterEach(() => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }));

    // oxlint-disable-next-line typescript/no-explicit-any -- reviews are documents of any shape
    const serve = async (tls: { cert: string; key: string }, answer: (review: any, path: string) => object): Promise<string> => {
      asked = [];
      server = createServer({ cert: tls.cert, key: tls.key }, (request, response) => void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
        const review = JSON.parse(Buffer.concat(chunks).toString());
        const { pathname } = new URL(request.url ?? '/', 'https://x');
        asked.push(pathname);
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ apiVersion: review.apiVersion, kind: review.kind, response: { uid: review.request.uid, ...answer(review, pathname) } }));
      })());
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      return `https://localhost:${(server.address() as AddressInfo).port}/`;
    };
    const hook = (name: string, path: string | undefined) => ({
      name: `${name}.example.com`, sideEffects: 'None', admissionReviewVersions: ['v1'], clientConfig: { service: { namespace: 'system', name: 'webhook', path }, caBundle: 'Cg==' },
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    });

    it('that change and refuse', async () => {
      const plane = await start({ controllers: false });
      const url = await serve(await plane.servingCertificate(), (review, path) => (path === '/mutate/v1'
        ? { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify([{ op: 'add', path: '/data', value: { seen: 'yes' } }])).toString('base64') }
        : { allowed: review.request.object.metadata.name !== 'bad', status: { message: 'it is bad' } }));
      const meta = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'hooks' } };
      const path = await file('webhooks.yaml', { ...meta, kind: 'MutatingWebhookConfiguration', webhooks: [hook('one', '/mutate/v1')] }, { ...meta, kind: 'ValidatingWebhookConfiguration', webhooks: [hook('two', undefined)] });
      // Twice: what is there is replaced.
      for (let i = 0; i < 2; i++) await plane.installWebhooks([path], { url });
      const made = await plane.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'good' } });
      expect(made.data).to.deep.equal({ seen: 'yes' });
      expect(asked).to.deep.equal(['/mutate/v1', '/']);
      const refused = await plane.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'bad' } }).then(() => '', (error: unknown) => explainFailure(error));
      expect(refused).to.equal('admission webhook "two.example.com" denied the request: it is bad');
      expect(await reasonOf(plane.installWebhooks([await file('none.yaml', definition('widgets', 'Widget'))], { url }))).to.include('none.yaml holds no MutatingWebhookConfiguration or ValidatingWebhookConfiguration');
    });

    it('that convert', async () => {
      const wide = definition('widgets', 'Widget', { conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { service: { namespace: 'system', name: 'webhook', path: '/convert' } } } } });
      wide.spec.versions.push({ ...wide.spec.versions[0]!, name: 'v2', storage: false });
      const plane = await start({ controllers: false, crds: [asDraft(wide)] });
      const url = await serve(await plane.servingCertificate(), ({ request }) => ({
        result: { status: 'Success' }, convertedObjects: request.objects.map((object: { spec: { size: number } }) => ({ ...object, apiVersion: request.desiredAPIVersion, spec: { size: object.spec.size + 1 } })),
      }));
      await plane.installWebhooks([], { url });
      await plane.client.create(Widget, { metadata: { namespace: 'default', name: 'w' }, spec: { size: 1 } });
      const seen = await plane.client.get(customKind<Widget>({ group: 'example.com', version: 'v2', kind: 'Widget' }), { namespace: 'default', name: 'w' });
      expect([seen.apiVersion, seen.spec.size]).to.deep.equal(['example.com/v2', 2]);
      expect(asked).to.include('/convert');
    });
  });

  it('is ready soon, and sooner the second time', async () => {
    // The benchmark measures; here a start that takes many times as long as it should is caught.
    await (await startControlPlane()).stop();
    const begin = performance.now();
    const plane = await start();
    expect(performance.now() - begin).to.be.lessThan(2000);
    expect((await stat(temp)).isDirectory()).to.equal(true);
    await plane.stop();
  });
});
