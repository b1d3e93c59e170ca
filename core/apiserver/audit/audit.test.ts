import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { AuditLog } from './audit-log.ts';
import { FileSink } from './file-sink.ts';
import { AuditPolicy, type AuditedRequest } from './policy.ts';

const policy = (rules: object[], rest: object = {}) => new AuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules, ...rest });
const user = { name: 'jane', groups: ['dev'] };
const pods = (rest: Partial<NonNullable<AuditedRequest['resource']>> = {}): AuditedRequest =>
  ({ user, verb: 'get', path: '/api/v1/pods', resource: { group: '', resource: 'pods', subresource: '', namespace: 'team', name: 'web', ...rest } });

describe('audit', () => {
  describe('policy', () => {
    const level = (rules: object[], request: AuditedRequest): string => policy(rules).verdict(request).level;

    it('takes the first rule that matches, and logs nothing that none does', () => {
      const rules = [
        { level: 'None', users: ['system:kube-proxy'] },
        { level: 'Metadata', resources: [{ group: '', resources: ['secrets', 'pods/log'] }] },
        { level: 'Request', verbs: ['create'], namespaces: ['team'] },
        { level: 'RequestResponse', resources: [{ group: 'apps' }] },
        { level: 'Metadata', nonResourceURLs: ['/healthz*'] },
      ];
      expect(level(rules, { ...pods(), user: { name: 'system:kube-proxy', groups: [] } })).to.equal('None');
      expect(level(rules, pods({ resource: 'secrets' }))).to.equal('Metadata');
      expect(level(rules, pods({ subresource: 'log' }))).to.equal('Metadata');
      expect(level(rules, pods())).to.equal('None');
      expect(level(rules, { ...pods(), verb: 'create' })).to.equal('Request');
      expect(level(rules, { ...pods({ namespace: 'other' }), verb: 'create' })).to.equal('None');
      expect(level(rules, pods({ group: 'apps', resource: 'deployments' }))).to.equal('RequestResponse');
      expect(level(rules, { user, verb: 'get', path: '/healthz/x' })).to.equal('Metadata');
    });

    it('knows stars and names', () => {
      const about = (resources: string[], resourceNames?: string[]) => [{ level: 'Metadata', resources: [{ group: '', resources, ...(resourceNames ? { resourceNames } : {}) }] }];
      expect(level(about(['*']), pods({ subresource: 'log' }))).to.equal('Metadata');
      expect(level(about(['*/scale']), pods({ subresource: 'scale' }))).to.equal('Metadata');
      expect(level(about(['pods/*']), pods())).to.equal('None');
      expect(level(about(['pods'], ['db']), pods())).to.equal('None');
    });

    it('is refused when it says what nobody understands', () => {
      expect(() => policy([])).to.throw('no rules');
      expect(() => policy([{ level: 'All' }])).to.throw('rules[0].level must be one of');
      expect(() => policy([{ level: 'None', user: ['x'] }])).to.throw('rules[0].user is not known');
      expect(() => policy([{ level: 'None', omitStages: ['Later'] }])).to.throw('"Later" is not one of');
    });
  });

  describe('log', () => {
    const lines: string[] = [];
    const request = { url: '/api/v1/namespaces/team/pods/web', headers: { 'user-agent': 'kubectl' }, socket: { remoteAddress: '127.0.0.1' } } as unknown as IncomingMessage;
    const logOf = (rules: object[], rest: object = {}) => new AuditLog(policy(rules, rest), { write: (line) => void lines.push(line) }, new FakeClock());
    const events = () => lines.splice(0).map((line) => JSON.parse(line));

    it('writes a line for each stage, with as much as the level says', () => {
      for (const [level, objects] of [['Metadata', []], ['Request', ['requestObject']], ['RequestResponse', ['requestObject', 'responseObject']]] as const) {
        const record = logOf([{ level }]).begin({ ...pods(), id: 'a1', request, impersonator: { name: 'admin', groups: [] }, version: 'v1' })!;
        record.requestObject({ a: 1 });
        record.responseObject({ b: 2 });
        record.annotate('authorization.k8s.io/decision', 'allow');
        record.complete(200);
        const [received, complete] = events();
        expect([received.stage, complete.stage]).to.deep.equal(['RequestReceived', 'ResponseComplete']);
        expect(complete).to.include({ auditID: 'a1', verb: 'get', level, requestURI: request.url, userAgent: 'kubectl' });
        expect(complete.user).to.deep.equal({ username: 'admin', groups: [] });
        expect(complete.impersonatedUser.username).to.equal('jane');
        expect(complete.objectRef).to.deep.equal({ resource: 'pods', namespace: 'team', name: 'web', apiVersion: 'v1' });
        expect(complete.responseStatus).to.deep.equal({ metadata: {}, code: 200 });
        expect(complete.annotations).to.deep.equal({ 'authorization.k8s.io/decision': 'allow' });
        expect(['requestObject', 'responseObject'].filter((key) => key in complete)).to.deep.equal(objects);
      }
    });

    it('tells what authorization refused from what was refused later', () => {
      const log = logOf([{ level: 'Metadata', omitStages: ['RequestReceived'] }]);
      const failure = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Forbidden', message: 'no', code: 403 } as const;
      log.begin({ ...pods(), id: 'a1', request })!.complete(403, failure);
      const admitted = log.begin({ ...pods(), id: 'a2', request })!;
      admitted.allowed('because');
      admitted.complete(403, failure);
      expect(events().map(({ auditID, annotations }) => [auditID, annotations])).to.deep.equal([
        ['a1', { 'authorization.k8s.io/decision': 'forbid' }],
        ['a2', { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'because' }],
      ]);
    });

    it('leaves out stages and managed fields, and requests of level None', () => {
      const record = logOf([{ level: 'RequestResponse', omitManagedFields: true }], { omitStages: ['RequestReceived'] }).begin({ ...pods(), id: 'a', request })!;
      record.responseObject({ metadata: { name: 'web', managedFields: [1] } });
      record.complete(404, { metadata: {}, status: 'Failure', message: 'no', reason: 'NotFound', code: 404 });
      const [event, ...more] = events();
      expect(more).to.deep.equal([]);
      expect(event.responseObject).to.deep.equal({ metadata: { name: 'web' } });
      expect(event.responseStatus).to.deep.equal({ metadata: {}, status: 'Failure', message: 'no', reason: 'NotFound', code: 404 });
      expect(logOf([{ level: 'None' }]).begin({ ...pods(), id: 'a', request })).to.equal(undefined);
    });
  });

  it('files are turned over when they are full', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'keelson-test-'));
    const sink = new FileSink({ path: join(dir, 'audit.log'), maxBytes: 20, keep: 2, logger: silentLogger });
    await sink.start();
    for (let i = 0; i < 8; i++) {
      sink.write(`line number ${i}\n`);
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
    await sink.stop();
    expect((await readdir(dir)).sort()).to.deep.equal(['audit.log', 'audit.log.1', 'audit.log.2']);
    expect(await readFile(join(dir, 'audit.log.1'), 'utf8')).to.equal('line number 6\nline number 7\n');
    await rm(dir, { recursive: true });
  });
});
