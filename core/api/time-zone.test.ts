import { expect } from 'chai';
import { instantOf, timeZoneProblem, wallTime } from './time-zone.ts';

const text = (instant: number): string => new Date(instant).toISOString().slice(0, 16);
const wall = (at: string): number => Date.parse(`${at}:00Z`);

describe('time zones', () => {
  it('show the time on the wall', () => {
    expect(wallTime(wall('2026-07-01T12:00'), 'Asia/Kathmandu').toISOString()).to.equal('2026-07-01T17:45:00.000Z');
    expect(wallTime(wall('2026-01-01T00:00') + 1, 'Europe/Oslo').toISOString()).to.equal('2026-01-01T01:00:00.001Z');
  });

  it('find the first instant of a time on the wall, or the end of the gap that swallows it', () => {
    expect(text(instantOf(wall('2026-11-01T01:30'), 'America/New_York')), 'twice').to.equal('2026-11-01T05:30');
    expect(text(instantOf(wall('2018-11-04T00:00'), 'America/Sao_Paulo')), 'never').to.equal('2018-11-04T03:00');
    expect(text(instantOf(wall('2026-06-01T00:00'), 'Europe/Oslo'))).to.equal('2026-05-31T22:00');
  });

  it('are known by their names in the database', () => {
    for (const zone of ['UTC', 'Europe/Oslo', 'Asia/Calcutta', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires']) expect(timeZoneProblem(zone), zone).to.equal(undefined);
    for (const zone of ['No/Where', 'europe/oslo', '+05:30', '+0530', '../Oslo', 'Europe//Oslo', '-Oslo', 'Europe/AVeryLongCityName', '__proto__']) {
      expect(timeZoneProblem(zone), zone).to.equal(`unknown time zone ${zone}`);
    }
    expect(timeZoneProblem('local')).to.equal('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
    expect(timeZoneProblem('')).to.equal('timeZone must be nil or non-empty string');
  });
});
