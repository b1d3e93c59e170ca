import { chmod, mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { own } from '#core/api/value.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { nodeHttp } from '#core/kernel/node-http.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes, cniErrorJson } from '#plugins/network/cni-error.ts';
import { fromCniResult, toCniResult } from '#plugins/network/cni-result.ts';
import type { BridgeNetwork } from './bridge-network.ts';
import { parseConfig, readRequest, spokenVersions, validAttachments, versionOf, type CniEnvironment, type CniRequest } from './cni-request.ts';

const MOST_BYTES = 4 * 1024 * 1024;

export interface CniServerOptions {
  readonly network: BridgeNetwork;
  /** Of the socket; only its owner may use it. */
  readonly path: string;
  readonly log: Logger;
}

/** Answers other runtimes' calls, which `keelson-cni` forwards: one form of the environment and the configuration per request, and what the plugin prints as its answer. */
export class CniServer implements Component {
  readonly name = 'CNI socket';
  readonly #options: CniServerOptions;
  readonly #server: Server;

  constructor(options: CniServerOptions) {
    this.#options = options;
    this.#server = nodeHttp.createServer((request, response) => void this.#respond(request, response));
  }

  async start(): Promise<void> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(path, { force: true });
    const listening = Promise.withResolvers<void>();
    this.#server.once('error', listening.reject).listen(path, listening.resolve);
    await listening.promise;
    await chmod(path, 0o600);
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let version = versionOf(undefined);
    try {
      const form = new URLSearchParams(await bodyOf(request));
      const environment = environmentOf(form);
      if (environment.CNI_COMMAND === 'VERSION') {
        send(response, 200, { cniVersion: version, supportedVersions: spokenVersions });
        return;
      }
      const config = parseConfig(form.get('config') ?? '');
      version = versionOf(config);
      const gone = new AbortController();
      response.once('close', () => gone.abort(new Error('the runtime did not wait for the answer')));
      send(response, 200, await this.#run(readRequest(environment, config), gone.signal));
    } catch (error) {
      if (!(error instanceof NetworkError)) this.#options.log.error('a call of CNI failed', { error });
      send(response, 400, cniErrorJson(error, version));
    }
  }

  async #run(request: CniRequest, signal: AbortSignal): Promise<object | undefined> {
    const { network } = this.#options;
    const { attachment, config, version } = request;
    const owner = `cni ${request.network}`;
    switch (request.command) {
      case 'ADD':
        if (network.has(attachment)) throw new NetworkError(cniCodes.alreadyAttached, `container ${attachment.containerId} has an interface ${attachment.ifName} already`);
        return toCniResult(await network.add(attachment, signal, owner), version);
      case 'DEL':
        await network.del(attachment, signal);
        await network.settled();
        return undefined;
      case 'CHECK':
        await this.#check(request, signal);
        return undefined;
      case 'GC':
        await network.gc(validAttachments(config), signal, owner);
        return undefined;
      case 'STATUS':
        await network.status(signal);
        return undefined;
    }
  }

  async #check({ attachment, config }: CniRequest, signal: AbortSignal): Promise<void> {
    const { network } = this.#options;
    const previous = own(config, 'prevResult');
    if (previous === undefined || previous === null) throw new NetworkError(cniCodes.invalidConfig, 'required prevResult missing');
    await network.check(attachment, signal);
    const had = fromCniResult(previous).ips.map(({ address }) => address);
    const lost = network.addressesOf(attachment).find((address) => !had.includes(address));
    if (lost !== undefined) throw new NetworkError(cniCodes.notAsMade, `prevResult does not have the address ${lost}`);
  }
}

function environmentOf(form: URLSearchParams): CniEnvironment {
  const of = (name: keyof CniEnvironment): string => form.get(name) ?? '';
  return { CNI_COMMAND: of('CNI_COMMAND'), CNI_CONTAINERID: of('CNI_CONTAINERID'), CNI_NETNS: of('CNI_NETNS'), CNI_IFNAME: of('CNI_IFNAME'), CNI_ARGS: of('CNI_ARGS') };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new NetworkError(cniCodes.io, `the configuration is larger than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, body: object | undefined): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(body === undefined ? '' : `${JSON.stringify(body)}\n`);
}
