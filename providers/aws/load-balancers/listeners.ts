import {
  AddListenerCertificatesCommand, CreateListenerCommand, DeleteListenerCommand, DescribeListenerAttributesCommand, DescribeListenerCertificatesCommand, DescribeListenersCommand,
  ModifyListenerAttributesCommand, ModifyListenerCommand, RemoveListenerCertificatesCommand, type Action, type Listener as SdkListener,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { ProviderError } from '#core/spi/errors.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { awsCode } from '#providers/aws/errors.ts';
import { annotationPrefix } from './annotations.ts';
import { writeTags, type Tags } from './ownership.ts';
import { allPages } from './pages.ts';
import { difference, onceSeen, someAtATime } from './patience.ts';
import type { WantedListener } from './plan.ts';

/** Which target group a listener sends to. */
export type GroupArns = ReadonlyMap<string, string>;

const atOnce = 5;

/** Brings the listeners of a load balancer to what is wanted. */
export class Listeners {
  readonly #context: AwsContext;

  constructor(context: AwsContext) {
    this.#context = context;
  }

  of(balancerArn: string, signal: AbortSignal): Promise<readonly SdkListener[]> {
    return allPages(async (Marker) => {
      const { Listeners, NextMarker } = await this.#context.api.elb(new DescribeListenersCommand({ LoadBalancerArn: balancerArn, Marker }), signal);
      return [Listeners, NextMarker] as const;
    });
  }

  /** Those at ports that are not wanted go first, so that their number never stands in the way. */
  async ensure(balancerArn: string, there: readonly SdkListener[], wanted: readonly WantedListener[], groupArns: GroupArns, tags: Tags, signal: AbortSignal): Promise<void> {
    await someAtATime(there.filter(({ Port }) => !wanted.some(({ port }) => port === Port)), atOnce, ({ ListenerArn = '' }) => this.#remove(ListenerArn, signal));
    await someAtATime(wanted, atOnce, async (listener) => {
      const found = there.find(({ Port }) => Port === listener.port);
      const groupArn = groupArns.get(listener.groupName) ?? '';
      await this.#explaining(listener, () => (found === undefined ? this.#make(balancerArn, listener, groupArn, tags, signal) : this.#adjust(found, listener, groupArn, signal)));
    });
  }

  async #make(balancerArn: string, wanted: WantedListener, groupArn: string, tags: Tags, signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#context;
    const { Listeners: [made] = [] } = await onceSeen(clock, signal, () => api.elb(new CreateListenerCommand({ LoadBalancerArn: balancerArn, ...written(wanted, groupArn), Tags: writeTags(tags) }), signal));
    const arn = made?.ListenerArn ?? '';
    const more = wanted.tls?.certificates.slice(1) ?? [];
    if (more.length > 0) await this.#addCertificates(arn, more, signal);
    if (wanted.attributes !== undefined) await this.#setAttributes(arn, wanted.attributes, signal);
  }

  async #adjust(found: SdkListener, wanted: WantedListener, groupArn: string, signal: AbortSignal): Promise<void> {
    const arn = found.ListenerArn ?? '';
    if (!isAsWanted(found, wanted, groupArn)) await this.#context.api.elb(new ModifyListenerCommand({ ListenerArn: arn, ...written(wanted, groupArn) }), signal);
    if (wanted.tls !== undefined) await this.#ensureCertificates(arn, wanted.tls.certificates, signal);
    if (wanted.attributes === undefined) return;
    const { Attributes = [] } = await this.#context.api.elb(new DescribeListenerAttributesCommand({ ListenerArn: arn }), signal);
    await this.#setAttributes(arn, difference(wanted.attributes, new Map(Attributes.map(({ Key = '', Value = '' }) => [Key, Value]))), signal);
  }

  async #ensureCertificates(arn: string, wanted: readonly string[], signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    const certificates = await allPages(async (Marker) => {
      const { Certificates, NextMarker } = await api.elb(new DescribeListenerCertificatesCommand({ ListenerArn: arn, Marker }), signal);
      return [Certificates, NextMarker] as const;
    });
    const there = certificates.flatMap(({ CertificateArn }) => CertificateArn ?? []);
    const missing = wanted.filter((one) => !there.includes(one));
    if (missing.length > 0) await this.#addCertificates(arn, missing, signal);
    const surplus = certificates.filter(({ CertificateArn, IsDefault }) => IsDefault !== true && CertificateArn !== undefined && !wanted.includes(CertificateArn));
    if (surplus.length > 0) await api.elb(new RemoveListenerCertificatesCommand({ ListenerArn: arn, Certificates: surplus.map(({ CertificateArn }) => ({ CertificateArn })) }), signal);
  }

  async #addCertificates(arn: string, arns: readonly string[], signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#context;
    await onceSeen(clock, signal, () => api.elb(new AddListenerCertificatesCommand({ ListenerArn: arn, Certificates: arns.map((CertificateArn) => ({ CertificateArn })) }), signal));
  }

  async #setAttributes(arn: string, attributes: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
    if (attributes.size === 0) return;
    const { api, clock } = this.#context;
    await onceSeen(clock, signal, () => api.elb(new ModifyListenerAttributesCommand({ ListenerArn: arn, Attributes: writeTags(attributes) }), signal));
  }

  async #remove(arn: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.api.elb(new DeleteListenerCommand({ ListenerArn: arn }), signal);
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) throw error;
    }
  }

  /** What annotations name is the author's to put right. */
  async #explaining(wanted: WantedListener, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const code = awsCode(error);
      // It, or the one before it, was made or deleted a moment ago.
      if (code === 'TargetGroupAssociationLimit' || code === 'DuplicateListener') throw new ProviderError('Unavailable', (error as Error).message, { cause: error });
      const annotation = annotationOf(code, wanted);
      if (annotation === undefined || !(error instanceof Error)) throw error;
      throw new ProviderError('Invalid', `the annotation ${annotationPrefix}${annotation[0]}: ${JSON.stringify(annotation[1])} is not accepted: ${error.message}`, { cause: error });
    }
  }
}

function annotationOf(code: string | undefined, { tls, attributes, port, protocol }: WantedListener): readonly [name: string, value: string] | undefined {
  if (tls !== undefined) {
    if (code === 'CertificateNotFound' || code === 'UnsupportedCertificate') return ['ssl-cert', tls.certificates.join(',')];
    if (code === 'SSLPolicyNotFound') return ['ssl-negotiation-policy', tls.policy];
    if (code === 'ALPNPolicyNotFound' || code === 'ALPNPolicyNotSupported') return ['alpn-policy', tls.alpn];
  }
  return attributes !== undefined && code === 'ValidationError' ? [`listener-attributes.${protocol}-${port}`, [...attributes].map((one) => one.join('=')).join(',')] : undefined;
}

const forward = (groupArn: string): Action[] => [{ Type: 'forward', TargetGroupArn: groupArn }];

function written({ port, protocol, tls }: WantedListener, groupArn: string) {
  return {
    Port: port, Protocol: protocol, DefaultActions: forward(groupArn),
    ...(tls === undefined ? {} : { SslPolicy: tls.policy, Certificates: tls.certificates.slice(0, 1).map((CertificateArn) => ({ CertificateArn })), AlpnPolicy: [tls.alpn] }),
  };
}

function isAsWanted(found: SdkListener, wanted: WantedListener, groupArn: string): boolean {
  return found.Protocol === wanted.protocol && isSentTo(found, groupArn) && (wanted.tls === undefined || isSecuredAs(found, wanted.tls));
}

function isSentTo({ DefaultActions = [] }: SdkListener, groupArn: string): boolean {
  const [action, ...more] = DefaultActions;
  const groups = action?.ForwardConfig?.TargetGroups ?? [];
  return more.length === 0 && action?.Type === 'forward' && (action.TargetGroupArn ?? groups[0]?.TargetGroupArn) === groupArn && groups.length <= 1;
}

const isSecuredAs = ({ SslPolicy, Certificates = [], AlpnPolicy = [] }: SdkListener, { policy, certificates, alpn }: NonNullable<WantedListener['tls']>): boolean =>
  SslPolicy === policy && Certificates[0]?.CertificateArn === certificates[0] && (AlpnPolicy[0] ?? 'None') === alpn;
