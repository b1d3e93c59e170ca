export type ModuleKind = 'provider' | 'store' | 'runtime' | 'network' | 'proxy' | 'dns';

/** For a part that a node agent can do without. */
export const noModule = 'none';

/** What comes with Keelson, by the name that users write. Anything else is a package or a path: a built-in has no other privilege. */
export const builtIn: Readonly<Record<ModuleKind, ReadonlyMap<string, string>>> = {
  provider: new Map([
    ['local', '#providers/local/local.module.ts'],
    ['aws', '#providers/aws/aws.module.ts'],
    ['gcp', '#providers/gcp/gcp.module.ts'],
    ['aws', '#providers/aws/aws.module.ts'],
    ['gcp', '#providers/gcp/gcp.module.ts'],
  ]),
  store: new Map([
    ['sqlite', '#plugins/store/sqlite/sqlite.module.ts'],
    ['memory', '#plugins/store/memory/memory.module.ts'],
    ['etcd', '#plugins/store/etcd/etcd.module.ts'],
  ]),
  runtime: new Map([
    ['docker', '#plugins/runtime/docker/docker.module.ts'],
  ]),
  network: new Map([
    ['bridge', '#plugins/network/bridge/bridge.module.ts'],
    ['cni', '#plugins/network/cni/cni.module.ts'],
  ]),
  proxy: new Map([
    ['iptables', '#plugins/proxy/iptables/iptables.module.ts'],
    ['userspace', '#plugins/proxy/userspace/userspace.module.ts'],
  ]),
  dns: new Map([
    ['dns', '#plugins/dns/dns.module.ts'],
  ]),
};
