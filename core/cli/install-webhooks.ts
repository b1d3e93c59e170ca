import { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from '#core/api/schema/admissionregistration-v1.ts';
import { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { apiVersionOf, type Draft } from '#core/api/schema/kind.ts';
import type { Client } from '#core/client/client.ts';
import { put } from './install-crds.ts';
import { readManifests } from './read-manifests.ts';

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

/** A configuration, or the path of a YAML or JSON file, or of a folder of them; what else is in the files is passed over. */
export type WebhookSource = string | Draft<Configuration> & Pick<Configuration, 'kind'>;

/** Where the webhooks under test are reached. */
export interface WebhookServer {
  /** `https://127.0.0.1:9443`. The paths stay as the configurations say. */
  readonly url: string;
  /** PEM of the authorities that signed the server's certificate; by default the control plane's own, which signs `servingCertificate`. */
  readonly ca?: string;
}

interface Address {
  url?: string;
  service?: { path?: string };
  caBundle?: string;
}

const kinds = [MutatingWebhookConfiguration, ValidatingWebhookConfiguration] as const;

/**
 * Installs configurations, in place of those of the same name, with every webhook at this server, whatever service they name.
 * The conversion webhooks of all definitions that are installed go there too.
 * @throws {Error} naming the file or the configuration at fault
 */
export async function installWebhooks(client: Client, sources: readonly WebhookSource[], server: Required<WebhookServer>): Promise<void> {
  const configurations = (await Promise.all(sources.map(configurationsOf))).flat();
  for (const { kind, webhooks = [], ...rest } of configurations) {
    const pointed = { ...rest, webhooks: webhooks.map((webhook) => ({ ...webhook, clientConfig: at(server, webhook.clientConfig) })) };
    if (kind === MutatingWebhookConfiguration.kind) await put(client, MutatingWebhookConfiguration, pointed as Draft<MutatingWebhookConfiguration>);
    else await put(client, ValidatingWebhookConfiguration, pointed as Draft<ValidatingWebhookConfiguration>);
  }
  await installConversions(client, server);
}

async function installConversions(client: Client, server: Required<WebhookServer>): Promise<void> {
  const { items } = await client.list(CustomResourceDefinition);
  for (const { metadata: { name }, spec: { conversion } } of items) {
    if (conversion?.strategy !== 'Webhook') continue;
    const clientConfig = { service: null, ...at(server, conversion.webhook?.clientConfig) };
    await client.patch(CustomResourceDefinition, { name }, { type: 'merge', document: { spec: { conversion: { webhook: { clientConfig } } } } });
  }
}

function at({ url, ca }: Required<WebhookServer>, { url: before, service }: Address = {}): Address {
  const path = before === undefined ? service?.path ?? '/' : new URL(before).pathname;
  return { url: url.replace(/\/+$/, '') + (path.startsWith('/') ? path : `/${path}`), caBundle: Buffer.from(ca).toString('base64') };
}

async function configurationsOf(source: WebhookSource): Promise<Exclude<WebhookSource, string>[]> {
  if (typeof source !== 'string') return [source];
  const found = (await readManifests(source)).filter(({ kind }) => kinds.some((known) => known.kind === kind));
  if (found.length === 0) throw new Error(`${source} holds no ${kinds.map(({ kind }) => kind).join(' or ')}`);
  return found.map(({ path, apiVersion, kind, object }) => {
    const served = apiVersionOf(MutatingWebhookConfiguration);
    if (apiVersion !== served) throw new Error(`${path} holds a ${kind} of ${apiVersion}; only ${served} is served`);
    // The server looks into it.
    return object as unknown as Exclude<WebhookSource, string>;
  });
}
