import { expect } from 'chai';
import type { StatusError } from '#core/api/status-error.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { PriorityLevel, SeatPool, type LevelLimits, type Seat } from './priority-level.ts';
import { deal } from './shuffle-shard.ts';

const limits = (more: Partial<LevelLimits> = {}): LevelLimits => ({ seats: 2, lendable: 0, borrowable: 0, queuing: { queues: 8, queueLengthLimit: 3 }, ...more });

describe('PriorityLevel', () => {
  let clock: FakeClock;
  let pool: SeatPool;
  let level: PriorityLevel;

  beforeEach(() => {
    clock = new FakeClock();
    pool = new SeatPool(clock, 15_000);
    level = new PriorityLevel('work', pool);
    level.configure(limits());
  });

  /** What became of an attempt to enter. */
  interface Attempt {
    seat?: Seat;
    error?: StatusError;
  }

  function enter(hand: readonly number[] = [0], at = level): Attempt {
    const attempt: Attempt = {};
    try {
      const entered = at.enter(hand);
      if (entered instanceof Promise) entered.then((seat) => (attempt.seat = seat), (error: StatusError) => (attempt.error = error));
      else attempt.seat = entered;
    } catch (error) {
      attempt.error = error as StatusError;
    }
    return attempt;
  }

  it('seats as many as it may at once, and the others when somebody leaves', async () => {
    const [first, second, third] = [enter(), enter(), enter()];
    expect([first.seat, second.seat, third.seat].map((seat) => seat !== undefined)).to.deep.equal([true, true, false]);
    first.seat!.leave();
    first.seat!.leave();
    await settle();
    expect(third.seat).to.not.equal(undefined);
    expect([level.running, level.waiting]).to.deep.equal([2, 0]);
    second.seat!.leave();
    third.seat!.leave();
    expect(level.running).to.equal(0);
    expect(clock.pending, 'no timer is left').to.equal(0);
  });

  it('turns away what its queue has no room for, and what has waited too long', async () => {
    const all = Array.from({ length: 6 }, () => enter());
    expect(all[5]!.error).to.include({ code: 429, reason: 'TooManyRequests' });
    expect(all[5]!.error!.details).to.deep.equal({ retryAfterSeconds: 1 });
    await clock.advance(14_999);
    expect(all[2]!.error).to.equal(undefined);
    await clock.advance(1);
    expect(all.slice(2, 5).map(({ error }) => error?.message)).to.deep.equal(Array.from({ length: 3 }, () => 'Too many requests, please try again later: no seat at the priority level work within 15 s'));
    expect(level.waiting).to.equal(0);
  });

  it('lets nobody wait where there are no queues', () => {
    level.configure(limits({ queuing: undefined }));
    expect([enter([]).error, enter([]).error, enter([]).error?.code]).to.deep.equal([undefined, undefined, 429]);
  });

  it('forgets whose client has gone', async () => {
    const [one, two] = [enter(), enter()];
    let leave: () => void = () => undefined;
    let takenBack = false;
    const waiting = level.enter([0], (callback) => {
      leave = callback;
      return () => {
        takenBack = true;
      };
    }) as Promise<Seat>;
    const refused = waiting.then(() => undefined, (error: StatusError) => error.code);
    leave();
    expect(await refused).to.equal(429);
    expect([level.waiting, takenBack]).to.deep.equal([0, true]);
    one.seat!.leave();
    two.seat!.leave();
    expect(level.running).to.equal(0);
  });

  it('gives each flow its turn, however much another one asks for', async () => {
    const flood = Array.from({ length: 5 }, () => enter([0]));
    const [modest, another] = [enter([1]), enter([2])];
    flood[0]!.seat!.leave();
    await settle();
    expect([modest.seat, another.seat, flood[2]!.seat].map((seat) => seat !== undefined), 'not before those who have none').to.deep.equal([true, false, false]);
    flood[1]!.seat!.leave();
    await settle();
    expect([another.seat, flood[2]!.seat].map((seat) => seat !== undefined)).to.deep.equal([true, false]);
    modest.seat!.leave();
    await settle();
    expect(flood[2]!.seat).to.not.equal(undefined);
  });

  it('never has more at work than seats, and serves everybody in the end', async () => {
    const random = seededRandom(7);
    level.configure(limits({ seats: 3, queuing: { queues: 4, queueLengthLimit: 100 } }));
    const working = new Set<Seat>();
    let served = 0;
    const attempts: Promise<void>[] = [];
    for (let i = 0; i < 300; i++) {
      attempts.push((async () => {
        const seat = await level.enter([Math.floor(random() * 4)]);
        working.add(seat);
        served++;
        expect(working.size).to.be.at.most(3);
      })());
      if (random() < 0.6) leaveOne(working);
      if (i % 10 === 0) await settle();
    }
    while (served < 300) {
      leaveOne(working);
      await settle();
    }
    await Promise.all(attempts);
    while (working.size > 0) leaveOne(working);
    expect([level.running, level.waiting]).to.deep.equal([0, 0]);
  });

  it('borrows what others do not need, and gives it back', async () => {
    const lender = new PriorityLevel('lender', pool);
    lender.configure(limits({ seats: 4, lendable: 2 }));
    level.configure(limits({ seats: 1, borrowable: 5 }));
    const mine = Array.from({ length: 4 }, () => enter());
    expect(mine.map(({ seat }) => seat !== undefined), 'its own, and two that are lent').to.deep.equal([true, true, true, false]);
    const theirs = Array.from({ length: 4 }, () => enter([0], lender));
    expect(theirs.every(({ seat }) => seat !== undefined), 'a lender always has its own').to.equal(true);
    mine[0]!.seat!.leave();
    await settle();
    expect(mine[3]!.seat, 'nothing is idle now').to.equal(undefined);
    for (const { seat } of theirs) seat!.leave();
    await settle();
    expect(mine[3]!.seat).to.not.equal(undefined);
  });

  it('borrows no more than its limit', () => {
    new PriorityLevel('lender', pool).configure(limits({ seats: 10, lendable: 10 }));
    level.configure(limits({ seats: 1, borrowable: 2 }));
    expect(Array.from({ length: 5 }, () => enter()).filter(({ seat }) => seat !== undefined)).to.have.length(3);
  });

  it('loses nobody when its queues change', async () => {
    const [one, two] = [enter(), enter()];
    const waiting = enter();
    level.configure(limits({ queuing: { queues: 2, queueLengthLimit: 3 } }));
    const later = enter([1]);
    one.seat!.leave();
    two.seat!.leave();
    await settle();
    expect([waiting, later].map(({ seat }) => seat !== undefined)).to.deep.equal([true, true]);
    for (const { seat } of [waiting, later]) seat!.leave();
    expect([level.running, level.waiting]).to.deep.equal([0, 0]);
  });
});

const leaveOne = (working: Set<Seat>): void => {
  const [seat] = working;
  if (seat === undefined) return;
  working.delete(seat);
  seat.leave();
};

describe('deal', () => {
  it('gives different queues, always the same to one flow', () => {
    for (const [queues, handSize] of [[128, 6], [64, 8], [6, 6], [1, 1]] as const) {
      for (let i = 0; i < 200; i++) {
        const hand = deal('schema', `user-${i}`, queues, handSize);
        expect(new Set(hand).size).to.equal(handSize);
        for (const queue of hand) expect(queue).to.be.within(0, queues - 1);
        expect(deal('schema', `user-${i}`, queues, handSize)).to.deep.equal(hand);
      }
    }
  });

  it('uses all queues about equally, and tells schemas apart', () => {
    const counts = Array.from({ length: 16 }, () => 0);
    for (let i = 0; i < 4000; i++) for (const queue of deal('s', String(i), 16, 4)) counts[queue]!++;
    for (const count of counts) expect(count).to.be.within(850, 1150);
    expect(deal('a', 'x', 128, 6)).to.not.deep.equal(deal('b', 'x', 128, 6));
  });
});
