import type { Address } from './address.ts';

/** Where a proxied request goes. */
export interface Place {
  readonly scheme: 'http' | 'https';
  readonly address: Address;
  /** A node agent is shown our certificate. */
  readonly isNodeAgent?: boolean;
  /** The caller does not mind who it really is. */
  readonly takesAnyCertificate?: boolean;
}
