import { parentPort, type MessagePort } from 'node:worker_threads';
import { Database } from './database.ts';
import { toFailure } from './errors.ts';
import type { Call, Reply } from './protocol.ts';

/** Entry of the worker thread: answers the calls of `WorkerLink`, one after the other. */
function serve(port: MessagePort, database: Database): void {
  let file = '';
  port.on('message', (call: Call) => {
    if (call.method === 'open') [file] = call.args;
    port.postMessage(answer(database, call, file));
  });
}

function answer(database: Database, call: Call, file: string): Reply {
  try {
    return { id: call.id, value: Reflect.apply(database[call.method], database, call.args) };
  } catch (error) {
    return { id: call.id, failure: toFailure(error, file) };
  }
}

if (parentPort) serve(parentPort, new Database());
