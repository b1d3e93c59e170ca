import { parentPort } from 'node:worker_threads';
import { Database } from './database.ts';
import { serve } from './serve.ts';

/** Entry of the worker thread. */
if (parentPort) serve(parentPort, new Database());
