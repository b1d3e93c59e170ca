import { bool, int32, int64, list, string, time, type Of } from '#core/api/schema/type.ts';
import { optionsKind } from './options-kind.ts';

const streams = {
  stdin: [1, bool, 'Send what the caller types.'],
  stdout: [2, bool, 'Bring back what is printed.'],
  stderr: [3, bool, 'Bring back what is said of errors.'],
  tty: [4, bool, 'The streams are those of a terminal.'],
  container: [5, string, 'The container; may be left out when there is only one.'],
} as const;

export const PodAttachOptions = optionsKind('PodAttachOptions', true, 'Which streams of a running container to connect to.', streams);

export const PodExecOptions = optionsKind('PodExecOptions', true, 'What to run in a container, and which of its streams to connect to.', {
  ...streams, command: [6, list(string), 'The command and its arguments; no shell reads them.'],
});
export type PodExecOptions = Of<typeof PodExecOptions.options>;

export const PodPortForwardOptions = optionsKind('PodPortForwardOptions', true, 'Which ports of a pod to connect to.', {
  ports: [1, list(int32), 'The ports. WebSockets need to name them here.'],
});

export const PodLogOptions = optionsKind('PodLogOptions', true, 'Which part of a container\'s log to show.', {
  container: [1, string, 'The container; may be left out when there is only one.'],
  follow: [2, bool, 'Go on as the log grows.'],
  previous: [3, bool, 'The log of the container that ran before this one.'],
  sinceSeconds: [4, int64, 'Only what is not older.'],
  sinceTime: [5, time, 'Only what is not older.'],
  timestamps: [6, bool, 'A time before each line.'],
  tailLines: [7, int64, 'Only so many lines from the end.'],
  limitBytes: [8, int64, 'The most bytes.'],
  insecureSkipTLSVerifyBackend: [9, bool, 'The node need not prove who it is.'],
  stream: [10, string, 'All, Stdout or Stderr.'],
});
export type PodLogOptions = Of<typeof PodLogOptions.options>;
