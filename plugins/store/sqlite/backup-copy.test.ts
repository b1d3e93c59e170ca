import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { countFrom, failure } from '#test/conformance/key-value-store-case.ts';
import { Random } from '#test/conformance/key-value-store-model.ts';
import { copyKeys } from './backup-copy.ts';
import { draftBackup } from './backup-file.ts';
import { Database } from './database.ts';

/** Two pages of a copy, and some. */
const keys = countFrom(10_000, 5000).map((key) => `k/${key}`);
const { signal } = new AbortController();

describe('copying a store that is being written to', () => {
  let folder: string;
  let file: string;
  let database: Database;
  let source: DatabaseSync;
  let draft: DatabaseSync;

  const write = (written: readonly string[], value: string | null): void => {
    for (let start = 0; start < written.length; start += 500) {
      const batch = written.slice(start, start + 500);
      database.commit({ keys: batch, values: batch.map(() => value), expected: batch.map(() => undefined) });
    }
  };
  const newest = (): number => database.list({ prefix: '', after: undefined, limit: 1, revision: undefined }).revision;
  const compact = (revision: number): void => {
    database.compact(revision);
    while (database.sweep());
  };
  const stateAt = (revision: number): unknown[] => {
    const rows: unknown[] = [];
    for (let after: string | undefined, more = true; more;) {
      const page = database.list({ prefix: '', after, limit: Infinity, revision });
      page.rows.keys.forEach((key, index) => rows.push({ key, revision: page.rows.revisions[index], created: page.rows.created[index], value: page.rows.values[index] }));
      ({ more } = page);
      after = page.rows.keys.at(-1);
    }
    return rows;
  };
  const copied = (): unknown[] => draft.prepare('SELECT * FROM objects ORDER BY key').all().map((row) => ({ ...row }));
  /** Does something whenever the copy lets others have their turn. Returns how often. */
  const copyDuring = async (between: (turn: number) => void): Promise<{ revision: number; turns: number }> => {
    let done = false;
    let turns = 0;
    const copying = copyKeys(source, draft, signal).finally(() => {
      done = true;
    });
    while (!done) {
      between(turns++);
      await setImmediate();
    }
    return { revision: await copying, turns };
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keelson-copy-'));
    file = join(folder, 'state.db');
    database = new Database();
    database.open(file, 0);
    source = new DatabaseSync(file, { readOnly: true });
    draft = draftBackup(join(folder, 'draft'));
    write(keys, 'before');
  });
  afterEach(() => {
    draft.close();
    source.close();
    database.close();
    rmSync(folder, { recursive: true });
  });

  for (const seed of [1, 2, 3, 4]) {
    it(`gives the state of one revision (seed ${seed})`, async () => {
      const random = new Random(seed);
      const { revision, turns } = await copyDuring((turn) => {
        // More than fits into a page of changes, at both sides of where the copy has got.
        const some = countFrom(0, 1 + random.below(3000)).map(() => keys[random.below(keys.length)] ?? '');
        write([...new Set(some)], random.chance(40) ? null : `turn ${turn}`);
        write([`a${turn}`, `k/${10_000 + random.below(5000)}x`, `z${turn}`], 'new');
      });
      expect(turns).to.be.at.least(2);
      expect(revision).to.be.above(5001);
      expect(copied()).to.deep.equal(stateAt(revision));
    });
  }

  it('goes on when history before it is compacted', async () => {
    const { revision } = await copyDuring((turn) => {
      const before = newest();
      write(keys.slice(turn * 100, turn * 100 + 50), null);
      write(keys.slice(turn * 90, turn * 90 + 50), 'again');
      compact(before);
    });
    expect(copied()).to.deep.equal(stateAt(revision));
  });

  it('begins anew when what it needed is compacted, and gives up when that goes on and on', async () => {
    const once = await copyDuring((turn) => {
      if (turn !== 1) return;
      write(keys.slice(0, 100), null);
      compact(newest());
    });
    expect(copied()).to.deep.equal(stateAt(once.revision));
    expect(copied()).to.have.length(4900);
    const error = await failure(copyDuring((turn) => {
      write(['k/10500'], `turn ${turn}`);
      compact(newest());
    }));
    expect(ProviderError.is(error, 'Unavailable')).to.equal(true);
    expect(String(error)).to.contain('faster than it can be copied; 3 attempts were made');
  });

  it('never keeps the write-ahead log from being emptied', async () => {
    const sizes: number[] = [];
    await copyDuring((turn) => {
      write(keys.slice(turn * 10, turn * 10 + 10), 'x'.repeat(1000));
      while (database.sweep());
      sizes.push(statSync(`${file}-wal`).size);
    });
    expect(sizes.length).to.be.above(2);
    expect(sizes).to.deep.equal(sizes.map(() => 0));
  });

  it('notices when it is not what the store holds', async () => {
    draft.exec("CREATE TRIGGER forgetful AFTER INSERT ON objects WHEN new.key = 'k/12345' BEGIN DELETE FROM objects WHERE key = new.key; END");
    expect(String(await failure(copyKeys(source, draft, signal)))).to.contain('the copy is not the store: it has 4999 keys');
  });
});
