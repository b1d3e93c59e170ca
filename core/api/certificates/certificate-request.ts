import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { SocketAddress } from 'node:net';
import { contentOf, derValues, inside, tags, textOf, type Der } from './der.ts';
import { pemBlocks } from './pem.ts';

/** A certificate signing request (PKCS#10, RFC 2986). */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly publicKey: KeyObject;
  readonly der: Buffer;
  /** Whether whoever made it has the private key. */
  isSigned(): boolean;
}

/** Object identifiers, as they are written. */
const oids = { commonName: '550403', organization: '55040a', extensionRequest: '2a864886f70d01090e', alternativeNames: '551d11', pss: '2a864886f70d01010a' } as const;

/** What each signature algorithm hashes with; null where that is part of it. */
const hashes: ReadonlyMap<string, string | null> = new Map([
  ['2a864886f70d010105', 'sha1'], ['2a864886f70d01010b', 'sha256'], ['2a864886f70d01010c', 'sha384'], ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha1'], ['2a8648ce3d040302', 'sha256'], ['2a8648ce3d040303', 'sha384'], ['2a8648ce3d040304', 'sha512'],
  ['2b6570', null],
]);
const pssHashes: ReadonlyMap<string, string> = new Map([['608648016503040201', 'sha256'], ['608648016503040202', 'sha384'], ['608648016503040203', 'sha512']]);

const hex = (value: Der | undefined): string => contentOf(value, tags.objectIdentifier).toString('hex');

/** Reads the first block of a PEM text. @throws {Error} when that is no signing request, in words for its author */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const [block] = pemBlocks(pem);
  if (block?.type !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST');
  try {
    return read(block.bytes);
  } catch (error) {
    throw new Error(`malformed certificate request: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function read(der: Buffer): CertificateRequest {
  const [outer, ...trailing] = derValues(der);
  if (trailing.length > 0) throw new RangeError('there are trailing bytes');
  const [info, algorithm, signature] = inside(outer, tags.sequence);
  const [version, subject, key, attributes] = inside(info, tags.sequence);
  contentOf(version, tags.integer);
  const names = subjectNames(subject);
  const publicKey = createPublicKey({ key: wholeOf(key), format: 'der', type: 'spki' });
  const signed = wholeOf(info);
  const scheme = schemeOf(inside(algorithm, tags.sequence));
  const [unusedBits, ...bits] = contentOf(signature, tags.bitString);
  if (unusedBits !== 0) throw new RangeError('the signature is no whole number of bytes');
  return {
    commonName: names.filter(([oid]) => oid === oids.commonName).at(-1)?.[1] ?? '',
    organizations: names.filter(([oid]) => oid === oids.organization).map(([, text]) => text),
    ...alternativeNames(attributes), publicKey, der,
    isSigned: () => scheme !== undefined && isSignedBy(publicKey, scheme, signed, Buffer.from(bits)),
  };
}

function wholeOf(value: Der | undefined): Buffer {
  if (value === undefined) throw new RangeError('it is not complete');
  return value.whole;
}

/** Pairs of object identifier and text, in order. */
const subjectNames = (subject: Der | undefined): readonly (readonly [string, string])[] =>
  inside(subject, tags.sequence).flatMap((set) => inside(set, tags.set)).flatMap((attribute) => {
    const [oid, value] = inside(attribute, tags.sequence);
    const text = value && textOf(value);
    return text === undefined ? [] : [[hex(oid), text] as const];
  });

/** The general names of an alternative name extension, if one is asked for. */
function generalNames(attributes: Der | undefined): readonly Der[] {
  if (attributes === undefined) return [];
  for (const attribute of inside(attributes, 0xa0)) {
    const [oid, values] = inside(attribute, tags.sequence);
    if (hex(oid) !== oids.extensionRequest) continue;
    const [extensions] = inside(values, tags.set);
    for (const extension of inside(extensions, tags.sequence)) {
      const [name, ...rest] = inside(extension, tags.sequence);
      if (hex(name) !== oids.alternativeNames) continue;
      const [sequence] = derValues(contentOf(rest.at(-1), tags.octetString));
      return inside(sequence, tags.sequence);
    }
  }
  return [];
}

function alternativeNames(attributes: Der | undefined): Pick<CertificateRequest, 'dnsNames' | 'ipAddresses' | 'emailAddresses' | 'uris'> {
  const names = generalNames(attributes);
  const texts = (tag: number): string[] => names.filter((name) => name.tag === tag).map(({ content }) => content.toString('latin1'));
  return { emailAddresses: texts(0x81), dnsNames: texts(0x82), uris: texts(0x86), ipAddresses: names.filter(({ tag }) => tag === 0x87).map(({ content }) => addressOf(content)) };
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new RangeError(`an IP address has ${bytes.length} bytes`);
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

interface Scheme {
  readonly hash: string | null;
  readonly isPss: boolean;
}

/** How it is signed; undefined for an algorithm that is not known. */
function schemeOf([oid, parameters]: readonly Der[]): Scheme | undefined {
  const algorithm = hex(oid);
  const isPss = algorithm === oids.pss;
  const hash = isPss ? pssHash(parameters) : hashes.get(algorithm);
  return hash === undefined ? undefined : { hash, isPss };
}

function isSignedBy(publicKey: KeyObject, { hash, isPss }: Scheme, signed: Buffer, signature: Buffer): boolean {
  const padding = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO } : {};
  try {
    return verify(hash, signed, { key: publicKey, ...padding }, signature);
  } catch {
    // The algorithm is not one for this kind of key.
    return false;
  }
}

/** `RSASSA-PSS-params`: the hash stands under the context tag 0. */
function pssHash(parameters: Der | undefined): string | undefined {
  const [hash] = inside(parameters, tags.sequence).filter(({ tag }) => tag === 0xa0);
  const [algorithm] = hash === undefined ? [] : derValues(hash.content);
  const [oid] = algorithm === undefined ? [] : inside(algorithm, tags.sequence);
  return oid === undefined ? undefined : pssHashes.get(hex(oid));
}
