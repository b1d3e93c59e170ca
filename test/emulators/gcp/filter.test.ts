import { expect } from 'chai';

import { parseFieldMask } from './field-mask.ts';
import { parseFilter } from './filter.ts';
import type { Resource } from './json.ts';

const resource = { kind: 'compute#disk', id: '1', name: 'pvc-1', selfLink: 'https://x/y', status: 'READY', sizeGb: '10', labels: { 'cluster-id': 'abc', 'env': 'prod' }, users: ['https://x/i1', 'https://x/i2'], description: 'says "hi"' } satisfies Resource;

describe('filters of lists', () => {
  for (const [filter, expected] of [
    ['name = pvc-1', true],
    ['name=pvc-1', true],
    ['name="pvc-1" status=READY', true],
    ['name != pvc-1', false],
    ['name:pvc-*', true],
    ['name = pvc-*', true],
    ['name eq pvc-[0-9]', true],
    ['name eq pvc', false],
    ["name ne 'pvc-.*'", false],
    ['sizeGb > 9', true],
    ['sizeGb >= 10 AND sizeGb < 11', true],
    ['(status = READY) (name = other)', false],
    ['(status = CREATING) OR (name = pvc-1)', true],
    ['NOT status = READY', false],
    ['-(status = READY)', false],
    ['labels.cluster-id = abc', true],
    ['labels.env:*', true],
    ['labels.none:*', false],
    ['labels.none != x', true],
    ['users:i1', true],
    ['users = https://x/i2', true],
    ['selfLink eq https://x/y', true],
    ['description = "says \\"hi\\""', true],
  ] as const) {
    it(`${filter} is ${expected}`, () => {
      expect(parseFilter(filter)(resource)).to.equal(expected);
    });
  }

  it('refuses what is no expression, at once', () => {
    for (const wrong of ['name', 'name =', '= x', '(name = x', 'name = x)', 'name ~ x', 'name eq "("', `name eq "(a+)+b"`, '('.repeat(5_000), `name = "${'x'.repeat(20_000)}"`, 'name = "x']) {
      expect(() => parseFilter(wrong), wrong.slice(0, 30)).to.throw("Invalid value for field 'filter'");
    }
  });

  it('selects fields, also by `*` and in lists', () => {
    expect(parseFieldMask('a(b,c/d),e/*/f')({ a: { b: 1, c: { d: 2, x: 3 }, x: 4 }, e: { g: { f: 5, x: 6 } }, x: 7 })).to.deep.equal({ a: { b: 1, c: { d: 2 } }, e: { g: { f: 5 } } });
    for (const wrong of ['', 'a(', 'a)', 'a//b', 'a,,b', '('.repeat(1_000), 'a('.repeat(1_000)]) expect(() => parseFieldMask(wrong), wrong.slice(0, 10)).to.throw('Invalid field selection');
  });
});
