import { flushCompileCache } from 'node:module';
import { parentPort, type MessagePort } from 'node:worker_threads';
import { buildFolder, diskFiles } from './files.ts';
import type { Errand, Errands, Outcome } from './files-thread.ts';

const errands: Errands = { ...diskFiles, build: (path, contents) => buildFolder(diskFiles, path, contents) };

/** Entry of the thread of `FilesThread`: does its errands, as many at a time as come. */
function serve(port: MessagePort): void {
  port.on('message', (errand: Errand) => void run(errand).then((outcome) => port.postMessage(outcome)));
}

async function run({ id, name, args }: Errand): Promise<Outcome> {
  try {
    return { id, value: await Reflect.apply(errands[name], errands, args) };
  } catch (error) {
    // Between threads an error keeps no more than its message.
    return { id, failure: error instanceof Error ? Object.assign({ message: error.message }, error) : { message: String(error) } };
  }
}

if (parentPort) serve(parentPort);
// A worker that is terminated writes no cache at its end; without one each start brings the TypeScript compiler into this thread.
flushCompileCache();
