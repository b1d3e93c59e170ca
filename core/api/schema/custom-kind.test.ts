import { expect } from 'chai';
import { customKind } from './custom-kind.ts';

describe('the kind of a custom resource', () => {
  it('is namespaced and named after its kind, unless it says otherwise', () => {
    expect(customKind({ group: 'example.com', version: 'v1', kind: 'CronTab' })).to.include({ group: 'example.com', version: 'v1', kind: 'CronTab', plural: 'crontabs', singular: 'crontab', namespaced: true });
    expect(customKind({ group: 'example.com', version: 'v1', kind: 'Policy', plural: 'policies', namespaced: false })).to.include({ plural: 'policies', singular: 'policy', namespaced: false });
  });
});
