import type { Route } from '#core/agent/server/route.ts';
import type { NodeAccess } from './agent-auth.ts';

const verbs: Readonly<Record<string, string>> = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** Folders with a subresource of their own. Those with `proxy` are also open to who may do everything there. */
const folders: Readonly<Record<string, readonly string[]>> = {
  stats: ['stats'], metrics: ['metrics'], logs: ['log'], pods: ['pods', 'proxy'], healthz: ['healthz', 'proxy'],
};

/**
 * What a request needs: one of these is enough. As upstream's node agent asks, but that running programs and reaching ports is `create` by any method:
 * WebSockets begin with GET, and who may read metrics through the proxy shall not get a shell.
 */
export function accessOf(method: string, route: Route): readonly NodeAccess[] {
  const verb = verbs[method] ?? '';
  switch (route.name) {
    case 'exec':
    case 'attach':
    case 'portForward':
      return [{ verb: 'create', subresource: 'proxy' }];
    case 'containerLogs':
      return [{ verb, subresource: 'proxy' }];
    case 'page': {
      const [, folder = ''] = route.path.split('/');
      const subresources = Object.hasOwn(folders, folder) ? folders[folder] ?? [] : ['proxy'];
      return subresources.map((subresource) => ({ verb, subresource }));
    }
  }
}
