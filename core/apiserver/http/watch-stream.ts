import type { ServerResponse } from 'node:http';
import { StatusError } from '#core/api/status-error.ts';
import { bookmark, ResourceChanged, watch, type WatchEvent, type WatchParameters } from '#core/apiserver/verbs/watch.ts';
import type { AuditRecord } from '#core/apiserver/audit/audit-log.ts';
import type { Api, Target } from '#core/apiserver/api.ts';
import { objectText } from '#core/store/object-text.ts';
import { EventFrames, type Frame } from './event-frames.ts';
import { FlushTurns } from './flush-turns.ts';
import type { Format } from './negotiate.ts';
import { failureOf } from './respond.ts';
import { partial, table, type IncludeObject } from './table.ts';

/** Events that may wait for a slow reader, besides the initial state. */
const backlogLimit = 10_000;
/** And what they may hold on to, in characters of their text. */
const backlogCharacters = 16 * 1024 * 1024;
/** Bytes handed to the socket in one write. */
const writeSize = 64 * 1024;
/** What an event of the initial state counts, whose text nobody has measured. */
const unknownSize = 4096;
/** JavaScript clients give up on a watch that is silent for 30 s. */
const bookmarkEveryMs = 25_000;
/** Longer ones would end at once. */
const longestTimerMs = 2 ** 31 - 1;

const turns = new FlushTurns();

export interface WatchStreamOptions {
  readonly format: Format;
  readonly include: IncludeObject;
  readonly timeoutSeconds: number | undefined;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
  readonly audit?: AuditRecord | undefined;
  /** Called when what is there already has been sent, as far as the reader takes it. */
  readonly begun?: () => void;
}

/**
 * Answers with a stream of events until the time is over, the reader leaves, the reader is too slow, or the server stops.
 * Resolves when the stream has ended. @throws {StatusError} before the first byte only
 */
export async function watchStream(api: Api, target: Target, parameters: WatchParameters, response: ServerResponse, options: WatchStreamOptions): Promise<void> {
  const stream = new EventStream(response, options.format.as === 'object' ? objectFrames : new EventFrames(encoder(api, target, options)));
  let expired: StatusError | undefined;
  const close = await watch(api, target, parameters, (event) => stream.push(event), (error) => (error instanceof ResourceChanged ? stream.end() : stream.fail(error)))
    .catch((error: unknown) => {
      if (!StatusError.is(error, 'Expired')) throw error;
      expired = error;
      return () => undefined;
    });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
  // A client's watch call returns only when the headers are there, and nothing may happen for an hour.
  response.flushHeaders();
  options.audit?.started(200);
  stream.open();
  options.begun?.();
  // client-go's RetryWatcher gives up on a 410 that is an event, and asks for ever after one that is an answer.
  if (expired !== undefined) stream.fail(expired);
  const cancels = [close];
  if (parameters.allowWatchBookmarks === true) {
    const tick = (): void => {
      stream.push(bookmark(target, api.objects.revision));
      cancels[1] = api.clock.after(bookmarkEveryMs, tick);
    };
    cancels[1] = api.clock.after(bookmarkEveryMs, tick);
  } else cancels[1] = () => undefined;
  const seconds = options.timeoutSeconds || 1800 + Math.random() * 1800;
  cancels[2] = api.clock.after(Math.min(seconds * 1000, longestTimerMs), () => {
    if (parameters.allowWatchBookmarks === true) stream.push(bookmark(target, api.objects.revision));
    stream.end();
  });
  const stop = (): void => stream.end();
  options.stopping.addEventListener('abort', stop, { once: true });
  if (options.stopping.aborted) stream.end();
  await stream.ended;
  options.stopping.removeEventListener('abort', stop);
  for (const cancel of cancels) cancel();
}

/** Events on their way to one reader, at the reader's pace and within a bound. */
class EventStream {
  private queue: WatchEvent[] = [];
  private limit = Infinity;
  private characters = 0;
  private opened = false;
  private blocked = false;
  private scheduled = false;
  private finishing = false;
  private readonly response: ServerResponse;
  private readonly frames: EventFrames;
  readonly ended: Promise<void>;

  constructor(response: ServerResponse, frames: EventFrames) {
    this.response = response;
    this.frames = frames;
    this.ended = new Promise((resolve) => {
      response.once('close', resolve);
    });
    const { socket } = response;
    const drained = (): void => {
      this.blocked = false;
      this.pump();
    };
    response.on('drain', drained);
    socket?.on('drain', drained);
    void this.ended.then(() => socket?.off('drain', drained));
  }

  push(event: WatchEvent): void {
    if (this.finishing) return;
    if (this.queue.length >= this.limit || this.characters > backlogCharacters) {
      this.fail(StatusError.expired(`this watch fell ${this.queue.length} events behind`));
      return;
    }
    this.queue.push(event);
    this.characters += event.size;
    if (this.scheduled || !this.opened) return;
    this.scheduled = true;
    turns.add(this.flush);
  }

  private readonly flush = (): void => {
    this.scheduled = false;
    this.pump();
  };

  /** From here on only what comes is counted, not the state that was asked for. */
  open(): void {
    this.opened = true;
    this.limit = this.queue.length + backlogLimit;
    this.pump();
  }

  end(): void {
    this.pump();
    this.finish('');
  }

  /** What waits is dropped, and the reader told why. */
  fail(error: unknown): void {
    this.queue = [];
    this.finish(`${JSON.stringify({ type: 'ERROR', object: failureOf(error) })}\n`);
  }

  private finish(last: string): void {
    if (this.finishing) return;
    this.finishing = true;
    this.response.end(last);
    // A reader that takes nothing would keep the response open for ever.
    const late = setTimeout(() => this.response.destroy(), 5000).unref();
    void this.ended.then(() => clearTimeout(late));
  }

  /** Past the response, which would write each chunk's frame and body apart: that costs more than all else for a small event. */
  private write({ chunk, body }: Frame): boolean {
    const { response } = this;
    // A response without a socket waits for its turn on the connection.
    return response.socket !== null && response.chunkedEncoding ? response.socket.write(chunk) : response.write(body);
  }

  private pump(): void {
    if (!this.opened || this.finishing) return;
    const { queue } = this;
    let sent = 0;
    while (!this.blocked && sent < queue.length) {
      const end = this.portion(sent);
      this.blocked = !this.write(this.frames.of(sent === 0 && end === queue.length ? queue : queue.slice(sent, end)));
      sent = end;
    }
    if (sent > 0) this.queue = sent === queue.length ? [] : queue.slice(sent);
    if (this.queue.length === 0) this.limit = backlogLimit;
  }

  /** Takes from `start` on what goes into one write; returns where that ends. */
  private portion(start: number): number {
    let end = start;
    for (let size = 0; size < writeSize; end++) {
      const event = this.queue[end];
      if (event === undefined) break;
      size += event.size || unknownSize;
      this.characters -= event.size;
    }
    return end;
  }
}

const objectFrames = new EventFrames(({ type, object }) => `{"type":"${type}","object":${objectText.of(object)}}\n`);

function encoder(api: Api, target: Target, { format, include }: WatchStreamOptions): (event: WatchEvent) => string {
  if (format.as === 'partial') return ({ type, object }) => `${JSON.stringify({ type, object: partial(object, format.version) })}\n`;
  let first = true;
  return ({ type, object }) => {
    const { resourceVersion } = object.metadata;
    // A bookmark is a table without cells, around an object with nothing but its version.
    const view = table(target.resource, type === 'BOOKMARK' ? [] : [object], { resourceVersion }, { version: format.version, include, now: api.clock.now(), withColumns: first });
    if (type === 'BOOKMARK') view.rows = [{ cells: [], object: partial(object, format.version) }];
    first = false;
    return `${JSON.stringify({ type, object: view })}\n`;
  };
}
