import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { ListMeta, Status } from '#core/api/schema/meta.ts';
import { StatusError } from '#core/api/status-error.ts';
import { objectText } from '#core/store/object-text.ts';
import type { Format } from './negotiate.ts';

/** Answers with one document. */
export async function send(response: ServerResponse, code: number, document: unknown, encoding: Format['encoding'] = 'json', type?: string): Promise<void> {
  const text = encoding === 'yaml' ? (await import('yaml')).stringify(document, plain) : `${JSON.stringify(document)}\n`;
  sendBytes(response, code, Buffer.from(text), type ?? `application/${encoding}`);
}

/** Answers with one object, of which the text may be at hand. */
export const sendObjectText = (response: ServerResponse, code: number, object: KubernetesObject): void =>
  sendBytes(response, code, Buffer.from(`${objectText.of(object)}\n`), 'application/json');

function sendBytes(response: ServerResponse, code: number, bytes: Buffer, type: string): void {
  response.writeHead(code, { 'Content-Type': type, 'Content-Length': bytes.length });
  response.end(bytes);
}

export const sendText = (response: ServerResponse, code: number, text: string): void => {
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
};

/** Objects that are turned into text in one go, before others get their turn. */
const batch = 250;

/** Writes a list piece by piece, at the reader's pace, so that a large one neither blocks the process nor is held twice. */
export async function sendList(response: ServerResponse, head: { apiVersion: string; kind: string; metadata: ListMeta }, items: readonly KubernetesObject[]): Promise<void> {
  const opening = `${JSON.stringify(head).slice(0, -1)},"items":[`;
  if (items.length <= batch) {
    const bytes = Buffer.from(`${opening}${items.map((item) => objectText.of(item)).join(',')}]}\n`);
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
    response.end(bytes);
    return;
  }
  response.writeHead(200, { 'Content-Type': 'application/json' });
  let text = opening;
  for (let start = 0; start < items.length; start += batch) {
    if (response.destroyed) return;
    text += (start === 0 ? '' : ',') + items.slice(start, start + batch).map((item) => objectText.of(item)).join(',');
    await written(response, text);
    text = '';
  }
  response.end(']}\n');
}

/** The same in YAML, which takes ten times as long to write. */
export async function sendYamlList(response: ServerResponse, head: { apiVersion: string; kind: string; metadata: ListMeta }, items: readonly KubernetesObject[]): Promise<void> {
  const { stringify } = await import('yaml');
  response.writeHead(200, { 'Content-Type': 'application/yaml' });
  let text = `${stringify(head)}items:${items.length === 0 ? ' []' : ''}\n`;
  for (let start = 0; start < items.length; start += yamlBatch) {
    if (response.destroyed) return;
    for (const item of items.slice(start, start + yamlBatch)) text += stringify([item], plain);
    await written(response, text);
    text = '';
  }
  response.end(text);
}

const yamlBatch = 10;

/** Objects share parts; YAML would name them, and refer to them. */
const plain = { aliasDuplicateObjects: false };

/** Resolves when the reader has room for more, and others had their turn. */
async function written(response: ServerResponse, text: string): Promise<void> {
  if (!response.write(text)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  else await new Promise(setImmediate);
}

/** What went wrong, as a Status. Anything that is not a `StatusError` is a bug of ours: the caller logs it. */
export function failureOf(error: unknown): Status {
  if (StatusError.is(error)) return error.status();
  return new StatusError('InternalError', `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`).status();
}

export async function sendFailure(response: ServerResponse, error: unknown): Promise<void> {
  const status = failureOf(error);
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  await send(response, status.code ?? 500, status);
}
