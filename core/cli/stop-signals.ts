/** Aborts at the first SIGINT or SIGTERM. The second ends the process at once, whatever it is doing. */
export function untilAsked(): AbortSignal {
  const asked = new AbortController();
  for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]] as const) {
    process.on(signal, () => {
      if (asked.signal.aborted) process.exit(128 + number);
      asked.abort(new Error(`asked to stop by ${signal}`));
    });
  }
  return asked.signal;
}
