import { keyValueStoreConformance } from '#test/conformance/key-value-store.ts';
import { MemoryStore } from './memory-store.ts';

keyValueStoreConformance('MemoryStore', async () => ({ store: new MemoryStore(), cleanup: async () => undefined }));
