import { expect } from 'chai';
import type { ManagedFieldsEntry } from '#core/api/schema/meta.ts';
import { fieldSet } from './field-set.ts';
import { capUpdaters, decodeManagers, encodeManagers, managerIdentifier, managerKey, type Manager } from './managers.ts';

const entry = (over: Partial<ManagedFieldsEntry>): ManagedFieldsEntry =>
  ({ manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:a': {} }, ...over });

describe('managers', () => {
  it('are told apart by name, operation, subresource and, when they update, version', () => {
    const key = (over: Partial<Manager>): string => managerIdentifier({ name: 'foo', operation: 'Update', apiVersion: 'v1', subresource: '', ...over });
    expect(key({})).to.equal('{"manager":"foo","operation":"Update","apiVersion":"v1"}');
    expect(key({ operation: 'Apply' })).to.equal('{"manager":"foo","operation":"Apply"}');
    expect(key({ operation: 'Apply', subresource: 'scale' })).to.equal('{"manager":"foo","operation":"Apply","subresource":"scale"}');
    const all = [{}, { name: 'bar' }, { apiVersion: 'v2' }, { operation: 'Apply' }, { operation: 'Apply', apiVersion: 'v2' }, { operation: 'Apply', subresource: 'scale' }, { subresource: 'scale' }] as const;
    expect(new Set(all.map((over) => managerKey({ name: 'foo', operation: 'Update', apiVersion: 'v1', subresource: '', ...over }))).size).to.equal(new Set(all.map(key)).size).and.to.equal(6);
  });

  it('come back from entries as they were, appliers first, then by age', () => {
    const entries = [
      entry({ manager: 'b', operation: 'Apply' }),
      entry({ manager: 'a', operation: 'Apply', time: '2001-01-01T01:00:00Z' }),
      entry({ manager: 'z', time: '2001-01-01T01:00:00Z' }),
      entry({ manager: 'c', time: '2002-01-01T01:00:00Z', subresource: 'status' }),
      entry({ manager: 'd', time: '2002-01-01T01:00:00Z' }),
      entry({ manager: 'd', time: '2002-01-01T01:00:00Z', apiVersion: 'v2' }),
    ];
    expect(encodeManagers(decodeManagers([...entries].reverse()))).to.deep.equal(entries);
    expect(encodeManagers(decodeManagers(undefined))).to.equal(undefined);
  });

  for (const [why, over] of [
    ['operation must be `Apply` or `Update`', { operation: 'Delete' as 'Apply' }],
    ['apiVersion must not be empty', { apiVersion: '' }],
    ['missing fieldsType in managed fields entry 0', { fieldsType: '' }],
    ['invalid fieldsType "FieldsV2" in managed fields entry 0', { fieldsType: 'FieldsV2' }],
    ['missing colon', { fieldsV1: { spec: {} } }],
  ] as const) {
    it(`cannot be read: ${why}`, () => {
      expect(() => decodeManagers([entry(over)])).to.throw(SyntaxError, why);
    });
  }

  it('that update are at most ten: the oldest become ancient changes, version by version', () => {
    const managers = decodeManagers(Array.from({ length: 13 }, (_, i) =>
      entry({ manager: `m${i}`, time: `2024-01-01T00:00:${String(i).padStart(2, '0')}Z`, apiVersion: i === 1 ? 'v2' : 'v1', fieldsV1: { [`f:${i}`]: {} } })));
    const capped = [...capUpdaters(managers).values()];
    expect(capped.map(({ name }) => name).sort()).to.deep.equal(['ancient-changes', 'm1', 'm10', 'm11', 'm12', 'm5', 'm6', 'm7', 'm8', 'm9'].sort());
    const ancient = capped.find(({ name }) => name === 'ancient-changes');
    expect(ancient?.set).to.deep.equal(fieldSet(['f:0'], ['f:2'], ['f:3'], ['f:4']));
    expect(ancient?.time).to.equal('2024-01-01T00:00:04Z');
    const again = new Map([...capUpdaters(managers), ...decodeManagers([entry({ manager: 'late', time: '2025-01-01T00:00:00Z' })])]);
    expect([...capUpdaters(again).values()].map(({ name }) => name)).to.have.length(10).and.include('ancient-changes').and.not.include('m5');
  });

  it('that apply are not counted', () => {
    const managers = decodeManagers(Array.from({ length: 20 }, (_, i) => entry({ manager: `m${i}`, operation: 'Apply' })));
    expect(capUpdaters(managers)).to.equal(managers);
  });
});
