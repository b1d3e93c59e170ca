import type { APIService } from '#core/api/schema/apiregistration-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { BackendError } from '#core/apiserver/proxy/backend.ts';
import { isExtension, type ExtensionService } from './api-services.ts';
import type { ExtensionServers } from './extension-servers.ts';
import { hostOf } from './extension-servers.ts';
import { aggregator } from './identity-headers.ts';

/** One endpoint of several may be down: so often others are tried. */
const furtherAttempts = 4;

/** Asks extension API servers for the one document that each of them must have. */
export class DiscoveryCheck {
  private readonly servers: ExtensionServers;

  constructor(servers: ExtensionServers) {
    this.servers = servers;
  }

  /** Resolves to what is wrong; undefined when the server answers. */
  async problem(service: APIService): Promise<string | undefined> {
    if (!isExtension(service)) return undefined;
    const first = await this.attempt(service);
    if (first === undefined) return undefined;
    const others = await Promise.all(Array.from({ length: furtherAttempts }, () => this.attempt(service)));
    return others.includes(undefined) ? undefined : first;
  }

  private async attempt(service: ExtensionService): Promise<string | undefined> {
    const { group = '', version = '' } = service.spec;
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const url = `https://${hostOf(service)}${path}`;
    try {
      // Whoever could stand in between would gain nothing by this answer.
      const { code } = await this.servers.fetch(service, path, { user: aggregator, trusting: true });
      return code >= 200 && code < 300 ? undefined : `failing or missing response from ${url}: bad status from ${url}: ${code}`;
    } catch (error) {
      if (error instanceof BackendError || StatusError.is(error)) return `failing or missing response from ${url}: ${error.message}`;
      throw error;
    }
  }
}
