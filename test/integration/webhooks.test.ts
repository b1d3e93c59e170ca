import { expect } from 'chai';
import { AuditLog } from '#core/apiserver/audit/audit-log.ts';
import { AuditPolicy } from '#core/apiserver/audit/policy.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { admissionAnswer, jsonPatch, startWebhookServer, type WebhookServer } from '#test/fixtures/webhook-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const group = '/apis/admissionregistration.k8s.io/v1';
const everyMap = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };

describe('admission webhooks', () => {
  let plane: ControlPlane;
  let server: WebhookServer;

  beforeEach(async () => {
    [plane, server] = await Promise.all([startControlPlane(), startWebhookServer()]);
  });
  afterEach(async () => {
    await plane.stop();
    await server.stop();
  });

  const post = (path: string, body: object): Promise<Answer> => plane.send('POST', path, { body });
  const webhook = (rest: object = {}, path = '/hook') => ({
    name: 'hook.example.com', clientConfig: { url: server.url(path), caBundle: server.caBundle }, rules: [everyMap], sideEffects: 'None', admissionReviewVersions: ['v1'], ...rest,
  });
  const install = async (kind: 'Mutating' | 'Validating', ...webhooks: object[]): Promise<void> => {
    const { code, text } = await post(`${group}/${kind.toLowerCase()}webhookconfigurations`, {
      apiVersion: 'admissionregistration.k8s.io/v1', kind: `${kind}WebhookConfiguration`, metadata: { name: `c-${kind.toLowerCase()}` }, webhooks,
    });
    expect(code, text).to.equal(201);
  };
  const map = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) =>
    post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data });

  describe('that validate', () => {
    it('see the request, and refuse it in their own words', async () => {
      await install('Validating', webhook());
      server.answer = (review) => admissionAnswer(review, { allowed: false, status: { message: 'not today', reason: 'Invalid', code: 422 }, warnings: ['think again'] });
      const refused = await map('a', { x: '1' });
      expect(refused.code).to.equal(422);
      expect(refused.body).to.include({ reason: 'Invalid', message: 'admission webhook "hook.example.com" denied the request: not today' });
      expect(refused.headers['warning']).to.include('think again');
      const [{ request }] = server.reviews;
      expect(request).to.deep.include({
        kind: { group: '', version: 'v1', kind: 'ConfigMap' }, resource: { group: '', version: 'v1', resource: 'configmaps' },
        name: 'a', namespace: 'default', operation: 'CREATE', dryRun: false, oldObject: null,
      });
      expect(request.object.data).to.deep.equal({ x: '1' });
      expect(request.userInfo.username).to.equal('kubernetes-admin');
      expect((await plane.send('GET', `${maps}/a`)).code).to.equal(404);
    });

    it('see what was and what is to be, and deletions', async () => {
      await map('a', { x: '1' });
      await install('Validating', webhook());
      server.answer = (review) => admissionAnswer(review, { allowed: review.request.operation !== 'DELETE' });
      await plane.send('PATCH', `${maps}/a`, { body: { data: { x: '2' } }, headers: { 'Content-Type': 'application/merge-patch+json' } });
      const { object, oldObject } = server.reviews.at(-1).request;
      expect([oldObject.data.x, object.data.x]).to.deep.equal(['1', '2']);
      const kept = await plane.send('DELETE', `${maps}/a`);
      expect([kept.code, kept.body.message]).to.deep.equal([403, 'admission webhook "hook.example.com" denied the request without explanation']);
      expect(server.reviews.at(-1).request).to.include({ operation: 'DELETE', object: null });
    });

    it('are asked only about what their rules, selectors and conditions name', async () => {
      await install('Validating', webhook({
        objectSelector: { matchLabels: { check: 'yes' } },
        matchConditions: [{ name: 'big', expression: "object.data.size() > 1 && request.userInfo.username == 'kubernetes-admin'" }],
      }));
      server.answer = (review) => admissionAnswer(review, { allowed: false });
      expect((await map('no-label', { a: '1', b: '2' })).code).to.equal(201);
      expect((await map('small', { a: '1' }, { check: 'yes' })).code).to.equal(201);
      expect((await post('/api/v1/namespaces/default/secrets', { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's', labels: { check: 'yes' } } })).code).to.equal(201);
      expect(server.reviews).to.deep.equal([]);
      expect((await map('meant', { a: '1', b: '2' }, { check: 'yes' })).code).to.equal(403);
    });

    it('stop requests when they cannot be asked, unless that is to be ignored', async () => {
      await install('Validating', webhook({ timeoutSeconds: 1 }));
      const late = await map('a');
      expect([late.code, late.body.reason]).to.deep.equal([500, 'InternalError']);
      expect(late.body.message).to.match(/^Internal error occurred: failed calling webhook "hook\.example\.com": failed to call webhook: Post "https:.*context deadline exceeded/);
      server.answer = () => 'no json';
      expect((await map('b')).body.message).to.match(/the answer is no JSON/);
      server.answer = (review) => ({ ...admissionAnswer(review, { allowed: true }), response: { uid: 'another', allowed: true } });
      expect((await map('c')).body.message).to.match(/expected response\.uid=/);
      await plane.send('DELETE', `${group}/validatingwebhookconfigurations/c-validating`);
      await install('Validating', webhook({ failurePolicy: 'Ignore', clientConfig: { url: 'https://127.0.0.1:1/x', caBundle: server.caBundle } }));
      expect((await map('d')).code).to.equal(201);
    });

    it('are not believed without their certificate', async () => {
      const other = await startWebhookServer();
      await install('Validating', webhook({ clientConfig: { url: server.url('/x'), caBundle: other.caBundle } }));
      await other.stop();
      expect((await map('a')).body.message).to.match(/failed to call webhook/);
      expect(server.reviews).to.deep.equal([]);
    });

    it('must have no side effects to be asked about a dry run', async () => {
      await install('Validating', webhook({ sideEffects: 'NoneOnDryRun' }));
      server.answer = (review) => admissionAnswer(review, { allowed: review.request.dryRun });
      expect((await post(`${maps}?dryRun=All`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } })).code).to.equal(201);
      expect((await map('a')).code).to.equal(403);
    });

    it('cannot lock out their own configurations', async () => {
      await install('Validating', webhook({ rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }] }));
      server.answer = (review) => admissionAnswer(review, { allowed: false });
      expect((await map('a')).code).to.equal(403);
      expect((await plane.send('DELETE', `${group}/validatingwebhookconfigurations/c-validating`)).code).to.equal(200);
      expect((await map('a')).code).to.equal(201);
    });

    it('see Scale where scales are written', async () => {
      const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
      await post('/apis/apps/v1/namespaces/default/deployments', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { selector: { matchLabels: { a: 'b' } }, template } });
      await install('Validating', webhook({ rules: [{ operations: ['UPDATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments/scale'] }] }));
      server.answer = (review) => admissionAnswer(review, { allowed: review.request.object.spec.replicas < 3 });
      const scale = (replicas: number) => plane.send('PATCH', '/apis/apps/v1/namespaces/default/deployments/web/scale', { body: { spec: { replicas } }, headers: { 'Content-Type': 'application/merge-patch+json' } });
      expect((await scale(2)).body.spec.replicas).to.equal(2);
      expect((await scale(5)).code).to.equal(403);
      expect(server.reviews[0].request).to.deep.include({ kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, subResource: 'scale' });
    });
  });

  describe('that mutate', () => {
    it('patch objects one after the other', async () => {
      await install('Mutating', webhook({ name: 'one.example.com' }, '/one'), webhook({ name: 'two.example.com' }, '/two'));
      server.answer = (review, path) => {
        if (path === '/one') return admissionAnswer(review, { allowed: true, ...jsonPatch({ op: 'add', path: '/metadata/labels', value: { one: '1' } }) });
        return admissionAnswer(review, { allowed: true, ...jsonPatch({ op: 'add', path: '/data', value: { seen: JSON.stringify(review.request.object.metadata.labels) } }) });
      };
      const { body } = await post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
      expect(body.metadata.labels).to.deep.equal({ one: '1' });
      expect(body.data).to.deep.equal({ seen: '{"one":"1"}' });
    });

    it('are asked once more when a later one changed the object, if they want to', async () => {
      await install('Mutating', webhook({ name: 'one.example.com', reinvocationPolicy: 'IfNeeded' }, '/one'), webhook({ name: 'two.example.com' }, '/two'));
      server.answer = (review, path) => admissionAnswer(review, {
        allowed: true, ...(path === '/two' && review.request.object.data === undefined ? jsonPatch({ op: 'add', path: '/data', value: { two: '2' } }) : {}),
      });
      await post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
      expect(server.reviews.map(({ request }) => request.object.data)).to.deep.equal([undefined, undefined, { two: '2' }]);
    });

    it('write what is then checked like any other object', async () => {
      await install('Mutating', webhook());
      server.answer = (review) => admissionAnswer(review, { allowed: true, ...jsonPatch({ op: 'add', path: '/metadata/labels', value: { 'not a label': 'x' } }) });
      expect((await map('a')).code).to.equal(422);
      server.answer = (review) => admissionAnswer(review, { allowed: true, ...jsonPatch({ op: 'replace', path: '/none/there', value: 1 }) });
      expect((await map('a')).body.message).to.match(/the patch of admission webhook "hook\.example\.com" does not fit/);
    });

    it('behind a service are called by its name, and must show a certificate of that', async () => {
      await post('/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hooks' }, spec: { type: 'ExternalName', externalName: 'localhost' } });
      const byService = ({ port, caBundle }: WebhookServer) => webhook({ clientConfig: { service: { namespace: 'default', name: 'hooks', path: '/x', port }, caBundle } });
      const named = await startWebhookServer(['hooks.default.svc']);
      try {
        await install('Mutating', byService(named));
        named.answer = (review) => admissionAnswer(review, { allowed: true, ...jsonPatch({ op: 'add', path: '/data', value: { by: 'service' } }) });
        const { body, code, text } = await post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
        expect(code, text).to.equal(201);
        expect(body.data).to.deep.equal({ by: 'service' });
      } finally {
        await named.stop();
      }
      await plane.send('DELETE', `${group}/mutatingwebhookconfigurations/c-mutating`);
      await install('Mutating', byService(server));
      expect((await map('b')).body.message).to.match(/does not match certificate's altnames/);
    });
  });
});

describe('validating admission policies', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await startControlPlane();
  });
  afterEach(() => plane.stop());

  const create = async (kind: string, name: string, spec: object): Promise<void> => {
    const { code, text } = await plane.send('POST', `${group}/${kind === 'ValidatingAdmissionPolicy' ? 'validatingadmissionpolicies' : 'validatingadmissionpolicybindings'}`, {
      body: { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, spec },
    });
    expect(code, text).to.equal(201);
  };
  const policy = (spec: object) => create('ValidatingAdmissionPolicy', 'p', { matchConstraints: { resourceRules: [everyMap] }, ...spec });
  const bind = (spec: object = {}) => create('ValidatingAdmissionPolicyBinding', 'b', { policyName: 'p', validationActions: ['Deny'], ...spec });
  const map = (name: string, data: Record<string, string> = {}) => plane.send('POST', maps, { body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data } });

  it('note in the audit log which rule was broken', async () => {
    await plane.stop();
    const lines: string[] = [];
    const audit = new AuditLog(new AuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata', resources: [{ resources: ['configmaps'] }] }] }), { write: (line) => void lines.push(line) }, systemClock);
    plane = await startControlPlane({ audit });
    await policy({ validations: [{ expression: 'true' }, { expression: "object.metadata.name != 'bad'", message: 'a bad name' }] });
    await bind({ validationActions: ['Audit'] });
    expect((await map('bad')).code).to.equal(201);
    const noted = JSON.parse(lines.at(-1) ?? '{}').annotations['validation.policy.admission.k8s.io/validation_failure'];
    expect(JSON.parse(noted)).to.deep.equal([{ message: 'a bad name', policy: 'p', binding: 'b', expressionIndex: 1, validationActions: ['Audit'] }]);
  });

  it('refuse what breaks a rule, with the rule or its message', async () => {
    await policy({
      variables: [
        { name: 'count', expression: 'has(object.data) ? object.data.size() : 0' },
        { name: 'twice', expression: 'variables.count * 2' },
        { name: 'broken', expression: "object.data['none']" },
      ],
      validations: [
        { expression: 'variables.count <= 1 && variables.twice <= 2' },
        { expression: "object.metadata.name != 'needs-broken' || variables.broken == 'x'" },
        { expression: "!object.metadata.name.startsWith('bad-')", messageExpression: "'name ' + object.metadata.name + ' is bad'", reason: 'Forbidden' },
      ],
    });
    expect((await map('free', { a: '1', b: '2' })).code, 'a policy without a binding').to.equal(201);
    await bind();
    const many = await map('a', { a: '1', b: '2' });
    expect([many.code, many.body.reason]).to.deep.equal([422, 'Invalid']);
    expect(many.body.message).to.equal('configmaps "a" is forbidden: ValidatingAdmissionPolicy \'p\' with binding \'b\' denied request: failed expression: variables.count <= 1 && variables.twice <= 2');
    expect((await map('needs-broken', { a: '1' })).body.message).to.match(/composited variable "broken" fails to evaluate: no such key: none$/);
    const bad = await map('bad-one');
    expect([bad.code, bad.body.message]).to.deep.equal([403, 'configmaps "bad-one" is forbidden: ValidatingAdmissionPolicy \'p\' with binding \'b\' denied request: name bad-one is bad']);
    expect((await map('good', { a: '1' })).code).to.equal(201);
  });

  it('warn only, where the binding says so', async () => {
    await policy({ validations: [{ expression: 'false', message: 'no' }] });
    await bind({ validationActions: ['Warn', 'Audit'] });
    const warned = await map('a');
    expect([warned.code, warned.headers['warning']]).to.deep.equal([201, '299 - "Validation failed for ValidatingAdmissionPolicy \'p\' with binding \'b\': no"']);
  });

  it('fail as their failure policy says when an expression does', async () => {
    await policy({ validations: [{ expression: "object.data['none'] == 'x'" }] });
    await bind();
    const failed = await map('a', { a: '1' });
    expect(failed.code).to.equal(422);
    expect(failed.body.message).to.match(/expression 'object\.data\['none'\] == 'x'' resulted in error: no such key: none/);
    await plane.send('PATCH', `${group}/validatingadmissionpolicies/p`, { body: { spec: { failurePolicy: 'Ignore' } }, headers: { 'Content-Type': 'application/merge-patch+json' } });
    expect((await map('a', { a: '1' })).code).to.equal(201);
  });

  it('are refused when an expression does not compile', async () => {
    const { code, body } = await plane.send('POST', `${group}/validatingadmissionpolicies`, {
      body: { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: [everyMap] }, validations: [{ expression: 'object.a ==' }, { expression: '1 + 1' }] } },
    });
    expect(code).to.equal(422);
    expect(body.details.causes[0].field).to.equal('spec.validations[0].expression');
    expect(body.message).to.match(/compilation failed: ERROR: <input>:1:12: Syntax error/);
  });

  it('take parameters from objects', async () => {
    await plane.send('POST', maps, { body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'limits' }, data: { most: '2' } } });
    await policy({
      matchConstraints: { resourceRules: [{ ...everyMap, operations: ['CREATE'] }] },
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, matchConditions: [{ name: 'not-the-limits', expression: "object.metadata.name != 'limits'" }],
      validations: [{ expression: 'object.data.size() <= int(params.data.most)', message: 'too much' }],
    });
    await bind({ paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' } });
    expect((await map('a', { a: '1', b: '2' })).code).to.equal(201);
    expect((await map('b', { a: '1', b: '2', c: '3' })).body.message).to.match(/too much$/);
    await plane.send('DELETE', `${maps}/limits`);
    const missing = await map('c', { a: '1' });
    expect(missing.body.message).to.match(/no params found for policy binding with `Deny` parameterNotFoundAction/);
  });

  it('ask whether the sender may do something else', async () => {
    await policy({ validations: [{ expression: "authorizer.group('').resource('secrets').namespace('default').check('create').allowed()" }] });
    await bind();
    expect((await map('a')).code).to.equal(201);
  });
});
