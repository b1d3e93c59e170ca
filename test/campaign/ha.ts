import { chosenSeed } from './folder.ts';
import { haRounds } from './ha/rounds.ts';

/** Three servers over three members of etcd; members and servers are killed, hang and are cut off while clients write through all servers. */
export async function ha(): Promise<void> {
  await haRounds({ servers: 3, seed: chosenSeed(), rounds: 6, roundMs: 25_000, failovers: 4, say: (text) => process.stdout.write(`${text}\n`) });
}
