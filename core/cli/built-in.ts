export type ModuleKind = 'provider' | 'store';

/** What comes with Keelson, by the name that users write. Anything else is a package or a path: a built-in has no other privilege. */
export const builtIn: Readonly<Record<ModuleKind, ReadonlyMap<string, string>>> = {
  provider: new Map([
    ['local', '#providers/local/local.module.ts'],
  ]),
  store: new Map([
    ['sqlite', '#plugins/store/sqlite/sqlite.module.ts'],
    ['memory', '#plugins/store/memory/memory.module.ts'],
    ['etcd', '#plugins/store/etcd/etcd.module.ts'],
  ]),
};
