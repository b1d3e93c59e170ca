import { parentPort, workerData } from 'node:worker_threads';
import { yamlBody } from './yaml-text.ts';
import type { YamlAnswer, YamlQuestion } from './yaml-thread.ts';

const { text, uniqueKeys } = workerData as YamlQuestion;

function answer(): YamlAnswer {
  try {
    return { body: yamlBody(text, uniqueKeys) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(answer());
