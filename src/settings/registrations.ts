/** Declares the settings with what this server is registered as at OpenID providers. */
import { z } from 'zod';

const Value = z.string().trim().min(1).max(300);

const clientId = (provider: string, where: string) =>
  Value.optional().describe(
    `Client id of this server at ${provider}, for connections whose accounts sign in there (\`generate --sign-in\`). Registered ${where}, with the redirect URI \`BASE_URL\`/oauth/upstream/callback.`,
  );

const clientSecret = (provider: string) =>
  Value.optional().meta({ description: `Client secret of this server at ${provider}.`, isSecret: true });

export const REGISTRATION_VARIABLES = {
  GOOGLE_CLIENT_ID: clientId('Google', 'in the Google Cloud console'),
  GOOGLE_CLIENT_SECRET: clientSecret('Google'),
  MICROSOFT_CLIENT_ID: clientId('Microsoft', 'in the Microsoft Entra admin center'),
  MICROSOFT_CLIENT_SECRET: clientSecret('Microsoft'),
  FASTMAIL_CLIENT_ID: clientId('Fastmail', 'with Fastmail'),
  FASTMAIL_CLIENT_SECRET: clientSecret('Fastmail'),
};

type Variables = z.output<z.ZodObject<typeof REGISTRATION_VARIABLES>>;

const PROVIDERS = ['google', 'microsoft', 'fastmail'] as const;

const variablesOf = (provider: (typeof PROVIDERS)[number]) => {
  const name = { google: 'GOOGLE', microsoft: 'MICROSOFT', fastmail: 'FASTMAIL' } as const;
  return { id: `${name[provider]}_CLIENT_ID`, secret: `${name[provider]}_CLIENT_SECRET` } as const;
};

/** @returns the registrations by provider; only those that are set */
export function registrationsOf(env: Variables) {
  const registrations: Partial<Record<(typeof PROVIDERS)[number], { clientId: string; clientSecret?: string }>> = {};
  for (const provider of PROVIDERS) {
    const { id, secret } = variablesOf(provider);
    const [clientId, clientSecret] = [env[id], env[secret]];
    if (clientId !== undefined) registrations[provider] = { clientId, ...(clientSecret && { clientSecret }) };
  }
  return registrations;
}

/** @returns a sentence for each secret without its id */
export const registrationFaults = (given: NodeJS.ProcessEnv): string[] =>
  PROVIDERS.map(variablesOf)
    .filter(({ id, secret }) => given[secret] !== undefined && given[id] === undefined)
    .map(({ id, secret }) => `${secret} requires ${id}`);
