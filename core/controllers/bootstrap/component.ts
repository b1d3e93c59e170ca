import type { Component } from '#core/kernel/lifecycle.ts';
import type { Bootstrap } from './bootstrap.ts';

/** Runs the bootstrap once, before anything that needs its objects starts. */
export const bootstrapComponent = (bootstrap: Bootstrap): Component => ({
  name: 'bootstrap',
  start: (signal) => bootstrap.run(signal),
  stop: async () => undefined,
});
