import { randomBytes } from 'node:crypto';

import type { Api, ApiAnswer } from './api.ts';

/** How many requests the vendor takes in one batch. */
const most = 1_000;

export interface BatchAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Requests in one body of several parts, as `gcloud` sends them; each is answered on its own. */
export async function answerBatch(api: Api, contentType: string, body: string, authorization: string | undefined): Promise<BatchAnswer | 'cut'> {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (boundary === undefined) return { status: 400, type: 'text/plain', body: 'The request is no batch: its type names no boundary.' };
  const parts = body.split(`--${boundary}`).slice(1, -1).map((part) => part.replaceAll('\r\n', '\n').trim());
  if (parts.length === 0 || parts.length > most) return { status: 400, type: 'text/plain', body: `A batch has 1 to ${most} requests, not ${parts.length}.` };
  const own = `batch_${randomBytes(12).toString('base64url')}`;
  const answers: string[] = [];
  for (const part of parts) {
    const answer = await answerPart(api, part, authorization);
    if (answer === undefined) return 'cut';
    answers.push(`--${own}\r\n${answer}\r\n`);
  }
  return { status: 200, type: `multipart/mixed; boundary=${own}`, body: `${answers.join('')}--${own}--\r\n` };
}

/** A part is the headers of the part, then a request: its line, its headers, and its body. */
async function answerPart(api: Api, part: string, outer: string | undefined): Promise<string | undefined> {
  const [partHead = '', requestHead = '', ...rest] = part.split('\n\n');
  const [line = '', ...headers] = requestHead.split('\n');
  const match = /^([A-Z]+) (\S+)(?: HTTP\/1\.1)?$/.exec(line.trim());
  const id = header(partHead.split('\n'), 'content-id');
  let answer: ApiAnswer | 'cut';
  if (match === null) answer = { status: 400, type: 'text/html', body: 'The part is no request.' };
  else answer = await api.answer({ verb: match[1] ?? '', url: new URL(match[2] ?? '', 'http://compute.googleapis.com'), authorization: header(headers, 'authorization') ?? outer, body: rest.join('\n\n') });
  if (answer === 'cut') return undefined;
  const answerId = id === undefined ? '' : `Content-ID: ${id.replace(/^<?/, '<response-').replace(/>?$/, '>')}\r\n`;
  return `Content-Type: application/http\r\n${answerId}\r\nHTTP/1.1 ${answer.status} ${answer.status < 400 ? 'OK' : 'Error'}\r\nContent-Type: ${answer.type}; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(answer.body)}\r\n\r\n${answer.body}`;
}

function header(lines: readonly string[], name: string): string | undefined {
  const line = lines.find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}
