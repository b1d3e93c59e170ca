import 'reflect-metadata/lite';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension, X509Certificate, X509CertificateGenerator,
} from '@peculiar/x509';
import type { CertificateRequest, CertificateTerms } from '#core/spi/certificate-signer.ts';
import { pem as pemOf, serialNumber, signingAlgorithm, signingKey, type KeyPair } from './pki-issue.ts';

/** Clocks differ: a certificate is good from a little before it was signed. */
const backdateMs = 5 * 60_000;

const keyUsages: Readonly<Record<string, KeyUsageFlags>> = {
  'signing': KeyUsageFlags.digitalSignature, 'digital signature': KeyUsageFlags.digitalSignature, 'content commitment': KeyUsageFlags.nonRepudiation,
  'key encipherment': KeyUsageFlags.keyEncipherment, 'key agreement': KeyUsageFlags.keyAgreement, 'data encipherment': KeyUsageFlags.dataEncipherment,
  'cert sign': KeyUsageFlags.keyCertSign, 'crl sign': KeyUsageFlags.cRLSign, 'encipher only': KeyUsageFlags.encipherOnly, 'decipher only': KeyUsageFlags.decipherOnly,
};
const extendedUsages: Readonly<Record<string, string>> = {
  'any': '2.5.29.37.0', 'server auth': ExtendedKeyUsage.serverAuth, 'client auth': ExtendedKeyUsage.clientAuth, 'code signing': ExtendedKeyUsage.codeSigning,
  'email protection': ExtendedKeyUsage.emailProtection, 's/mime': ExtendedKeyUsage.emailProtection, 'timestamping': ExtendedKeyUsage.timeStamping,
  'ocsp signing': ExtendedKeyUsage.ocspSigning, 'ipsec end system': '1.3.6.1.5.5.7.3.5', 'ipsec tunnel': '1.3.6.1.5.5.7.3.6', 'ipsec user': '1.3.6.1.5.5.7.3.7',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3', 'netscape sgc': '2.16.840.1.113730.4.1',
};

interface Read {
  readonly request: Pkcs10CertificateRequest;
  readonly content: CertificateRequest;
}

const alternativeNames = (request: Pkcs10CertificateRequest): SubjectAlternativeNameExtension | undefined =>
  request.extensions.find((extension) => extension instanceof SubjectAlternativeNameExtension);

/** @throws {Error} with a sentence */
export async function readRequest(pem: string): Promise<Read> {
  let request: Pkcs10CertificateRequest;
  try {
    request = new Pkcs10CertificateRequest(pem);
  } catch (error) {
    throw new Error('the request is not a PKCS#10 certificate request in PEM', { cause: error });
  }
  if (!(await request.verify().catch(() => false))) throw new Error("the request's signature does not fit its key");
  const names = alternativeNames(request)?.names.items ?? [];
  const of = (type: string): string[] => names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    request,
    content: {
      commonName: request.subjectName.getField('CN')[0] ?? '', organizations: request.subjectName.getField('O'),
      dnsNames: of('dns'), ipAddresses: of('ip'), emailAddresses: of('email'), uris: of('url'),
    },
  };
}

/** @throws {Error} with a sentence */
export async function signRequest(authority: KeyPair, pem: string, { usages, seconds }: CertificateTerms, nowMs: number): Promise<string> {
  const { request } = await readRequest(pem);
  const issuer = new X509Certificate(authority.cert);
  const names = alternativeNames(request);
  const flags = usages.reduce((all, usage) => all | (keyUsages[usage] ?? 0), 0);
  const extended = usages.flatMap((usage) => extendedUsages[usage] ?? []);
  const certificate = await X509CertificateGenerator.create({
    notBefore: new Date(nowMs - backdateMs), notAfter: new Date(Math.min(nowMs + seconds * 1000, issuer.notAfter.getTime())),
    serialNumber: serialNumber(), signingAlgorithm, issuer: issuer.subjectName, subject: request.subjectName,
    publicKey: request.publicKey, signingKey: await signingKey(authority.key),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      // A key usage without uses makes the whole certificate invalid (RFC 5280, 4.2.1.3).
      ...(flags === 0 ? [] : [new KeyUsagesExtension(flags, true)]),
      ...(extended.length === 0 ? [] : [new ExtendedKeyUsageExtension(extended)]),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey), ...(names ? [names] : []),
    ],
  });
  return pemOf(certificate);
}
