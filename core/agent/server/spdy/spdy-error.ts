/** The peer does not keep to the protocol: the connection cannot go on. */
export class SpdyError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(`the peer sent ${message}`, options);
    this.name = 'SpdyError';
  }
}
