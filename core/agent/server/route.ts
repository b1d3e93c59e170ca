import { PlainError } from './plain-error.ts';

interface ContainerPath {
  readonly namespace: string;
  readonly pod: string;
  /** Undefined when the name is enough. */
  readonly uid: string | undefined;
  readonly container: string;
}
export type LogRoute = ContainerPath & { readonly name: 'containerLogs' };
export type TerminalRoute = ContainerPath & { readonly name: 'exec' | 'attach' };
export type PortForwardRoute = Omit<ContainerPath, 'container'> & { readonly name: 'portForward' };
export interface PageRoute {
  readonly name: 'page';
  readonly path: string;
}

/** What a path asks for. */
export type Route = LogRoute | TerminalRoute | PortForwardRoute | PageRoute;

/** The path of a request and its query. @throws {PlainError} */
export function locate(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  // Access is decided by the first folder.
  if (!path.startsWith('/') || path.split('/').some((part) => part === '..' || part === '.')) throw notFound();
  return { path, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) };
}

export const notFound = (): PlainError => new PlainError(404, '404 page not found');

/** @throws {PlainError} */
export function routeOf(path: string): Route {
  const [folder, ...parts] = path.slice(1).split('/').map(decoded);
  switch (folder) {
    case 'containerLogs':
      return { name: folder, ...containerPath(parts, false) };
    case 'exec':
    case 'attach':
      return { name: folder, ...containerPath(parts, true) };
    case 'portForward':
      return { name: folder, ...podPath(parts) };
    default:
      return { name: 'page', path };
  }
}

/** `namespace/pod/container`, or `namespace/pod/uid/container`. */
function containerPath(parts: readonly string[], mayHaveUid: boolean): ContainerPath {
  const container = parts.at(-1);
  if (!container || parts.length < 3 || (parts.length > 3 && !mayHaveUid)) throw notFound();
  return { ...podPath(parts.slice(0, -1)), container };
}

/** `namespace/pod`, or `namespace/pod/uid`. */
function podPath(parts: readonly string[]): Omit<ContainerPath, 'container'> {
  const [namespace, pod, uid, ...more] = parts;
  if (!namespace || !pod || uid === '' || more.length > 0) throw notFound();
  return { namespace, pod, uid };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new PlainError(400, `the path has ${JSON.stringify(part.slice(0, 100))}, which is not percent-encoded`, { cause: error });
  }
}
