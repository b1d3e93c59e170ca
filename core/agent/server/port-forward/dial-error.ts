const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused', ETIMEDOUT: 'connection timed out', ENETUNREACH: 'network is unreachable', EHOSTUNREACH: 'no route to host',
  EADDRNOTAVAIL: 'cannot assign requested address', EACCES: 'permission denied', EAFNOSUPPORT: 'address family not supported by protocol',
};

/** Nothing took the connection. The words are those of container runtimes: users know them. */
export class DialError extends Error {
  /** @param codes what the attempts by IPv4 and, if there was one, by IPv6 failed with: `ECONNREFUSED` */
  constructor(port: number, place: string | undefined, codes: readonly string[]) {
    const [v4 = '', v6] = codes.map((code) => words[code] ?? code);
    const inside = place === undefined ? '' : ` inside namespace ${JSON.stringify(place)}`;
    super(`failed to connect to localhost:${port}${inside}, IPv4: dial tcp4 127.0.0.1:${port}: connect: ${v4}${v6 === undefined ? '' : ` IPv6: dial tcp6 [::1]:${port}: connect: ${v6}`}`);
    this.name = 'DialError';
  }
}

/** No process could be started inside the namespace: no such program, or not the right to. */
export class CannotEnterError extends Error {
  override readonly name = 'CannotEnterError';
}
