import type { MessagePort } from 'node:worker_threads';
import { toFailure } from './errors.ts';
import type { Call, Calls, Reply } from './protocol.ts';

/** The worker's end of the line: answers the calls of `WorkerLink`, one after the other. */
export function serve(port: MessagePort, database: Calls): void {
  let file = '';
  port.on('message', (call: Call) => {
    if (call.method === 'open') [file] = call.args;
    port.postMessage(answer(database, call, file));
  });
}

function answer(database: Calls, call: Call, file: string): Reply {
  try {
    return { id: call.id, value: Reflect.apply(database[call.method], database, call.args) };
  } catch (error) {
    return { id: call.id, failure: toFailure(error, file) };
  }
}
