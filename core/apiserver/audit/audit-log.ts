import type { IncomingMessage } from 'node:http';
import type { Status } from '#core/api/schema/meta.ts';
import type { User } from '#core/api/user.ts';
import { isObject } from '#core/api/value.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { token } from '#core/kernel/token.ts';
import type { AuditPolicy, AuditedRequest, Level, Stage, Verdict } from './policy.ts';

/** Where the lines go. */
export interface AuditSink {
  write(line: string): void;
}

export interface AuditStart extends AuditedRequest {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly impersonator?: User | undefined;
  readonly version?: string;
}

/** What is written down of one request while it is served. */
export interface AuditRecord {
  readonly level: Level;
  requestObject(object: unknown): void;
  responseObject(object: unknown): void;
  annotate(key: string, value: string): void;
  /** The request may go on, and why. */
  allowed(reason: string): void;
  /** A watch has begun to answer. */
  started(code: number): void;
  complete(code: number, failure?: Status): void;
}

/** Writes one JSON line (`audit.k8s.io/v1` Event) for each stage of a request that the policy wants. */
export class AuditLog {
  private readonly policy: AuditPolicy;
  private readonly sink: AuditSink;
  private readonly clock: Clock;

  constructor(policy: AuditPolicy, sink: AuditSink, clock: Clock) {
    this.policy = policy;
    this.sink = sink;
    this.clock = clock;
  }

  /** Undefined when the policy wants nothing of it. */
  begin(start: AuditStart): AuditRecord | undefined {
    const verdict = this.policy.verdict(start);
    if (verdict.level === 'None') return undefined;
    return new Record(start, verdict, this.sink, this.clock);
  }
}
export const AuditTrail = token<AuditLog>('AuditTrail');

const order: readonly Level[] = ['None', 'Metadata', 'Request', 'RequestResponse'];

class Record implements AuditRecord {
  readonly level: Level;
  private readonly verdict: Verdict;
  private readonly sink: AuditSink;
  private readonly clock: Clock;
  private readonly event: { [key: string]: unknown };
  private readonly annotations: { [key: string]: string } = {};

  constructor(start: AuditStart, verdict: Verdict, sink: AuditSink, clock: Clock) {
    this.level = verdict.level;
    this.verdict = verdict;
    this.sink = sink;
    this.clock = clock;
    this.event = { ...headOf(start, verdict.level), requestReceivedTimestamp: micro(clock.now()) };
    this.write('RequestReceived');
  }

  requestObject(object: unknown): void {
    if (order.indexOf(this.level) >= 2) this.event['requestObject'] = this.trimmed(object);
  }

  responseObject(object: unknown): void {
    if (order.indexOf(this.level) >= 3) this.event['responseObject'] = this.trimmed(object);
  }

  annotate(key: string, value: string): void {
    this.annotations[key] ??= value;
  }

  allowed(reason: string): void {
    this.annotate('authorization.k8s.io/decision', 'allow');
    if (reason !== '') this.annotate('authorization.k8s.io/reason', reason);
  }

  started(code: number): void {
    this.event['responseStatus'] = { metadata: {}, code };
    this.write('ResponseStarted');
  }

  complete(code: number, failure?: Status): void {
    // Who was let in may still be refused by admission: that decision stands.
    if (code === 401 || code === 403) this.annotate('authorization.k8s.io/decision', 'forbid');
    this.event['responseStatus'] = failure ? { metadata: {}, status: failure.status, message: failure.message, reason: failure.reason, code } : { metadata: {}, code };
    this.write('ResponseComplete');
  }

  private write(stage: Stage): void {
    if (this.verdict.omits(stage)) return;
    const annotations = Object.keys(this.annotations).length === 0 ? {} : { annotations: this.annotations };
    this.sink.write(`${JSON.stringify({ ...this.event, stage, stageTimestamp: micro(this.clock.now()), ...annotations })}\n`);
  }

  private trimmed(object: unknown): unknown {
    if (!this.verdict.omitManagedFields || !isObject(object) || !isObject(object['metadata'])) return object;
    const { managedFields: _managedFields, ...metadata } = object['metadata'];
    return { ...object, metadata };
  }
}

const micro = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`;

const userOf = ({ name, uid, groups, extra }: User) => ({ username: name, ...(uid === undefined ? {} : { uid }), groups, ...(extra ? { extra } : {}) });

function headOf({ id, user, impersonator, verb, request, resource, version }: AuditStart, level: Level) {
  return {
    kind: 'Event', apiVersion: 'audit.k8s.io/v1', level, auditID: id, requestURI: request.url ?? '', verb,
    user: userOf(impersonator ?? user), ...(impersonator ? { impersonatedUser: userOf(user) } : {}),
    sourceIPs: [request.socket.remoteAddress ?? ''], userAgent: (request.headers['user-agent'] ?? '').slice(0, 1024),
    ...(resource ? {
      objectRef: Object.fromEntries(Object.entries({
        resource: resource.resource, namespace: resource.namespace, name: resource.name, apiGroup: resource.group, apiVersion: version ?? '', subresource: resource.subresource,
      }).filter(([, value]) => value !== '')),
    } : {}),
  };
}
