import { expect } from 'chai';
import { age, humanDuration } from './age.ts';

describe('humanDuration', () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  for (const [ms, text] of [
    [-5 * second, '<invalid>'], [-second, '0s'], [0, '0s'], [119 * second, '119s'], [2 * minute, '2m'], [3 * minute + 5 * second, '3m5s'], [10 * minute, '10m'],
    [179 * minute, '179m'], [3 * hour, '3h'], [5 * hour + 12 * minute, '5h12m'], [8 * hour, '8h'], [47 * hour, '47h'], [2 * day, '2d'], [7 * day + 23 * hour, '7d23h'],
    [8 * day, '8d'], [729 * day, '729d'], [2 * 365 * day, '2y'], [3 * 365 * day + 40 * day, '3y40d'], [8 * 365 * day + day, '8y'],
  ] as const) {
    it(`writes ${ms} ms as ${text}`, () => expect(humanDuration(ms)).to.equal(text));
  }

  it('does not know the age of what has no time', () => expect(age(undefined, 0)).to.equal('<unknown>'));
});
