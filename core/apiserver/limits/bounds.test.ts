import { expect } from 'chai';
import { BodyBudget } from './body-budget.ts';
import { StreamLimit } from './stream-limit.ts';

describe('BodyBudget', () => {
  it('bounds what all take, and what one user takes, until it is given back', () => {
    const budget = new BodyBudget(100);
    const [mine, more, theirs] = [budget.for('jane'), budget.for('jane'), budget.for('joe')];
    mine.take(30);
    more.take(20);
    expect(() => more.take(1), 'half').to.throw('Too many requests');
    theirs.take(50);
    expect(() => budget.for('jack').take(1), 'all').to.throw('Too many requests');
    mine.end();
    mine.end();
    more.take(30);
    expect(() => more.take(1)).to.throw('Too many requests');
    more.end();
    theirs.end();
    budget.for('jack').take(50);
  });
});

describe('StreamLimit', () => {
  it('bounds the streams of a user and of all, until they are left', () => {
    const limit = new StreamLimit(2, 3);
    const first = limit.enter('jane');
    limit.enter('jane');
    expect(() => limit.enter('jane')).to.throw('the user has 2 watches and streams open already');
    limit.enter('joe');
    expect(() => limit.enter('jack')).to.throw('there are 3 watches and streams open already');
    first.leave();
    first.leave();
    limit.enter('jack');
    expect(() => limit.enter('__proto__')).to.throw('there are 3');
  });
});
