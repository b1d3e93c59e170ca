import { Agent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { ControlPlane } from '#test/fixtures/control-plane.ts';
import type { FuzzRequest } from './requests.ts';

/** No answer within this is a hang: a request may take 60 s. Watches end after a second. */
const patienceMs = 70_000;

export interface Answer {
  /** 0 when the client broke off. */
  readonly code: number;
  readonly text: string;
}

/** Sends requests as the administrator. */
export class Transport {
  readonly #plane: ControlPlane;
  readonly #agent: Agent;
  readonly #credentials: { readonly ca: string; readonly cert: string; readonly key: string };

  constructor(plane: ControlPlane, width: number) {
    this.#plane = plane;
    this.#credentials = { ca: plane.pki.ca, cert: plane.pki.admin.cert, key: plane.pki.admin.key };
    this.#agent = new Agent({ keepAlive: true, maxSockets: width * 2, ...this.#credentials });
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send({ method: 'GET', path, headers, body: undefined });
  }

  /** @throws {Error} when there is no answer */
  async send(request: FuzzRequest): Promise<Answer> {
    try {
      return await this.#try(request);
    } catch (error) {
      // A connection that was idle may be closed in the moment in which it is used again: every client tries once more, here on a new one.
      if (!(error instanceof StaleConnection)) throw error;
      return this.#try(request, false);
    }
  }

  #try({ method, path, headers, body, breakOffMs }: FuzzRequest, pooled = true): Promise<Answer> {
    const patience = AbortSignal.timeout(patienceMs);
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'Content-Length': String(body.length) };
      const outgoing = httpsRequest(this.#plane.server.url, { method, path, ...(pooled ? { agent: this.#agent } : { ...this.#credentials, agent: false }), servername: '', headers: { ...headers, ...length }, signal: patience }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
        response.on('error', (error) => (isOfOthers(path) ? resolve({ code: response.statusCode ?? 0, text: '' }) : reject(error)));
      });
      outgoing.on('upgrade', (response, socket: Socket) => {
        socket.on('error', () => undefined);
        socket.end(Buffer.from([0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 1]));
        setTimeout(() => socket.destroy(), 200).unref();
        resolve({ code: response.statusCode ?? 0, text: '' });
      });
      outgoing.on('error', (error) => {
        if (!patience.aborted && (breakOffMs !== undefined || isRefusedWhileSending(error, body))) resolve({ code: 0, text: '' });
        else reject(outgoing.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? new StaleConnection('the connection was closed', { cause: error }) : error);
      });
      if (breakOffMs !== undefined) setTimeout(() => outgoing.destroy(new Error('broken off')), breakOffMs);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

class StaleConnection extends Error {}

/** A server that does not want a large body closes before it has all of it, and what it answered may be lost on the way. */
const isRefusedWhileSending = (error: NodeJS.ErrnoException, body: Buffer | undefined): boolean =>
  (error.code === 'ECONNRESET' || error.code === 'EPIPE') && (body?.length ?? 0) > 64 * 1024;

/** Whether the answer is somebody else's, whose faults are handed on. */
export const isOfOthers = (path: string): boolean => /\/(proxy|exec|attach|portforward|log)\b|extension\.example\.com/.test(path);
