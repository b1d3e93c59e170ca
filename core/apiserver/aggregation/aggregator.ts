import type { IncomingMessage, ServerResponse } from 'node:http';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import type { AuditRecord } from '#core/apiserver/audit/audit-log.ts';
import { sendText } from '#core/apiserver/http/respond.ts';
import { BackendError } from '#core/apiserver/proxy/backend.ts';
import { forward } from '#core/apiserver/proxy/forward.ts';
import { requestHeaders, type Headers } from '#core/apiserver/proxy/headers.ts';
import { tunnel, type Upgrade } from '#core/apiserver/proxy/tunnel.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { mayAnswer, type ExtensionService } from './api-services.ts';
import { hostOf, type ExtensionServers } from './extension-servers.ts';
import { setIdentity } from './identity-headers.ts';

/** A request that another API server answers: authenticated, allowed, and in the audit log. */
export interface Handover {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Set when the client asks for another protocol. */
  readonly upgrade: Upgrade | undefined;
  readonly user: User;
  /** A watch or another stream: it may be silent for long. */
  readonly longRunning: boolean;
  readonly auditId: string;
  readonly audit: AuditRecord | undefined;
  readonly stopping: AbortSignal;
}

/** As the server's own requests. */
const timeoutMs = 60_000;

/** Hands requests for the groups of other API servers to these, with who asks in the headers. */
export class Aggregator {
  private readonly servers: ExtensionServers;
  private readonly logger: Logger;

  constructor(servers: ExtensionServers, logger: Logger) {
    this.servers = servers;
    this.logger = logger;
  }

  /** Resolves when the answer is over. What goes wrong on the way is answered in upstream's plain words. @throws {StatusError} */
  async serve(service: ExtensionService, handover: Handover): Promise<void> {
    const { request, response, upgrade, longRunning, audit, stopping } = handover;
    if (!mayAnswer(service)) return sendText(response, 503, 'service unavailable\n');
    try {
      const backend = this.servers.backend(service);
      const outgoing = { method: request.method ?? 'GET', path: request.url ?? '/', headers: headersFor(service, handover) };
      const options = { stopping, ...(longRunning ? { started: (code: number) => audit?.started(code) } : { timeoutMs }) };
      await (upgrade ? tunnel(upgrade, response, backend, outgoing, { stopping, started: (code) => audit?.started(code) }) : forward(request, response, backend, outgoing, options));
    } catch (error) {
      if (error instanceof BackendError) return this.unreachable(service, error, response);
      if (!StatusError.is(error, 'NotFound', 'ServiceUnavailable', 'InternalError')) throw error;
      this.logger.warn('an extension API server cannot be located', { service: service.metadata.name, error });
      if (error.reason === 'InternalError') sendText(response, 500, `${error.message}\n`);
      else sendText(response, 503, 'service unavailable\n');
    }
  }

  private unreachable(service: ExtensionService, error: BackendError, response: ServerResponse): void {
    this.logger.debug('an extension API server cannot be reached', { service: service.metadata.name, error });
    if (error.timedOut) throw new StatusError('Timeout', 'request did not complete within the allotted timeout', undefined, { cause: error });
    sendText(response, 503, `${error.message}\n`);
  }
}

function headersFor(service: ExtensionService, { request, upgrade, user, auditId }: Handover): Headers {
  const headers = requestHeaders(request, upgrade !== undefined);
  headers.set('host', [hostOf(service)]);
  headers.set('audit-id', [auditId]);
  setIdentity(headers, user);
  return headers;
}
