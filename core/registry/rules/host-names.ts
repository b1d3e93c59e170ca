import { dnsLabelProblem, dnsSubdomainProblem } from '#core/api/names.ts';

/** Syntax of the names of services, hosts and referenced objects, with the API's wording. Each function returns what is wrong, or nothing. */

export function serviceNameProblem(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 bytes';
  if (/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(value)) return undefined;
  return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character " +
    "(e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
}

export function wildcardProblem(value: string): string | undefined {
  if (value.length > 253) return 'must be no more than 253 bytes';
  if (value.startsWith('*.') && dnsSubdomainProblem(value.slice(2)) === undefined) return undefined;
  return "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, " +
    "'-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is " +
    "'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

/** At least two labels; one dot at the end is allowed. */
export function fullyQualifiedProblem(value: string): string | undefined {
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  const problem = dnsSubdomainProblem(name);
  if (problem !== undefined) return problem;
  const labels = name.split('.');
  if (labels.length < 2) return 'should be a domain with at least two segments separated by dots';
  return labels.map(dnsLabelProblem).find((each) => each !== undefined);
}

/** What can stand between two slashes of a URL. */
export function pathSegmentProblem(value: string): string | undefined {
  if (value === '.' || value === '..') return `may not be '${value}'`;
  const bad = ['/', '%'].find((character) => value.includes(character));
  return bad === undefined ? undefined : `may not contain '${bad}'`;
}

/** `domain/path`, as controllers of classes are named. */
export function domainPrefixedPathProblem(value: string): string | undefined {
  const slash = value.indexOf('/');
  const [domain, path] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)];
  if (domain === '' || path === '') return 'must be a domain-prefixed path (such as "acme.io/foo")';
  const problem = dnsSubdomainProblem(domain);
  if (problem !== undefined) return problem;
  return /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path) ? undefined : "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
}
