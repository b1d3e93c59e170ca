import { expect } from 'chai';
import type { CustomResourceColumnDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { customColumns } from './custom-columns.ts';
import type { CustomObject } from './version-schema.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const columns = (...additionalPrinterColumns: CustomResourceColumnDefinition[]) => customColumns({ name: 'v1', served: true, storage: true, additionalPrinterColumns });
const object = (spec: object): CustomObject => ({ apiVersion: 'a/v1', kind: 'A', metadata: { name: 'x', uid: '', creationTimestamp: '2026-01-01T00:00:00Z' }, spec }) as unknown as CustomObject;

const cell = (type: string, value: unknown): unknown => columns({ name: 'X', type, jsonPath: '.spec.x' })[1]?.cell(object({ x: value }), now);

describe('customColumns', () => {
  it('are the name and the age unless others are asked for', () => {
    expect(columns().map(({ name, type }) => [name, type])).to.deep.equal([['Name', 'string'], ['Age', 'date']]);
    expect(columns()[1]?.cell(object({}), now)).to.equal('60m');
    expect(columns({ name: 'A', type: 'integer', format: 'int32', priority: 3, jsonPath: '.spec.a', description: 'd' })[1]).to.deep.include({ name: 'A', type: 'integer', format: 'int32', priority: 1, description: 'd' });
  });

  const cells: readonly (readonly [string, unknown, unknown])[] = [
    ['string', 'a', 'a'], ['string', 5, '5'], ['string', true, 'true'], ['string', { a: [1] }, '{"a":[1]}'], ['string', undefined, null], ['string', null, null],
    ['integer', 5, 5], ['integer', 5.9, 5], ['integer', '5', null], ['number', 5.5, 5.5], ['number', true, null], ['boolean', false, false], ['boolean', 'true', null],
    ['date', '2026-01-01T00:59:00Z', '60s'], ['date', 'yesterday', '<invalid>'], ['date', '2026-99-99T00:00:00Z', '<invalid>'], ['date', 5, null],
  ];
  for (const [type, value, shown] of cells) it(`show ${JSON.stringify(value)} in a column of type ${type} as ${JSON.stringify(shown)}`, () => expect(cell(type, value)).to.equal(shown));

  it('show the first of several results', () => {
    const ready = columns({ name: 'Ready', type: 'string', jsonPath: '.spec.conditions[?(@.type=="Ready")].status' })[1];
    expect(ready?.cell(object({ conditions: [{ type: 'A', status: 'x' }, { type: 'Ready', status: 'True' }, { type: 'Ready', status: 'False' }] }), now)).to.equal('True');
  });

  it('leave out what no server would have accepted', () => {
    expect(columns({ name: 'A', type: 'list', jsonPath: '.a' }, { name: 'B', type: 'string', jsonPath: '.a[' }).map(({ name }) => name)).to.deep.equal(['Name']);
  });
});
