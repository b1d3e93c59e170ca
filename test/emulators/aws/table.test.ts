import { expect } from 'chai';
import { Table, type Row } from './table.ts';

interface Thing extends Row {
  readonly state: string;
}

describe('a table of resources', () => {
  let now: number;
  let lag: number;
  let table: Table<Thing>;
  const thing = (id: string, sequence = 1): Thing => ({ id, sequence, tags: new Map(), state: 'new' });
  beforeEach(() => {
    [now, lag] = [0, 100];
    table = new Table<Thing>(() => now, () => lag);
  });

  it('shows what was made, changed and deleted late, while it knows the truth', () => {
    table.insert(thing('a'));
    expect([table.get('a')?.state, table.seen('a'), table.known('a')]).to.deep.equal(['new', undefined, undefined]);
    now = 100;
    table.update('a', { state: 'old' });
    expect([table.get('a')?.state, table.seen('a')?.state, table.known('a')?.state]).to.deep.equal(['old', 'new', 'old']);
    now = 150;
    table.remove('a');
    expect([table.get('a'), table.seen('a')?.state, table.known('a')]).to.deep.equal([undefined, 'new', undefined]);
    now = 200;
    expect(table.seenRows().map(({ state }) => state)).to.deep.equal(['old']);
    now = 250;
    expect(table.seenRows()).to.deep.equal([]);
  });

  it('never shows a later change before an earlier one', () => {
    table.insert(thing('a'));
    lag = 0;
    table.update('a', { state: 'old' });
    expect(table.seen('a')).to.equal(undefined);
    now = 100;
    expect(table.seen('a')?.state).to.equal('old');
  });

  it('lists in the order of making', () => {
    table.insert(thing('b', 1), true);
    table.insert(thing('a', 2));
    now = 1000;
    lag = 0;
    table.update('b', { state: 'old' });
    expect(table.seenRows().map(({ id }) => id)).to.deep.equal(['b', 'a']);
    expect(() => table.update('c', {})).to.throw('nothing has the id c');
  });
});
