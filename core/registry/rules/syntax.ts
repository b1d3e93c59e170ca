import { isIP } from 'node:net';

/** Syntax of ports, variables, paths and addresses, with the API's wording. Each function returns what is wrong, or nothing. */

export function portNameProblem(value: string): string | undefined {
  if (value.length > 15) return 'must be no more than 15 characters';
  if (!/^[-a-z0-9]+$/.test(value)) return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';
  if (!/[a-z]/.test(value)) return 'must contain at least one letter (a-z)';
  if (value.includes('--')) return 'must not contain consecutive hyphens';
  return /^-|-$/.test(value) ? 'must not begin or end with a hyphen' : undefined;
}

export const portNumberProblem = (value: number): string | undefined =>
  Number.isInteger(value) && value >= 1 && value <= 65535 ? undefined : 'must be between 1 and 65535, inclusive';

export const portProblem = (value: number | string): string | undefined =>
  typeof value === 'number' ? portNumberProblem(value) : portNameProblem(value);

export const envNameProblem = (value: string): string | undefined =>
  /^[ -<>-~]+$/.test(value) ? undefined : "a valid environment variable name must consist only of printable ASCII characters other than '='";

export const headerNameProblem = (value: string): string | undefined =>
  /^[-A-Za-z0-9]+$/.test(value) ? undefined
    : "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

export const ipProblem = (value: string): string | undefined =>
  isIP(value) === 0 || value.includes('%') ? 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)' : undefined;

export function cidrProblem(value: string): string | undefined {
  const [address = '', bits = '', ...rest] = value.split('/');
  const width = isIP(address) === 4 ? 32 : 128;
  const valid = rest.length === 0 && ipProblem(address) === undefined && /^(0|[1-9]\d*)$/.test(bits) && Number(bits) <= width;
  return valid ? undefined : 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
}

/** 4 or 6; the address of a CIDR counts. */
export const ipFamily = (value: string): 4 | 6 => (isIP(value.split('/')[0] ?? '') === 4 ? 4 : 6);

export const backstepProblem = (path: string): string | undefined => (path.split('/').includes('..') ? "must not contain '..'" : undefined);

/** A path inside a volume: relative and without steps back. */
export const localPathProblem = (path: string): string | undefined =>
  path.startsWith('/') ? 'must be a relative path' : backstepProblem(path);

/** As `localPathProblem`; names that begin with two dots are kept for the node agent. */
export const volumeFilePathProblem = (path: string): string | undefined =>
  localPathProblem(path) ?? (path.startsWith('..') ? "must not start with '..'" : undefined);

export const absolutePathProblem = (path: string): string | undefined => (path.startsWith('/') ? undefined : 'must be an absolute path');

const sysctl = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
export const sysctlProblem = (value: string): string | undefined =>
  value.length <= 253 && sysctl.test(value) ? undefined : `must have at most 253 characters and match regex ${sysctl.source}`;
