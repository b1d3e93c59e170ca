import { flushCompileCache } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { Database } from './database.ts';
import { serve } from './serve.ts';

/** Entry of the worker thread. */
if (parentPort) serve(parentPort, new Database());
// A worker that is terminated writes no cache at its end; without one each start brings the TypeScript compiler into this thread.
flushCompileCache();
