import { Worker } from 'node:worker_threads';
import type { Body } from '#core/apiserver/api.ts';
import { workerFile } from '#core/kernel/worker-file.ts';

export interface YamlQuestion {
  readonly text: string;
  readonly uniqueKeys: boolean;
}

export type YamlAnswer = { readonly body: Body } | { readonly problem: string };

export interface YamlBounds {
  /** Longer texts are read in a thread of their own. */
  readonly characters: number;
  readonly withinMs: number;
  readonly megabytes: number;
}

/** A character takes 3 µs at worst, and 300 bytes. */
const usual: YamlBounds = { characters: 32_768, withinMs: 15_000, megabytes: 512 };

/** Threads take memory: one at a time. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Reads one document. 3 MB can be written so that reading them takes 10 s and 1 GB: nobody else waits for that.
 * @param uniqueKeys whether keys that are given twice are told of
 * @throws {Error} with a sentence
 */
export async function readYaml(text: string, uniqueKeys: boolean, bounds: YamlBounds = usual): Promise<Body> {
  if (text.length <= bounds.characters) return (await import('./yaml-text.ts')).yamlBody(text, uniqueKeys);
  const reading = last.then(() => elsewhere({ text, uniqueKeys }, bounds));
  last = reading.catch(() => undefined);
  const answer = await reading;
  if ('problem' in answer) throw new Error(answer.problem);
  return answer.body;
}

async function elsewhere(question: YamlQuestion, { withinMs, megabytes }: YamlBounds): Promise<YamlAnswer> {
  const worker = new Worker(workerFile(import.meta.url, 'yaml-worker'), {
    workerData: question, execArgv: ['--disable-warning=ExperimentalWarning'], resourceLimits: { maxOldGenerationSizeMb: megabytes },
  });
  const { promise, resolve, reject } = Promise.withResolvers<YamlAnswer>();
  worker.once('message', resolve);
  worker.once('error', (error) => reject(new Error('it takes too much memory to read', { cause: error })));
  const late = setTimeout(() => reject(new Error(`it takes longer than ${withinMs / 1000} s to read`)), withinMs);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    await worker.terminate();
  }
}
