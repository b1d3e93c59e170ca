import { expect } from 'chai';
import { certificates, monitors, operatorGroup, routes } from '#test/fixtures/operator-definitions.ts';
import { program, requires } from '#test/fixtures/requires.ts';
import { Sandbox, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';

const kubectls = await oldestAndNewest();
const server = ['apply', '--server-side', '-f', '-'];

const object = (kind: string, name: string, spec: object, version = 'v1') => ({ apiVersion: `${operatorGroup}/${version}`, kind, metadata: { name }, spec });
const routeWith = (rule: object, rest: object = {}) => object('Route', 'wrong', { rules: [rule], ...rest });
const backend = { name: 'web', port: 80 };
const prefix = (value: string, type = 'PathPrefix') => ({ matches: [{ path: { type, value } }] });
const certificate = (spec: object = {}, name = 'web') => object('Certificate', name, { secretName: 'web-tls', issuer: { name: 'ca' }, dnsNames: ['web.example.com'], ...spec });

/** What is wrong, where it is said to be, and in which words. */
const wrongRoutes: readonly (readonly [string, object, string])[] = [
  ['an exact path without a slash', routeWith(prefix('web', 'Exact')), "spec.rules[0].matches[0].path: Invalid value: \"object\": value must be an absolute path and start with '/' when type is one of ['Exact', 'PathPrefix']"],
  ['a path with two slashes', routeWith(prefix('/a//b')), "spec.rules[0].matches[0].path: Invalid value: \"object\": must not contain '//' when type is one of ['Exact', 'PathPrefix']"],
  ['a prefix with a slash at its end', routeWith(prefix('/a/')), 'spec.rules[0].matches[0].path.value: Invalid value: "object": a prefix must not end with a slash'],
  ['a Service without a port', routeWith({ backends: [{ name: 'web' }] }), 'spec.rules[0].backends[0]: Invalid value: "object": Must have port for Service reference'],
  ['a filter of another type', routeWith({ filters: [{ type: 'Mirror', mirror: { backend }, redirect: {} }] }), 'spec.rules[0].filters[0]: Invalid value: "object": filter.redirect must be nil if the filter.type is not Redirect'],
  ['a filter with nothing in it', routeWith({ filters: [{ type: 'RequestHeaders' }] }), 'spec.rules[0].filters[0]: Invalid value: "object": filter.requestHeaders must be specified for RequestHeaders filter.type'],
  ['filters that do not go together', routeWith({ filters: [{ type: 'Mirror', mirror: { backend } }, { type: 'Redirect', redirect: {} }] }), 'spec.rules[0].filters: Invalid value: "array": May specify either Redirect or Mirror, but not both'],
  ['a redirect with backends', routeWith({ filters: [{ type: 'Redirect', redirect: {} }], backends: [backend] }), 'spec.rules[0]: Invalid value: "object": Redirect filter must not be used together with backends'],
  ['timeouts the wrong way round', routeWith({ timeouts: { request: '5s', backend: '1m' } }), 'spec.rules[0].timeouts: Invalid value: "object": backend timeout cannot be longer than request timeout'],
  ['a parent twice', routeWith({}, { parents: [{ name: 'a' }, { name: 'b' }, { name: 'a', kind: 'Gateway' }] }), 'spec.parents: Invalid value: "array": sectionName must be unique when parents includes 2 or more references to the same parent'],
  ['a rule\'s name twice', object('Route', 'wrong', { rules: [{ name: 'a' }, { name: 'a' }] }), 'spec.rules: Duplicate value: "array"'],
  ['too many matches', object('Route', 'wrong', { rules: [{ matches: Array.from({ length: 64 }, () => ({})) }, { matches: Array.from({ length: 33 }, () => ({})) }] }), 'spec.rules: Invalid value: "array": the first two rules may have no more than 96 matches together'],
  ['a header twice', routeWith({ matches: [{ headers: [{ name: 'a', value: '1' }, { name: 'a', value: '2' }] }] }), 'spec.rules[0].matches[0].headers[1]: Duplicate value: {"name":"a"}'],
  ['a host with a star in the middle', routeWith({}, { hostnames: ['a.*.example.com'] }), "spec.hostnames[0] in body should match '^(\\*\\.)?[a-z0-9]"],
  ['no rules', object('Route', 'wrong', { rules: [] }), 'spec.rules in body should have at least 1 items'],
];

const wrongCertificates: readonly (readonly [string, object, string])[] = [
  ['no name at all', certificate({ dnsNames: undefined }), 'spec.dnsNames: Required value: at least one name is required'],
  ['bits that the algorithm does not have', certificate({ algorithm: 'ECDSA', bits: 2048 }), 'spec.bits: Invalid value: "object": web-tls would be a key that ECDSA does not have'],
  ['a name that is too long', certificate({}, 'w'.repeat(41)), 'Invalid value: "object": the name is too long for a certificate'],
  ['an address that is none', certificate({ addresses: ['300.0.0.1'] }), '"spec.addresses[0]" must validate at least one schema (anyOf)'],
  ['a mail address that is none', certificate({ emails: ['nobody'] }), 'spec.emails[0] in body must be of type email: "nobody"'],
  ['a duration that is none', certificate({ duration: 'long' }), 'spec.duration in body must be of type duration: "long"'],
  ['a date that is none', certificate({ notBefore: 'tomorrow' }), 'spec.notBefore in body must be of type date-time: "tomorrow"'],
  ['a number beyond the pattern', certificate({ renewBefore: '100%' }), 'spec.renewBefore in body should match'],
  ['an output twice, once by default', certificate({ additionalOutput: [{ name: 'a' }, { name: 'a', format: 'PEM' }] }), 'spec.additionalOutput[1]: Duplicate value: {"format":"PEM","name":"a"}'],
  ['a keystore with both', certificate({ keystore: { create: true, password: 'x' } }), '"spec.keystore" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
  ['a null where none may be', certificate({ algorithm: null, secretName: null }), 'spec.secretName: Required value'],
];

if (kubectls.length === 0) {
  describe('definitions of operators', () => {
    before(requires(program('kubectl', 'kubernetes-client')));
    it('are installed and obeyed', () => undefined);
  });
}
for (const binary of kubectls) {
  describe(`definitions of operators with kubectl 1.${binary.minor}`, () => {
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
      await keelson.stop();
      await sandbox.remove();
    });

    it('are applied, and again', async () => {
      for (const definition of [routes, certificates]) {
        expect(await kubectl.apply(definition)).to.match(/created$/);
        expect(await kubectl.apply(definition)).to.match(/unchanged$/);
      }
      expect(await kubectl.refused(monitors, 'apply', '-f', '-'), 'the copy in its annotation').to.include('metadata.annotations: Too long: may not be more than 262144 bytes');
      for (const definition of [routes, certificates, monitors]) expect(await kubectl.feed(JSON.stringify(definition), ...server, '--force-conflicts')).to.match(/serverside-applied$/);
      for (const { metadata } of [routes, certificates, monitors]) await kubectl.run('wait', '--for=condition=Established', `crd/${metadata.name}`, '--timeout=10s');
      expect((await kubectl.run('api-resources', `--api-group=${operatorGroup}`, '-o', 'name')).split('\n').sort()).to.deep.equal(['certificates', 'monitors', 'routes'].map((plural) => `${plural}.${operatorGroup}`));
    });

    describe('routes', () => {
      it('are filled with defaults, also below defaults', async () => {
        await kubectl.apply(object('Route', 'plain', {}));
        const { spec, metadata } = await kubectl.json('get', 'rt', 'plain');
        expect(spec).to.deep.equal({ rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }] });
        expect(metadata.generation).to.equal(1);
        await kubectl.apply(object('Route', 'full', {
          parents: [{ name: 'edge' }], hostnames: ['*.example.com'],
          rules: [{ matches: [{ headers: [{ name: 'a', value: '1' }] }], filters: [{ type: 'RequestHeaders', requestHeaders: { remove: ['b'] } }], backends: [backend], timeouts: { request: '1h30m', backend: '90m' } }],
        }));
        const full = await kubectl.json('get', 'route', 'full');
        expect(full.spec.parents).to.deep.equal([{ group: 'gateways.keelson.test', kind: 'Gateway', name: 'edge' }]);
        expect(full.spec.rules[0].matches).to.deep.equal([{ headers: [{ name: 'a', type: 'Exact', value: '1' }], path: { type: 'PathPrefix', value: '/' } }]);
        expect(full.spec.rules[0].backends).to.deep.equal([{ group: '', kind: 'Service', name: 'web', port: 80, weight: 1 }]);
      });

      for (const [what, wrong, words] of wrongRoutes) {
        it(`are refused with ${what}`, async () => {
          expect(await kubectl.refused(wrong, 'create', '-f', '-')).to.include(words);
        });
      }

      it('are shown in each of their versions, with a warning in the old one', async () => {
        const { exitCode, stdout, stderr } = await kubectl.attempt(['get', `routes.v1beta1.${operatorGroup}`, 'full', '-o', 'json']);
        expect([exitCode, stderr.trim()]).to.deep.equal([0, 'Warning: routes of v1beta1 are going away; v1 has all their fields']);
        const old = JSON.parse(stdout);
        const { apiVersion, spec, metadata } = await kubectl.json('get', `routes.v1.${operatorGroup}`, 'full');
        expect([old.apiVersion, apiVersion]).to.deep.equal([`${operatorGroup}/v1beta1`, `${operatorGroup}/v1`]);
        expect([old.spec, old.metadata.uid, old.metadata.resourceVersion]).to.deep.equal([spec, metadata.uid, metadata.resourceVersion]);
        expect(await kubectl.apply(object('Route', 'full', { hostnames: ['old.example.com'] }, 'v1beta1'))).to.match(/configured$/);
        expect(await kubectl.run('get', 'rt', 'full', '--no-headers')).to.match(/^full +\["old\.example\.com"\] +\d+s$/);
        expect(await kubectl.refused(object('Route', 'full', {}, 'v1alpha1'), 'apply', '-f', '-')).to.match(/no matches for kind "Route" in version "operators.keelson.test\/v1alpha1"/);
      });

      it('keep what others say of them', async () => {
        const status = { parents: [{ parent: { name: 'edge' }, controllerName: 'test', conditions: [{ type: 'Accepted', status: 'True', reason: 'Fine', message: '', lastTransitionTime: '2026-01-01T00:00:00Z', unknown: 1 }] }] };
        await kubectl.run('patch', 'rt', 'full', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status, spec: { hostnames: ['no.example.com'] } }));
        const route = await kubectl.json('get', 'rt', 'full');
        expect(route.status.parents[0]).to.deep.include({ parent: { group: 'gateways.keelson.test', kind: 'Gateway', name: 'edge' } });
        expect(route.status.parents[0].conditions[0]).to.not.have.property('unknown');
        expect(route.spec.hostnames).to.deep.equal(['old.example.com']);
        const wrong = { parents: [{ ...status.parents[0], conditions: [{ type: 'Accepted', status: 'Maybe', reason: 'x', message: '', lastTransitionTime: 'now' }] }] };
        const words = await kubectl.refused('', 'patch', 'rt', 'full', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: wrong }));
        expect(words).to.include('Unsupported value: "Maybe": supported values: "True", "False", "Unknown"').and.include('must be of type date-time: "now"');
      });
    });

    describe('certificates', () => {
      it('take every format that is one', async () => {
        // Newer ones leave nulls out when they apply.
        await kubectl.feed(JSON.stringify(certificate({
          addresses: ['10.0.0.1', 'fd00::1'], emails: ['a@example.com'], uris: ['spiffe://example.com/web'], duration: '36h', notBefore: null, renewBefore: '10%', serial: 5,
          additionalOutput: [{ name: 'a', note: null }, { name: 'a', format: 'DER' }], keystore: { create: true },
        })), 'create', '-f', '-');
        const { spec } = await kubectl.json('get', 'crt', 'web');
        expect(spec).to.deep.include({ algorithm: 'RSA', duration: '36h', notBefore: null, keystore: { create: true }, issuer: { kind: 'Issuer', name: 'ca' } });
        expect(spec.additionalOutput).to.deep.equal([{ name: 'a', note: null, format: 'PEM' }, { name: 'a', format: 'DER' }]);
      });

      for (const [what, wrong, words] of wrongCertificates) {
        it(`are refused with ${what}`, async () => {
          expect(await kubectl.refused(wrong, 'create', '--validate=false', '-f', '-')).to.include(words);
        });
      }

      it('change only as they may', async () => {
        const patch = (spec: object) => ['patch', 'crt', 'web', '--type=merge', '-p', JSON.stringify({ spec })];
        expect(await kubectl.refused('', ...patch({ secretName: 'other' }))).to.include('spec.secretName: Invalid value: "string": Value is immutable');
        expect(await kubectl.refused('', ...patch({ issuer: { name: 'other' } }))).to.include('spec.issuer: Forbidden: the issuer is immutable');
        expect(await kubectl.refused('', ...patch({ serial: 4 }))).to.include('spec.serial: Invalid value: "integer": the serial may only grow');
        expect(await kubectl.refused('', ...patch({ keystore: null }))).to.include('spec: Invalid value: "object": the keystore may not be taken away');
        expect(await kubectl.run(...patch({ serial: 6, dnsNames: ['a.example.com', 'b.example.com'] }))).to.match(/patched$/);
        expect((await kubectl.json('get', 'crt', 'web')).metadata.generation).to.equal(2);
      });

      it('are listed with columns, and chosen by a field', async () => {
        await kubectl.apply(certificate({ secretName: 'other-tls' }, 'other'));
        await kubectl.run('patch', 'crt', 'web', '--subresource=status', '--type=merge', '-p', '{"status":{"conditions":[{"type":"Issuing","status":"False","reason":"A","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"},{"type":"Ready","status":"True","reason":"A","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}');
        expect(await kubectl.run('get', 'crt', '-o', 'wide')).to.match(/^NAME +READY +SECRET +ISSUER +AGE\nother +other-tls +ca +\d+s\nweb +True +web-tls +ca +\d+s$/);
        expect(await kubectl.run('get', 'crt', '--field-selector', 'spec.secretName=other-tls', '-o', 'name')).to.equal(`certificate.${operatorGroup}/other`);
      });
    });

    describe('monitors', () => {
      const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'main', image: 'busybox', ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }], resources: { limits: { cpu: 2, memory: '1Gi' } }, surprise: true }] } };

      it('hold pod templates, of which they keep what pods have', async () => {
        const monitor = object('Monitor', 'all', { template, config: { any: [{ thing: null }] }, storage: { size: 5, className: null }, objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'b' } }] });
        await kubectl.feed(JSON.stringify(monitor), 'create', '--validate=false', '-f', '-');
        const { spec } = await kubectl.json('get', 'mon', 'all');
        expect(spec).to.deep.include({ replicas: 1, retention: '24h', config: { any: [{ thing: null }] }, storage: { size: 5, className: null } });
        const [container] = spec.template.spec.containers;
        expect(container).to.deep.include({ name: 'main', ports: [{ containerPort: 80, protocol: 'TCP' }, { containerPort: 80, protocol: 'UDP' }], resources: { limits: { cpu: 2, memory: '1Gi' } } });
        expect(container).to.not.have.property('surprise');
        expect(spec.template.metadata).to.deep.equal({ labels: { a: 'b' } });
        expect(spec.objects[0].data).to.deep.equal({ a: 'b' });
        expect((await kubectl.json('get', `monitors.v1alpha1.${operatorGroup}`, 'all')).spec.storage, 'the older version does not know the class').to.deep.equal({ size: 5 });
      });

      it('are refused with wrong templates and objects', async () => {
        const refused = (spec: object): Promise<string> => kubectl.refused(object('Monitor', 'wrong', spec), 'create', '--validate=false', '-f', '-');
        const container = (rest: object) => ({ template: { spec: { containers: [{ name: 'main', ...rest }] } } });
        expect(await refused(container({ ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }] }))).to.include('spec.template.spec.containers[0].ports[1]: Duplicate value: {"containerPort":80,"protocol":"TCP"}');
        expect(await refused(container({ resources: { limits: { cpu: 'much' } } }))).to.include('spec.template.spec.containers[0].resources.limits.cpu in body should match');
        expect(await refused({ template: { spec: {} } })).to.include('spec.template.spec.containers: Required value');
        expect(await refused(container({ name: 'monitor' }))).to.include('the container monitor is made by the operator');
        expect(await refused({ shards: 2 })).to.include('spec: Invalid value: "object": there may not be more shards than replicas');
        expect(await refused({ objects: [{ kind: 'ConfigMap', metadata: { name: 'a/b' } }] })).to.include('spec.objects[0].apiVersion: Required value').and.include('spec.objects[0].metadata.name: Invalid value: "a/b": may not contain \'/\'');
        expect(await kubectl.refused(object('Monitor', 'wrong', { template }), ...server), 'server-side apply never drops anything').to.include('.spec.template.spec.containers[name="main"].surprise: field not declared in schema');
        const strict = await kubectl.refused(object('Monitor', 'wrong', { template }), 'create', '--validate=strict', '-f', '-');
        expect(strict).to.include('unknown field "spec.template.spec.containers[0].surprise"');
      });

      it('are scaled', async () => {
        await kubectl.run('scale', 'mon', 'all', '--replicas=3');
        await kubectl.run('patch', 'mon', 'all', '--subresource=status', '--type=merge', '-p', '{"status":{"replicas":3,"selector":"a=b"}}');
        const { spec, status } = JSON.parse(await kubectl.run('get', '--raw', `/apis/${operatorGroup}/v1/namespaces/default/monitors/all/scale`));
        expect([spec, status]).to.deep.equal([{ replicas: 3 }, { replicas: 3, selector: 'a=b' }]);
      });
    });

    it('are explained, from OpenAPI of both versions', async () => {
      expect(await kubectl.run('explain', 'rt.spec.rules.backends')).to.match(/KIND: +Route/).and.match(/name\t<string> -required-/).and.match(/weight\t<integer>/);
      expect(await kubectl.run('explain', 'monitor.spec.template.spec.containers.ports')).to.match(/containerPort\t<integer> -required-/);
      if (binary.minor < 27) return;
      const explain = (field: string): Promise<string> => kubectl.run('explain', '--output', 'plaintext-openapiv2', field);
      expect(await explain('pod.spec')).to.match(/RESOURCE: spec <Object>/).and.match(/containers\t<\[\]Object> -required-/);
      expect(await explain('monitor.spec.template.spec.containers')).to.match(/KIND: +Monitor\nVERSION: +operators.keelson.test\/v1/).and.match(/ports\t<\[\]Object>/);
      expect(await explain('certificate.spec.issuer')).to.match(/name\t<string> -required-/);
      expect(await explain('deployment.spec.template.spec.containers.resources.limits')).to.match(/limits <map\[string\]string>/);
    });
  });
}
