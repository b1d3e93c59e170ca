import { chosenSeed, inFolder } from './folder.ts';
import { crashRounds } from './crash-rounds.ts';

const rounds = 300;

/** The SQLite store's writer is killed 300 times. */
export async function crash(): Promise<void> {
  const seed = chosenSeed();
  await inFolder(async (folder) => {
    await crashRounds(folder, { rounds, seed }, (report) => {
      if (report.rounds % 25 > 0) return;
      process.stdout.write(`${report.rounds} kills: ${report.acknowledged.toLocaleString('en')} writes acknowledged, ${report.unheard.toLocaleString('en')} stored without an answer, revision ${report.newest.toLocaleString('en')}\n`);
    });
  });
}
