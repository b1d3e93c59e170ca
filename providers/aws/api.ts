import { EC2Client, type EC2ClientConfig, type ServiceInputTypes as Ec2Input, type ServiceOutputTypes as Ec2Output } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client, type ElasticLoadBalancingV2ClientConfig, type ServiceInputTypes as ElbInput, type ServiceOutputTypes as ElbOutput } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { PlatformCalls } from '#core/spi/platform-calls.ts';
import { awsError } from './errors.ts';
import type { AwsSettings } from './settings.ts';

/** A command of the vendor's SDK. */
export interface SdkCommand<Input, Output> {
  readonly input: Input;
  resolveMiddleware(...args: never[]): (args: never) => Promise<{ readonly output: Output }>;
}

/**
 * The calls of AWS. Each is one attempt at least, and as many as the process's `PlatformCalls` make of it.
 * They reject with an `AwsError`, which is a `ProviderError`.
 */
export interface AwsApi {
  ec2<I extends Ec2Input, O extends Ec2Output>(command: SdkCommand<I, O>, signal: AbortSignal): Promise<O>;
  elb<I extends ElbInput, O extends ElbOutput>(command: SdkCommand<I, O>, signal: AbortSignal): Promise<O>;
}

const read = /^(Describe|Get)/;
/** Done twice they leave what they leave when done once, or find their work done. ModifyVolume would be refused for being too soon. */
const idempotent = /^(Delete|Modify(?!Volume$)|Set|Register|Deregister|AddTags|RemoveTags|CreateTags|CreateRoute|Terminate|Stop|Start|Release)/;

interface SdkClient {
  send(command: never, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
  destroy(): void;
}

export interface SdkAwsApiOptions {
  readonly settings: Pick<AwsSettings, 'endpoint' | 'profile'>;
  /** Asked before the first call. */
  readonly region: () => Promise<string>;
  readonly calls: PlatformCalls;
  /** In place of the standard chain, for tests. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
}

/** By the SDK's clients. Those send once: repeating is the matter of `PlatformCalls`. */
export class SdkAwsApi implements AwsApi {
  readonly #options: SdkAwsApiOptions;
  #ec2: EC2Client | undefined;
  #elb: ElasticLoadBalancingV2Client | undefined;

  constructor(options: SdkAwsApiOptions) {
    this.#options = options;
  }

  ec2<I extends Ec2Input, O extends Ec2Output>(command: SdkCommand<I, O>, signal: AbortSignal): Promise<O> {
    return this.#send('ec2', (this.#ec2 ??= new EC2Client(this.#config())), command, signal);
  }

  elb<I extends ElbInput, O extends ElbOutput>(command: SdkCommand<I, O>, signal: AbortSignal): Promise<O> {
    return this.#send('elasticloadbalancing', (this.#elb ??= new ElasticLoadBalancingV2Client(this.#config())), command, signal);
  }

  close(): void {
    this.#ec2?.destroy();
    this.#elb?.destroy();
  }

  #config(): EC2ClientConfig & ElasticLoadBalancingV2ClientConfig {
    const { settings: { endpoint, profile }, region, credentials } = this.#options;
    return {
      region, maxAttempts: 1, requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
      ...(endpoint === undefined ? {} : { endpoint }), ...(profile === undefined ? {} : { profile }), ...(credentials === undefined ? {} : { credentials }),
    };
  }

  async #send<I, O>(service: string, client: SdkClient, command: SdkCommand<I, O>, signal: AbortSignal): Promise<O> {
    const name = command.constructor.name.replace(/Command$/, '');
    const isRead = read.test(name);
    const hasToken = (command.input as { readonly ClientToken?: string }).ClientToken !== undefined;
    const scope = await this.#options.region();
    return this.#options.calls.run({ name: `aws:${service}:${name}`, scope, isRepeatable: isRead || hasToken || idempotent.test(name) }, async (attempt) => {
      try {
        return (await client.send(command as never, { abortSignal: attempt })) as O;
      } catch (error) {
        attempt.throwIfAborted();
        throw awsError(`${service}:${name}`, error, isRead);
      }
    }, signal);
  }
}
