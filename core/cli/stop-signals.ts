/** One Ctrl-C comes twice below npm: from the terminal, which signals every process, and from npm, which passes it on. */
const sameKeyPressMs = 500;

/** Aborts at the first SIGINT or SIGTERM. The second ends the process at once, whatever it is doing. */
export function untilAsked(): AbortSignal {
  const asked = new AbortController();
  let first = 0;
  for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]] as const) {
    process.on(signal, () => {
      if (!asked.signal.aborted) first = performance.now();
      else if (performance.now() - first > sameKeyPressMs) process.exit(128 + number);
      asked.abort(new Error(`asked to stop by ${signal}`));
    });
  }
  return asked.signal;
}
