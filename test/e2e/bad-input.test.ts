import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { linux, loopDevices, program, requires, root as asRoot, skipBecause } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Answer, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';

const kubectls = await oldestAndNewest();
const configMaps = '/api/v1/namespaces/default/configmaps';
const claims = '/api/v1/namespaces/default/persistentvolumeclaims';

const configMap = (name: string, data: unknown = { a: '1' }) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const storageClass = (name: string, rest: object = {}) => ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner: 'local.keelson.dev', ...rest });
const claim = (name: string, storage: unknown, className?: string, spec: object = {}) => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...(className === undefined ? {} : { storageClassName: className }), ...spec },
});
const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'main', image: 'busybox' }] } });

describe('bad input', () => {
  let sandbox: Sandbox;
  let keelson: Running;
  before(async () => {
    sandbox = await Sandbox.make();
    keelson = await sandbox.up();
  });
  after(async () => {
    await keelson?.stop();
    await sandbox?.remove();
  });
  afterEach('the server serves on', async () => {
    const { status, text } = await keelson.request('GET', '/readyz');
    expect([status, text]).to.deep.equal([200, 'ok']);
  });

  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> => keelson.request('POST', path, { body, headers });
  /** A refusal is a Status with the code in it, and never blames the server. */
  const expectRefusal = ({ status, body }: Answer, code: number, reason: string, words: RegExp): void => {
    expect(body, `status ${status}`).to.include({ kind: 'Status', apiVersion: 'v1', status: 'Failure' });
    expect({ status, code: body.code, reason: body.reason }, body.message).to.deep.equal({ status: code, code, reason });
    expect(body.message).to.match(words);
  };
  const fieldsOf = ({ body }: Answer): string[] => (body.details?.causes ?? []).map((cause: { field: string }) => cause.field);
  const uidOf = async (path: string): Promise<string> => (await keelson.request('GET', path)).body.metadata.uid;

  describe('in a body', () => {
    for (const [what, body, words] of [
      ['is cut off', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"', /JSON|unexpected/i],
      ['is no JSON', 'hello', /JSON|invalid|unexpected/i],
      ['is empty', '', /empty|EOF|unexpected|kind|not valid/i],
      ['is a list', '[]', /object|array|kind|ConfigMap/i],
      ['is null', 'null', /object|null|kind|ConfigMap/i],
      ['is a number', '5', /object|number|kind|ConfigMap/i],
      ['has a wrong kind', JSON.stringify({ ...configMap('x'), kind: 'Secret' }), /Secret.*ConfigMap|ConfigMap.*Secret/],
      ['has a wrong version', JSON.stringify({ ...configMap('x'), apiVersion: 'v2' }), /v2/],
      ['has a number where text belongs', JSON.stringify(configMap('x', { a: 1 })), /a|string/],
      ['has a list where a map belongs', JSON.stringify(configMap('x', ['a'])), /data/],
      ['has text where a map belongs', JSON.stringify({ ...configMap('x'), metadata: 'x' }), /metadata/],
      ['is nested a hundred thousand deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, /deep|nest|kind/i],
    ] as const) {
      it(`that ${what} is a bad request`, async () => {
        const answer = await post(configMaps, body);
        expectRefusal(answer, 400, 'BadRequest', words);
      });
    }

    it('that is no UTF-8 is a bad request', async () => {
      const request = keelson.begin('POST', configMaps, { 'Content-Type': 'application/json' });
      const answered = once(request, 'response') as Promise<[IncomingMessage]>;
      request.end(Buffer.concat([Buffer.from('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"utf"},"data":{"a":"'), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"}}')]));
      const [response] = await answered;
      response.resume();
      expect(response.statusCode).to.be.oneOf([201, 400, 422]);
    });

    it('of an unknown media type is refused with those that are known', async () => {
      expectRefusal(await post(configMaps, 'x', { 'Content-Type': 'text/plain' }), 415, 'UnsupportedMediaType', /application\/json/);
      expectRefusal(await keelson.request('PATCH', `${configMaps}/x`, { body: '{}', headers: { 'Content-Type': 'application/json' } }), 415, 'UnsupportedMediaType', /application\/merge-patch\+json/);
    });

    it('in YAML is taken, and refused when it is malformed', async () => {
      const yaml = { 'Content-Type': 'application/yaml' };
      expect((await post(configMaps, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\n', yaml)).status).to.equal(201);
      expectRefusal(await post(configMaps, 'apiVersion: v1\n  kind: [', yaml), 400, 'BadRequest', /YAML|yaml|indent|flow|unexpected/i);
      expectRefusal(await post(configMaps, `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_each, i) => `${String.fromCharCode(98 + i)}: &${String.fromCharCode(98 + i)} [${Array.from({ length: 9 }, () => `*${String.fromCharCode(97 + i)}`).join(',')}]`).join('\n')}`, yaml), 400, 'BadRequest', /./);
    });
  });

  describe('under fieldValidation=Strict', () => {
    it('unknown fields are named', async () => {
      const answer = await post(`${claims}?fieldValidation=Strict`, claim('x', '1Gi', undefined, { storageClas: 'x', selector: { matchLables: {} } }));
      expectRefusal(answer, 400, 'BadRequest', /strict decoding error: .*unknown field "spec\.selector\.matchLables".*unknown field "spec\.storageClas"|strict decoding error: .*unknown field "spec\.storageClas".*unknown field "spec\.selector\.matchLables"/);
    });

    it('duplicate fields are named', async () => {
      expectRefusal(await post(`${configMaps}?fieldValidation=Strict`, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","name":"y"}}'), 400, 'BadRequest', /duplicate field "metadata\.name"/);
    });

    it('otherwise they are warned of, or ignored', async () => {
      const body = { ...configMap('warned'), colour: 'red' };
      const warned = await post(`${configMaps}?fieldValidation=Warn`, body);
      expect([warned.status, warned.headers['warning']]).to.deep.equal([201, '299 - "unknown field \\"colour\\""']);
      const ignored = await post(`${configMaps}?fieldValidation=Ignore`, { ...body, metadata: { name: 'ignored' } });
      expect([ignored.status, ignored.headers['warning']]).to.deep.equal([201, undefined]);
      expect((await post(`${configMaps}?fieldValidation=Sometimes`, configMap('x'))).status).to.be.oneOf([400, 422]);
    });
  });

  describe('in a field', () => {
    for (const [what, path, object, fields] of [
      ['a name with capitals', configMaps, configMap('Nope'), ['metadata.name']],
      ['a name that is too long', configMaps, configMap('a'.repeat(254)), ['metadata.name']],
      ['no name', configMaps, { ...configMap('x'), metadata: {} }, ['metadata.name']],
      ['a label that is none', configMaps, { ...configMap('x'), metadata: { name: 'x', labels: { 'a b': 'c' } } }, ['metadata.labels']],
      ['a key that no file can have', configMaps, configMap('x', { 'a/b': 'c' }), ['data[a/b]']],
      ['annotations of more than 256 KiB', configMaps, { ...configMap('x'), metadata: { name: 'x', annotations: { a: 'x'.repeat(300_000) } } }, ['metadata.annotations']],
      ['a size below zero', claims, claim('x', '-1Gi'), ['spec.resources[storage]', 'spec.resources.requests.storage', 'spec.resources[requests][storage]']],
      ['a size of zero', claims, claim('x', '0'), ['spec.resources[storage]', 'spec.resources.requests.storage', 'spec.resources[requests][storage]']],
      ['no size', claims, claim('x', '1Gi', undefined, { resources: {} }), ['spec.resources[storage]', 'spec.resources.requests.storage', 'spec.resources[requests][storage]']],
      ['no access mode', claims, claim('x', '1Gi', undefined, { accessModes: [] }), ['spec.accessModes']],
      ['an unknown access mode', claims, claim('x', '1Gi', undefined, { accessModes: ['ReadAlways'] }), ['spec.accessModes', 'spec.accessModes[0]']],
      ['an unknown volume mode', claims, claim('x', '1Gi', undefined, { volumeMode: 'Tape' }), ['spec.volumeMode']],
      ['a class that cannot be named so', claims, claim('x', '1Gi', 'No_Class'), ['spec.storageClassName']],
      ['a class without provisioner', '/apis/storage.k8s.io/v1/storageclasses', { ...storageClass('x'), provisioner: '' }, ['provisioner']],
      ['an unknown reclaim policy', '/apis/storage.k8s.io/v1/storageclasses', storageClass('x', { reclaimPolicy: 'Recycle-it' }), ['reclaimPolicy']],
      ['a volume without a source', '/api/v1/persistentvolumes', { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'x' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] } }, ['spec']],
      ['a pod without containers', '/api/v1/namespaces/default/pods', { ...pod('x'), spec: { containers: [] } }, ['spec.containers']],
    ] as const) {
      it(`${what} is invalid, and the field is named`, async () => {
        const answer = await post(path, object);
        expectRefusal(answer, 422, 'Invalid', /is invalid: /);
        expect(fields, JSON.stringify(answer.body.details)).to.include.oneOf(fieldsOf(answer).flatMap((field) => fields.filter((expected) => expected === field)));
      });
    }

    it('a size that is no quantity is refused in words', async () => {
      for (const size of ['much', '1GiB', '1 Gi', '', '1e', true, {}]) {
        const answer = await post(claims, claim('x', size));
        expect([answer.status, answer.body.reason], `${JSON.stringify(size)}: ${answer.text}`).to.be.deep.oneOf([[400, 'BadRequest'], [422, 'Invalid']]);
      }
    });

    it('what cannot change is Forbidden to change', async () => {
      await post(claims, claim('fixed', '1Gi', 'none'));
      const { body } = await keelson.request('GET', `${claims}/fixed`);
      const changed = await keelson.request('PUT', `${claims}/fixed`, { body: { ...body, spec: { ...body.spec, storageClassName: 'other' } } });
      expectRefusal(changed, 422, 'Invalid', /spec: Forbidden: spec is immutable after creation/);
      const secrets = '/api/v1/namespaces/default/secrets';
      await post(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'fixed' }, immutable: true, stringData: { a: '1' } });
      const merge = { 'Content-Type': 'application/merge-patch+json' };
      expectRefusal(await keelson.request('PATCH', `${secrets}/fixed`, { body: { data: { a: 'Mg==' } }, headers: merge }), 422, 'Invalid', /immutable/);
      await post('/apis/storage.k8s.io/v1/storageclasses', storageClass('fixed'));
      expectRefusal(await keelson.request('PATCH', '/apis/storage.k8s.io/v1/storageclasses/fixed', { body: { provisioner: 'other.example.org' }, headers: merge }), 422, 'Invalid', /provisioner/);
      expectRefusal(await keelson.request('PATCH', `${claims}/fixed`, { body: { metadata: { uid: 'another' } }, headers: merge }), 409, 'Conflict', /uid|UID/);
    });

    it('a name in the address that differs from the object\'s is refused', async () => {
      await post(configMaps, configMap('one'));
      expectRefusal(await keelson.request('PUT', `${configMaps}/one`, { body: configMap('two') }), 400, 'BadRequest', /name/);
    });
  });

  describe('in an address or a parameter', () => {
    for (const [what, path, code, reason] of [
      ['an unknown resource', '/api/v1/namespaces/default/widgets', 404, 'NotFound'],
      ['an unknown group', '/apis/example.org/v1/widgets', 404, 'NotFound'],
      ['an unknown path', '/nothing/here', 404, 'NotFound'],
      ['a selector that is none', `${configMaps}?labelSelector=a%3Db%3Dc`, 400, 'BadRequest'],
      ['an unknown field in a selector', `${configMaps}?fieldSelector=spec.colour%3Dred`, 400, 'BadRequest'],
      ['a limit that is no number', `${configMaps}?limit=many`, 400, 'BadRequest'],
      ['a continue token that is none', `${configMaps}?limit=1&continue=abc`, 400, 'BadRequest'],
      ['a version that is no number', `${configMaps}?resourceVersion=abc`, 422, 'Invalid'],
      ['a broken percent sign', `${configMaps}/%zz`, 400, 'BadRequest'],
    ] as const) {
      it(`${what} is refused`, async () => {
        expectRefusal(await keelson.request('GET', path), code, reason, /./);
      });
    }

    it('a selector with 100,000 keys is refused, or answered, in good time', async () => {
      // What is longer than headers may be cannot come in an address.
      const selector = Array.from({ length: 100_000 }, (_each, i) => `k${i}`).join(',');
      const begin = performance.now();
      const { statusCode } = await keelson.open('GET', `${configMaps}?labelSelector=${selector}`).then((response) => response.resume(), () => ({ statusCode: 431 }));
      expect(statusCode).to.be.oneOf([200, 400, 413, 414, 431]);
      expect(performance.now() - begin).to.be.lessThan(5000);
    });

    it('a watch from a compacted or a future version is told so', async () => {
      const expired = await keelson.request('GET', `${configMaps}?watch=true&resourceVersion=1&timeoutSeconds=2`);
      const event = expired.status === 200 ? JSON.parse(expired.text.split('\n')[0] ?? '{}') : { type: 'ERROR', object: expired.body };
      // Version 1 is the empty store: it is either still kept, and then everything since comes, or it is gone.
      expect(event.type === 'ERROR' ? [event.object.code, event.object.reason] : event.type).to.be.deep.oneOf([[410, 'Expired'], 'ADDED']);
      const future = await keelson.request('GET', `${configMaps}?resourceVersion=999999999`);
      expectRefusal(future, 504, 'Timeout', /Too large resource version/);
      expect(future.body.details.causes[0].reason).to.equal('ResourceVersionTooLarge');
    });

    it('sendInitialEvents is honoured or refused, never ignored', async () => {
      const answer = await keelson.request('GET', `${configMaps}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=2`);
      if (answer.status === 200) expect(answer.text).to.include('"k8s.io/initial-events-end":"true"');
      else expect([answer.status, answer.body.reason]).to.deep.equal([422, 'Invalid']);
      expect((await keelson.request('GET', `${configMaps}?watch=true&sendInitialEvents=true&timeoutSeconds=2`)).status).to.equal(422);
    });
  });

  describe('too much of something', () => {
    it('an object of 2 MB is refused, or kept whole', async () => {
      const answer = await post(configMaps, configMap('large', { a: 'x'.repeat(2_000_000) }));
      expect([answer.status, answer.body.reason], answer.body.message).to.be.deep.oneOf([[413, 'RequestEntityTooLarge'], [422, 'Invalid']]);
    });

    it('a body of 20 MB is cut off with 413', async () => {
      const answer = await post(configMaps, configMap('huge', { a: 'x'.repeat(20_000_000) })).catch((error: NodeJS.ErrnoException) => error.code);
      if (typeof answer === 'string') expect(answer).to.be.oneOf(['ECONNRESET', 'EPIPE']);
      else expect([answer?.status, answer?.body?.reason]).to.deep.equal([413, 'RequestEntityTooLarge']);
    });

    it('a JSON patch of 20,000 steps is refused', async () => {
      await post(configMaps, configMap('patched'));
      const body = Array.from({ length: 20_000 }, () => ({ op: 'add', path: '/data/a', value: '2' }));
      const answer = await keelson.request('PATCH', `${configMaps}/patched`, { body, headers: { 'Content-Type': 'application/json-patch+json' } });
      expect(answer.status, answer.text).to.equal(413);
    });

    it('a JSON patch that doubles what is there again and again is refused in good time', async () => {
      await post(configMaps, configMap('doubling'));
      const body = Array.from({ length: 60 }, (_each, i) => ({ op: 'copy', from: '/data', path: `/data/${'k'.repeat(i + 1)}` }));
      const begin = performance.now();
      const answer = await keelson.request('PATCH', `${configMaps}/doubling`, { body, headers: { 'Content-Type': 'application/json-patch+json' } });
      expect(answer.status, answer.text).to.be.oneOf([400, 413, 422]);
      expect(performance.now() - begin).to.be.lessThan(5000);
    });

    it('100 bodies that never end do not hold up anybody else', async () => {
      const requests = Array.from({ length: 100 }, () => {
        const request = keelson.begin('POST', configMaps, { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' });
        request.on('error', () => undefined).write('{"apiVersion":"v1",');
        return request;
      });
      try {
        await Promise.all(requests.map((request) => once(request, 'socket')));
        expect((await post(configMaps, configMap('meanwhile'))).status).to.equal(201);
      } finally {
        for (const request of requests) request.destroy();
      }
    });

    it('a client that stops reading its watch does not make the server grow without bound', async () => {
      await post(configMaps, configMap('big', { a: 'x'.repeat(500_000) }));
      const slow = await keelson.open('GET', `${configMaps}?watch=true`);
      slow.on('error', () => undefined).pause();
      const start = await memoryOf(keelson);
      const headers = { 'Content-Type': 'application/merge-patch+json' };
      for (let i = 0; i < 800; i += 20) {
        const answers = await Promise.all(Array.from({ length: 20 }, (_each, k) => keelson.request('PATCH', `${configMaps}/big`, { body: { data: { i: String(i + k) } }, headers })));
        for (const { status } of answers) expect(status).to.equal(200);
      }
      // 400 MB of events have gone by the reader that does not read.
      expect((await memoryOf(keelson)) - start, 'MB that the server has grown').to.be.lessThan(300);
      slow.destroy();
      await keelson.request('DELETE', `${configMaps}/big`);
    }).timeout(60_000);
  });

  describe('seen with kubectl', () => {
    before(requires(program('kubectl', 'kubernetes-client')));
    if (kubectls.length === 0) it('is refused in words', () => undefined);
    for (const binary of kubectls) {
      describe(`1.${binary.minor}`, () => {
        let kubectl: Kubectl;
        before(() => {
          kubectl = keelson.kubectl(binary);
        });

        it('malformed YAML is pointed out', async () => {
          expect(await kubectl.refused('apiVersion: v1\nkind: ConfigMap\n metadata:\n', 'apply', '-f', '-')).to.match(/error (converting|parsing)/i);
        });

        it('unknown fields are refused by name', async function () {
          if (binary.minor < 27) skipBecause(this, `kubectl 1.${binary.minor} takes this from the OpenAPI v2 document, which is empty`);
          expect(await kubectl.refused(claim('x', '1Gi', undefined, { storageClas: 'x' }), 'apply', '-f', '-', '--validate=true')).to.match(/unknown field "spec\.storageClas"|unknown field "storageClas"/);
        });

        it('wrong types are refused by name', async () => {
          expect(await kubectl.refused(claim('x', '1Gi', undefined, { accessModes: 'ReadWriteOnce' }), 'apply', '-f', '-')).to.match(/accessModes/);
        });

        it('an immutable field is explained', async () => {
          await kubectl.apply(claim('immutable', '1Gi', 'none'));
          expect(await kubectl.refused(claim('immutable', '1Gi', 'other'), 'apply', '-f', '-')).to.include('spec is immutable after creation');
        });
      });
    }
  });

  describe('in storage', () => {
    before(requires(linux, asRoot, loopDevices, program('mkfs.ext4', 'e2fsprogs'), program('losetup', 'mount')));
    const eventsOf = async (name: string): Promise<{ type: string; reason: string; message: string; count?: number }[]> =>
      (await keelson.request('GET', `/api/v1/namespaces/default/events?fieldSelector=involvedObject.uid%3D${await uidOf(`${claims}/${name}`)}`)).body.items;
    const eventually = async (name: string, words: RegExp): Promise<void> => {
      await until(async () => (await eventsOf(name)).some(({ message }) => words.test(message)), `an event of ${name} with ${words}`).catch(async (error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify((await eventsOf(name)).map(({ reason, message }) => `${reason}: ${message}`))}`, { cause: error });
      });
      const { body } = await keelson.request('GET', `${claims}/${name}`);
      expect(body.status.phase).to.equal('Pending');
    };

    it('a claim larger than the pool stays Pending, with an event that says why', async () => {
      await post('/apis/storage.k8s.io/v1/storageclasses', storageClass('pool'));
      await post(claims, claim('vast', '8Ei', 'pool'));
      await post(claims, claim('large', '900Ti', 'pool'));
      for (const name of ['vast', 'large']) await eventually(name, /not enough room/);
    });

    it('an unknown parameter of the class is named, and not tried again and again', async () => {
      await post('/apis/storage.k8s.io/v1/storageclasses', storageClass('misspelt', { parameters: { enforceCapasity: 'true' } }));
      await post(claims, claim('misled', '1Mi', 'misspelt'));
      await eventually('misled', /enforceCapasity/);
      const tries = async (): Promise<number> => (await eventsOf('misled')).filter(({ reason }) => reason === 'ProvisioningFailed').reduce((sum, { count }) => sum + (count ?? 1), 0);
      const first = await tries();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      expect((await tries()) - first).to.be.at.most(1);
    });

    it('a class that is not there, and one that nobody serves, are named', async () => {
      await post(claims, claim('classless', '1Mi', 'nowhere'));
      await eventually('classless', /storageclass\.storage\.k8s\.io "nowhere" not found/);
      await post('/apis/storage.k8s.io/v1/storageclasses', storageClass('unserved', { provisioner: 'disks.example.org' }));
      await post(claims, claim('unserved', '1Mi', 'unserved'));
      await eventually('unserved', /disks\.example\.org/);
    });

    it('what the driver cannot do is said', async () => {
      await post('/apis/storage.k8s.io/v1/storageclasses', storageClass('plain'));
      await post(claims, claim('shared', '1Mi', 'plain', { accessModes: ['ReadWriteMany'] }));
      await eventually('shared', /ReadWriteMany/);
    });
  });

  describe('of all these kinds', () => {
    it('was never taken for a fault of the server', () => {
      expect(keelson.stderr.split('\n').filter((line) => /unexpected|unhandled|uncaught/i.test(line))).to.deep.equal([]);
    });
  });
});

/** Megabytes of memory that the process has in use. */
async function memoryOf({ process: { pid } }: Running): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
