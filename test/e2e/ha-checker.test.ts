import { expect } from 'chai';
import { check } from '#test/campaign/ha/checker.ts';
import type { History, Operation, Truth } from '#test/campaign/ha/history.ts';

const truth: readonly Truth[] = [
  { key: 'k', revision: 10, value: 'a', uid: 'u' },
  { key: 'k', revision: 12, value: 'b', uid: 'u' },
  { key: 'k', revision: 15, value: undefined, uid: 'u' },
];
const operation = (begun: number, ended: number, rest: Partial<Operation>): Operation =>
  ({ client: 'c', server: 0, verb: 'get', key: 'k', begun, ended, outcome: 'done', ...rest });
const good: readonly Operation[] = [
  operation(0, 10, { verb: 'create', value: 'a', revision: 10 }),
  operation(20, 30, { verb: 'update', value: 'b', base: 10, revision: 12 }),
  operation(20, 31, { verb: 'update', value: 'x', base: 10, outcome: 'refused', reason: 'Conflict' }),
  operation(40, 50, { value: 'b', revision: 12 }),
  operation(60, 70, { verb: 'delete', uid: 'u' }),
  operation(80, 90, { verb: 'list', key: '', revision: 16, items: new Map() }),
];
const wrongWith = (more: Partial<Record<keyof History, unknown>>): string[] => check({ operations: good, segments: [], truth, terms: [], compactions: [], ...more } as History);
const wrongWithOperation = (...more: Operation[]): string[] => wrongWith({ operations: [...good, ...more] });

describe('the checker of the ha campaign', () => {
  it('finds nothing wrong with a history that is right', () => {
    expect(wrongWith({})).to.deep.equal([]);
  });

  it('finds lost writes, lost deletions and values from nowhere', () => {
    expect(wrongWithOperation(operation(32, 35, { verb: 'update', value: 'lost', revision: 13 }))).to.match(/lost/);
    expect(wrongWithOperation(operation(32, 35, { verb: 'delete', uid: 'v' }))).to.match(/deletion of v is lost/);
    expect(wrongWith({ truth: [...truth, { key: 'k', revision: 16, value: 'ghost', uid: 'w' }] })).to.match(/nobody wrote ghost/);
    expect(wrongWith({ truth: [...truth, { key: 'k', revision: 17, value: 'x', uid: 'w' }] })).to.match(/it happened all the same/);
  });

  it('finds answers from the past', () => {
    expect(wrongWithOperation(operation(35, 39, { value: 'a', revision: 10 }))).to.match(/no state between 12/);
    expect(wrongWithOperation(operation(35, 39, { outcome: 'refused', reason: 'AlreadyExists' }))).to.deep.equal([]);
    expect(wrongWithOperation(operation(12, 15, { outcome: 'refused', reason: 'NotFound' }))).to.match(/at no time between 10 and 11/);
    expect(wrongWithOperation(operation(35, 39, { verb: 'list', key: '', revision: 11, items: new Map([['k', { revision: 10, value: 'a' }]]) }))).to.match(/11 is before 12/);
  });

  it('finds two winners', () => {
    const second: Truth = { key: 'k', revision: 13, value: 'x', uid: 'u' };
    const operations = good.map((each) => (each.value === 'x' ? { ...each, outcome: 'done', revision: 13 } : each.value === 'b' && each.verb === 'get' ? { ...each, value: 'x', revision: 13 } : each));
    expect(wrongWith({ operations, truth: [...truth.slice(0, 2), second, ...truth.slice(2)] })).to.match(/it replaced 12, not 10/);
  });

  it('finds events that were missed, repeated or passed over', () => {
    const [a, b, gone] = [['ADDED', 10, 'a'], ['MODIFIED', 12, 'b'], ['DELETED', 15, 'b']].map(([type, revision, value]) => ({ type, key: 'k', revision, value, at: 1000 }));
    const mark = { type: 'BOOKMARK', key: '', revision: 12, value: '', at: 1000 };
    const wrongIn = (...events: unknown[]): string[] => wrongWith({ segments: [{ watcher: 'w', from: 9, events }] });
    expect(wrongIn(a, b, mark, gone)).to.deep.equal([]);
    expect(wrongIn(a, gone)).to.have.length(1);
    expect(wrongIn(a, a, b)).to.have.length(1);
    expect(wrongIn(a, mark)).to.have.length(1);
    expect(wrongIn(b, a)).to.have.length(1);
  });

  it('finds pages that do not fit together, and versions that are said to be gone but are not', () => {
    const items = new Map([['k', { revision: 10, value: 'a' }]]);
    const page = (rest: Partial<Operation>): Operation => operation(85, 90, { verb: 'list', key: '', revision: 11, page: { after: '', upTo: undefined, at: 11 }, items, ...rest });
    expect(wrongWithOperation(page({}))).to.deep.equal([]);
    expect(wrongWithOperation(page({ page: { after: 'k', upTo: undefined, at: 11 }, items: new Map() }))).to.deep.equal([]);
    expect(wrongWithOperation(page({ items: new Map() }))).to.match(/at 11 k is/);
    expect(wrongWithOperation(page({ page: { after: 'k', upTo: undefined, at: 11 } }))).to.match(/at 11 k is undefined/);
    expect(wrongWithOperation(page({ revision: 12, items: new Map([['k', { revision: 12, value: 'b' }]]) }))).to.match(/asked for was 11/);
    const gone = page({ outcome: 'refused', reason: 'Expired' });
    expect(wrongWithOperation(gone)).to.match(/not compacted that far/);
    expect(wrongWith({ operations: [...good, gone], compactions: [{ at: 80, revision: 12 }] })).to.deep.equal([]);
    expect(wrongWith({ operations: [...good, gone], compactions: [{ at: 80, revision: 11 }] })).to.have.length(1);
  });

  it('finds two servers that run the controllers at once', () => {
    const terms = [{ server: 0, from: 0, to: 100 }, { server: 1, from: 100, to: 200 }];
    expect(wrongWith({ terms })).to.deep.equal([]);
    expect(wrongWith({ terms: [...terms, { server: 2, from: 150, to: 160 }] })).to.have.length(1);
  });
});
