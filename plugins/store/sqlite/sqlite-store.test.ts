import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyValueStoreConformance } from '#test/conformance/key-value-store.ts';
import { SqliteStore } from './sqlite-store.ts';

keyValueStoreConformance('SqliteStore', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'keelson-sqlite-'));
  return {
    store: new SqliteStore({ stateDir }),
    reopen: async () => new SqliteStore({ stateDir }),
    cleanup: () => rm(stateDir, { recursive: true }),
  };
});
