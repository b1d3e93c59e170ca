import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import { decode } from '#core/api/schema/decode.ts';
import { fromProtobuf } from '#core/api/schema/protobuf.ts';
import { SubjectAccessReview } from '#core/api/schema/authorization-v1.ts';
import { localSubjectAccessReviews } from './localsubjectaccessreviews.ts';
import type { AnyResource } from './resource.ts';
import { changed } from './resource.test.ts';
import { builtInResources } from './resources.ts';
import { selfSubjectAccessReviews } from './selfsubjectaccessreviews.ts';
import { subjectAccessReviews } from './subjectaccessreviews.ts';

/** What the API server finds wrong with a question before it is answered. */
function findings(resource: AnyResource, question: object, path = '', value?: unknown): string[] {
  const errors = new FieldErrors();
  const { value: object } = decode(resource.kind.struct, path === '' ? question : changed(question, path, value), { kind: resource.kind });
  resource.validate?.(object, errors);
  return errors.causes.map(({ field, reason }) => `${field}: ${reason?.replace('FieldValue', '')}`);
}

const resourceAttributes = { namespace: 'ns', verb: 'get', resource: 'pods' };
const nonResourceAttributes = { path: '/x', verb: 'get' };

describe('kinds that are questions', () => {
  it('are only created', () => {
    const questions = builtInResources.filter(({ isQuestion, kind }) => isQuestion && kind.group.startsWith('auth'));
    expect(questions.map(({ kind }) => kind.kind).sort()).to.deep.equal([
      'LocalSubjectAccessReview', 'SelfSubjectAccessReview', 'SelfSubjectReview', 'SelfSubjectRulesReview', 'SubjectAccessReview', 'TokenReview',
    ]);
    expect(questions.every(({ verbs, hasStatus }) => verbs?.join() === 'create' && !hasStatus)).to.equal(true);
  });
});

describe('subjectAccessReviews', () => {
  const question = { metadata: {}, spec: { user: 'alice', resourceAttributes } };
  const cases: readonly (readonly [string, unknown, ...string[]])[] = [
    ['', undefined],
    ['spec.user', '', 'spec.user: Invalid'],
    ['spec', { groups: ['dev'], nonResourceAttributes }],
    ['spec.nonResourceAttributes', nonResourceAttributes, 'spec.nonResourceAttributes: Invalid'],
    ['spec.resourceAttributes', undefined, 'spec.resourceAttributes: Invalid'],
    ['spec.resourceAttributes.fieldSelector', {}, 'spec.resourceAttributes.fieldSelector.requirements: Required'],
    ['spec.resourceAttributes.labelSelector', { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'Exists' }] }, 'spec.resourceAttributes.labelSelector.rawSelector: Invalid'],
    ['metadata.name', 'x', 'metadata: Invalid'],
  ];
  for (const [path, value, ...expected] of cases) {
    it(`${expected.length === 0 ? 'accepts' : 'refuses'} ${path || 'a plain question'} ${JSON.stringify(value) ?? ''}`, () => expect(findings(subjectAccessReviews, question, path, value)).to.deep.equal(expected));
  }

  it('reads what else is known of the user from protobuf, where a list in a map is a message of its own', () => {
    const string = (field: number, content: Buffer | string): Buffer => Buffer.concat([Buffer.from([(field << 3) | 2, Buffer.byteLength(content)]), Buffer.from(content as string)]);
    const entry = string(5, Buffer.concat([string(1, 'pod'), string(2, Buffer.concat([string(1, 'a'), string(1, 'b')]))]));
    const message = string(2, Buffer.concat([string(3, 'alice'), entry]));
    const { value } = decode(SubjectAccessReview.struct, fromProtobuf(SubjectAccessReview.struct, message), { kind: SubjectAccessReview });
    expect(value.spec).to.deep.equal({ user: 'alice', extra: { pod: ['a', 'b'] } });
  });
});

describe('selfSubjectAccessReviews', () => {
  it('ask about one request', () => {
    expect(findings(selfSubjectAccessReviews, { metadata: {}, spec: { resourceAttributes } })).to.deep.equal([]);
    expect(findings(selfSubjectAccessReviews, { metadata: {}, spec: { nonResourceAttributes } })).to.deep.equal([]);
    expect(findings(selfSubjectAccessReviews, { metadata: { name: 'x' }, spec: {} })).to.deep.equal(['spec.resourceAttributes: Invalid', 'metadata: Invalid']);
  });
});

describe('localSubjectAccessReviews', () => {
  it('ask about their own namespace', () => {
    const question = { metadata: { namespace: 'ns' }, spec: { user: 'alice', resourceAttributes } };
    expect(findings(localSubjectAccessReviews, question)).to.deep.equal([]);
    expect(findings(localSubjectAccessReviews, question, 'spec.resourceAttributes.namespace', 'other')).to.deep.equal(['spec.resourceAttributes.namespace: Invalid']);
    expect(findings(localSubjectAccessReviews, question, 'spec', { user: 'alice', nonResourceAttributes })).to.deep.equal(['spec.nonResourceAttributes: Invalid']);
    expect(findings(localSubjectAccessReviews, question, 'metadata.labels', { a: 'b' })).to.deep.equal(['metadata: Invalid']);
  });
});
