import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { listenerOf, pageOf, validation } from './names.ts';

/** Of the form of ACM's and IAM's; whether they exist is not known here. */
const form = /^arn:aws:(acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]{36}|iam::\d{12}:server-certificate\/[\w+=,.@/-]+)$/;

export function checkCertificate(arn: string): void {
  if (!form.test(arn)) throw new ApiError('CertificateNotFound', `Certificate ARN '${arn}' is not valid`);
}

function named(params: Params): string[] {
  const certificates = params.structs('Certificates');
  if (certificates.some((certificate) => certificate.has('IsDefault'))) throw validation('IsDefault cannot be specified');
  return certificates.map((certificate) => certificate.text('CertificateArn') ?? '');
}

const write = (arns: readonly string[], defaultArn: string | undefined): XmlObject[] => arns.map((arn) => ({ CertificateArn: arn, IsDefault: arn === defaultArn }));

const add: Action = ({ region, params }) => {
  const listener = listenerOf(region, params.need('ListenerArn'));
  if (listener.certificates.length === 0) throw validation(`A listener with the protocol ${listener.protocol} has no certificates`);
  const added = named(params);
  for (const arn of added) checkCertificate(arn);
  const certificates = [...new Set([...listener.certificates, ...added])];
  if (certificates.length > region.world.quota('certificatesPerBalancer')) throw new ApiError('TooManyCertificates', 'The maximum number of certificates has been reached');
  region.listeners.update(listener.id, { certificates });
  return { Certificates: write(added, listener.certificates[0]) };
};

const remove: Action = ({ region, params }) => {
  const listener = listenerOf(region, params.need('ListenerArn'));
  const gone = named(params);
  const [first] = listener.certificates;
  if (first !== undefined && gone.includes(first)) throw new ApiError('OperationNotPermitted', `Default certificate '${first}' cannot be removed`);
  region.listeners.update(listener.id, { certificates: listener.certificates.filter((arn) => !gone.includes(arn)) });
  return {};
};

const describe: Action = ({ region, params }) => {
  const { certificates } = listenerOf(region, params.need('ListenerArn'));
  const { rows, nextMarker } = pageOf(params, certificates.map((arn, index) => ({ arn, sequence: index + 1 })));
  return { Certificates: write(rows.map(({ arn }) => arn), certificates[0]), NextMarker: nextMarker };
};

export const certificateActions: Readonly<Record<string, Action>> = { AddListenerCertificates: add, RemoveListenerCertificates: remove, DescribeListenerCertificates: describe };
