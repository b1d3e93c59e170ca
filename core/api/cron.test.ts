import { expect } from 'chai';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { parseSchedule } from './cron.ts';
import { wallTime } from './time-zone.ts';

const minute = 60_000;

/** The next few moments of a schedule, in UTC and without seconds. */
function upcoming(text: string, after: string, zone = 'UTC', count = 3): string[] {
  const schedule = parseSchedule(text);
  const found: string[] = [];
  for (let at = schedule.next(Date.parse(after), zone); at !== undefined && found.length < count; at = schedule.next(at, zone)) {
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

describe('parseSchedule', () => {
  for (const [text, after, expected] of [
    ['*/15 * * * *', '2026-01-01T00:07:30Z', ['2026-01-01T00:15', '2026-01-01T00:30', '2026-01-01T00:45']],
    ['0 9-17/4 * * mon-Fri', '2026-01-02T14:00:00Z', ['2026-01-02T17:00', '2026-01-05T09:00', '2026-01-05T13:00']],
    ['5/20 0 * * *', '2026-01-01T00:05:00Z', ['2026-01-01T00:25', '2026-01-01T00:45', '2026-01-02T00:05']],
    ['0 0 1 JAN,jul ?', '2026-01-01T00:00:00Z', ['2026-07-01T00:00', '2027-01-01T00:00', '2027-07-01T00:00']],
    ['0 0 29 2 *', '2026-02-01T00:00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00', '2036-02-29T00:00']],
    ['0 0 30 2 *', '2026-02-01T00:00:00Z', []],
    [', * * * *', '2026-02-01T00:00:00Z', []],
    ['@hourly', '2026-01-01T00:00:00Z', ['2026-01-01T01:00', '2026-01-01T02:00', '2026-01-01T03:00']],
    ['@weekly', '2026-01-01T00:00:00Z', ['2026-01-04T00:00', '2026-01-11T00:00', '2026-01-18T00:00']],
    ['@annually', '2026-01-01T00:00:00Z', ['2027-01-01T00:00', '2028-01-01T00:00', '2029-01-01T00:00']],
    ['@every 1h30m', '2026-01-01T00:00:00.700Z', ['2026-01-01T01:30', '2026-01-01T03:00', '2026-01-01T04:30']],
  ] as const) {
    it(`finds when ${text} comes after ${after}`, () => expect(upcoming(text, after)).to.deep.equal(expected));
  }

  it('takes either day when both are named, and both when one is a star', () => {
    expect(upcoming('0 0 13 * 5', '2026-02-06T00:00:00Z', 'UTC', 2)).to.deep.equal(['2026-02-13T00:00', '2026-02-20T00:00']);
    expect(upcoming('0 0 13 * *', '2026-02-06T00:00:00Z', 'UTC', 2)).to.deep.equal(['2026-02-13T00:00', '2026-03-13T00:00']);
    expect(upcoming('0 0 */2 * 5', '2026-02-06T00:00:00Z', 'UTC', 2), 'a star with a step is none').to.deep.equal(['2026-02-07T00:00', '2026-02-09T00:00']);
  });

  it('goes by the wall of its time zone: what the clocks skip is left out, what they repeat comes twice', () => {
    expect(upcoming('30 2 * * *', '2026-03-07T12:00:00Z', 'America/New_York', 2)).to.deep.equal(['2026-03-09T06:30', '2026-03-10T06:30']);
    expect(upcoming('30 1 * * *', '2026-10-31T12:00:00Z', 'America/New_York')).to.deep.equal(['2026-11-01T05:30', '2026-11-01T06:30', '2026-11-02T06:30']);
    expect(upcoming('40 1 * * *', '2026-04-03T14:40:00Z', 'Australia/Lord_Howe'), 'half an hour').to.deep.equal(['2026-04-04T14:40', '2026-04-04T15:10', '2026-04-05T15:10']);
    expect(upcoming('0 0 * * *', '2018-11-03T00:00:00Z', 'America/Sao_Paulo'), 'no midnight').to.deep.equal(['2018-11-03T03:00', '2018-11-05T02:00', '2018-11-06T02:00']);
  });

  it('finds what a search minute by minute finds', () => {
    const random = seededRandom(7);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const changes = ['2026-03-08T05:00:00Z', '2026-11-01T03:00:00Z', '2026-04-04T12:00:00Z', '2026-10-03T13:00:00Z', '2018-11-03T20:00:00Z', '2018-02-17T20:00:00Z'];
    for (let i = 0; i < 60; i++) {
      const [at, hour, weekday] = [pick(['0', '30', '*/20', '59']), pick(['0', '1', '2', '*/3', '23']), pick(['*', '0', '6', '1-3'])];
      const zone = pick(['America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kathmandu']);
      const after = Date.parse(pick(changes)) + Math.floor(random() * 600) * minute;
      const named = (text: string, value: number): boolean => text === '*' || text === String(value)
        || (text.startsWith('*/') && value % Number(text.slice(2)) === 0) || (text === '1-3' && value >= 1 && value <= 3);
      let expected = after;
      for (let wall: Date; ;) {
        wall = wallTime(expected += minute, zone);
        if (named(at, wall.getUTCMinutes()) && named(hour, wall.getUTCHours()) && named(weekday, wall.getUTCDay())) break;
      }
      const text = `${at} ${hour} * * ${weekday}`;
      expect(parseSchedule(text).next(after, zone), `${text} in ${zone} after ${new Date(after).toISOString()}`).to.equal(expected);
    }
  });

  for (const [text, problem] of [
    ['', 'empty spec string'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['0 * * * * *', 'expected exactly 5 fields, found 6: [0 * * * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['*/-1 * * * *', 'negative number (-1) not allowed: -1'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['* * * * someday', 'failed to parse int from someday: strconv.Atoi: parsing "someday": invalid syntax'],
    ['* * * constructor *', 'failed to parse int from constructor: strconv.Atoi: parsing "constructor": invalid syntax'],
    ['@often', 'unrecognized descriptor: @often'],
    ['@every soon', 'failed to parse duration @every soon: time: invalid duration "soon"'],
    ['TZ=Europe/Oslo 0 0 * * *', 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
    ['CRON_TZ=Europe/Oslo @daily', 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => parseSchedule(text)).to.throw(RangeError).with.property('message', problem));
  }

  it('reads a huge text in linear time and quotes little of it', () => {
    expect(parseSchedule(`${'0,'.repeat(200_000)}30 * * * *`).next(0)).to.equal(30 * minute);
    expect(() => parseSchedule(`${'9'.repeat(200_000)} * * * *`)).to.throw(RangeError).with.property('message').that.has.length.below(300);
    expect(() => parseSchedule(`@every ${'1h'.repeat(200_000)}x`)).to.throw(RangeError).with.property('message').that.has.length.below(300);
  });
});
