import { createInterface } from 'node:readline';
import type { Clock } from '#core/kernel/clock.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { createLogger } from '#core/kernel/logger.ts';
import { cniErrorJson } from '#plugins/network/cni-error.ts';
import { BridgeNetwork } from './bridge-network.ts';
import { CniServer } from './cni-server.ts';
import type { BridgeOptions } from './options.ts';
import { removeBridgeNetwork } from './removal.ts';

/** A node for tests: a bridge network in the network namespace in which this process was started. It does what it reads, one line of JSON each. */
interface Start {
  readonly options: BridgeOptions;
  readonly epoch?: string;
  readonly socket?: string;
}

const { options, epoch, socket } = JSON.parse(process.argv[2] ?? '{}') as Start;
const never = new AbortController().signal;
let ahead = 0;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
const log = createLogger({ level: 'warn', format: 'text', write: (line) => void process.stderr.write(`${line}\n`) });
const network = new BridgeNetwork(options, { clock, log, ...(epoch === undefined ? {} : { epoch: () => Promise.resolve(epoch) }) });
const server = socket === undefined ? undefined : new CniServer({ network, path: socket, log });
await server?.start();

const methods: Record<string, (...args: never[]) => unknown> = {
  configure: (node: Parameters<BridgeNetwork['configure']>[0]) => network.configure(node, never),
  setPeers: (peers: Parameters<BridgeNetwork['setPeers']>[0]) => network.setPeers(peers, never),
  enforce: (policies: Parameters<BridgeNetwork['enforce']>[0]) => network.enforce(policies, never),
  attachedPods: () => network.attachedPods(never),
  repair: () => network.repair(never),
  add: (attachment: Parameters<BridgeNetwork['add']>[0], aborted = false) => network.add(attachment, aborted ? AbortSignal.abort(new Error('aborted')) : never),
  del: (attachment: Parameters<BridgeNetwork['del']>[0]) => network.del(attachment, never),
  check: (attachment: Parameters<BridgeNetwork['check']>[0]) => network.check(attachment, never),
  gc: (valid: Parameters<BridgeNetwork['gc']>[0]) => network.gc(valid, never),
  status: () => network.status(never),
  settled: () => network.settled(),
  advance: (ms: number) => {
    ahead += ms;
  },
  timeOf: async (method: 'add' | 'del', attachment: Parameters<BridgeNetwork['add']>[0]) => {
    const begun = performance.now();
    await network[method](attachment, never);
    return performance.now() - begun;
  },
  remove: () => removeBridgeNetwork(options, never),
};

async function answer(line: string): Promise<void> {
  const { id, method, args } = JSON.parse(line) as { id: number; method: string; args: never[] };
  const outcome = await Promise.resolve().then(() => methods[method]?.(...args)).then((result) => ({ result }), (error: unknown) => ({ error: cniErrorJson(error, ''), stack: error instanceof Error ? error.stack : undefined }));
  process.stdout.write(`${JSON.stringify({ id, ...outcome })}\n`);
}

process.stdout.write('{"id":0}\n');
for await (const line of createInterface(process.stdin)) void answer(line);
await server?.stop();
await network.close();
