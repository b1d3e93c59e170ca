import { cpus, loadavg } from 'node:os';
import { api } from './api.ts';
import { clouds } from './clouds.ts';
import { dns } from './dns.ts';
import { memory } from './memory.ts';
import { network } from './network.ts';
import { provisioning } from './provisioning.ts';
import { proxy } from './proxy.ts';
import { scheduler } from './scheduler.ts';
import { removeLeftovers } from './server.ts';
import { start } from './start.ts';
import { watchers } from './watchers.ts';

const benches: Record<string, () => Promise<void>> = { start, memory, api, watchers, provisioning, scheduler, network, proxy, dns, clouds };
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`there is no benchmark named ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}\n`);
  process.exitCode = 2;
} else {
  process.stdout.write(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}; the load comes from this same machine, which was this busy before: ${loadavg().map((value) => value.toFixed(1)).join(' ')}\n`);
  try {
    for (const [name, bench] of Object.entries(benches)) if (asked.length === 0 || asked.includes(name)) await bench();
  } finally {
    await removeLeftovers();
  }
}
