const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused', EHOSTUNREACH: 'no route to host', ENETUNREACH: 'network is unreachable', ETIMEDOUT: 'i/o timeout', ECONNRESET: 'connection reset by peer',
};

/** As Go words it: `dial tcp 10.0.0.1:80: connect: connection refused`. */
export function dialError(host: string, port: number, error: Error): Error {
  // What libraries make of it has the code in its text.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : /\bE[A-Z]{5,}\b/.exec(error.message)?.[0] ?? '';
  return new Error(`dial tcp ${authority(host, port)}: connect: ${words[code] ?? error.message}`, { cause: error });
}

export const authority = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
